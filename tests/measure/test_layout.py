import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.measure import BucketLayout
from tests.measure.oracle import layouts, many_examples, theirs

ANY_DIGITS = pytest.mark.parametrize("digits", [1, 2, 3, 4, 5])


class TestBucketOfAValue:
    @many_examples
    @given(layouts, st.data())
    def test_is_the_one_that_hdrhistogram_takes(
        self, layout: BucketLayout, data: st.DataObject
    ) -> None:
        value = data.draw(st.integers(0, layout.highest))
        assert layout.index_of(value) == theirs(layout, []).get_counts_array_index(value)

    @ANY_DIGITS
    def test_is_the_same_for_every_precision(self, digits: int) -> None:
        layout = BucketLayout(highest=10**7, digits=digits)
        oracle = theirs(layout, [])
        values = [*range(0, 10**7, 99_991), 10**7]
        assert [layout.index_of(v) for v in values] == [
            oracle.get_counts_array_index(v) for v in values
        ]

    @many_examples
    @given(layouts, st.data())
    def test_holds_the_value(self, layout: BucketLayout, data: st.DataObject) -> None:
        value = data.draw(st.integers(0, layout.highest))
        index = layout.index_of(value)
        assert layout.low(index) <= value <= layout.high(index)

    def test_does_not_exist_beyond_the_range(self) -> None:
        layout = BucketLayout(highest=1000, digits=1)
        with pytest.raises(IndexError):
            layout.index_of(1024)


class TestBuckets:
    @ANY_DIGITS
    def test_are_as_many_as_hdrhistogram_has(self, digits: int) -> None:
        layout = BucketLayout(highest=10**7, digits=digits)
        assert layout.bucket_count == theirs(layout, []).counts_len

    @many_examples
    @given(layouts)
    def test_follow_each_other_without_gap_or_overlap(self, layout: BucketLayout) -> None:
        indices = range(min(layout.bucket_count, 500))
        assert layout.low(0) == 0
        assert all(layout.high(i) + 1 == layout.low(i + 1) for i in indices)

    @many_examples
    @given(layouts)
    def test_reach_at_least_to_the_highest_value(self, layout: BucketLayout) -> None:
        last = layout.bucket_count - 1
        assert layout.high(last) >= layout.highest
        assert layout.index_of(layout.high(last)) == last

    @many_examples
    @given(layouts, st.data())
    def test_are_as_narrow_as_the_digits_promise(
        self, layout: BucketLayout, data: st.DataObject
    ) -> None:
        index = data.draw(st.integers(0, layout.bucket_count - 1))
        finest = 1 << layout.unit_bits
        assert layout.width(index) <= max(finest, layout.low(index) / 10**layout.digits)

    @many_examples
    @given(layouts)
    def test_are_covered_by_the_octaves_once_each(self, layout: BucketLayout) -> None:
        covered = [
            (index, middle)
            for where, middles in layout.octaves()
            for index, middle in zip(range(where.start, where.stop), middles, strict=True)
        ]
        assert covered == [(i, layout.middle(i)) for i in range(layout.bucket_count)]


class TestWidestRange:
    def test_is_that_of_signed_64_bit_integers(self) -> None:
        layout = BucketLayout(highest=2**63 - 1, digits=1)
        assert layout.high(layout.index_of(2**63 - 1)) == 2**63 - 1


class TestMistake:
    @pytest.mark.parametrize("digits", [0, 6])
    def test_in_the_digits_is_named(self, digits: int) -> None:
        with pytest.raises(ConfigError, match=f"digits = {digits}: must be 1 to 5"):
            BucketLayout(digits=digits)

    def test_in_the_lowest_value_is_named(self) -> None:
        with pytest.raises(ConfigError, match="lowest = 0: must be 1 to"):
            BucketLayout(lowest=0)

    def test_of_a_range_without_room_is_named(self) -> None:
        with pytest.raises(ConfigError, match="highest = 199: must be 200 to"):
            BucketLayout(lowest=100, highest=199)

    def test_of_a_range_beyond_64_bits_is_named(self) -> None:
        with pytest.raises(ConfigError, match="highest"):
            BucketLayout(highest=2**63)

    def test_of_digits_that_the_lowest_value_leaves_no_room_for_is_named(self) -> None:
        with pytest.raises(ConfigError, match="fewer than 5 digits"):
            BucketLayout(lowest=2**60, highest=2**62, digits=5)
