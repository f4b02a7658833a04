import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hedgerow.measure import Bucket, BucketLayout, Histogram
from tests.measure.oracle import (
    counts_of,
    layouts,
    many_examples,
    ours,
    recordings,
    theirs,
    values_for,
)

SMALL = BucketLayout(highest=1000, digits=1)  # reaches to 1023
END = 1023
USUAL_QUANTILES = (0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0)

Recording = tuple[BucketLayout, list[int]]


def one_to_a_hundred() -> Histogram:
    return ours(BucketLayout(), list(range(1, 101)))


class TestCounts:
    @many_examples
    @given(recordings())
    def test_are_those_of_hdrhistogram(self, recording: Recording) -> None:
        assert dict(ours(*recording).indexed_counts()) == counts_of(theirs(*recording))

    @many_examples
    @given(recordings())
    def test_are_as_many_as_the_values(self, recording: Recording) -> None:
        assert ours(*recording).count == len(recording[1])

    @many_examples
    @given(recordings(), st.integers(0, 2**40))
    def test_of_many_at_once_are_those_of_one_by_one(
        self, recording: Recording, times: int
    ) -> None:
        layout, values = recording
        histogram, oracle = Histogram(layout), theirs(layout, [])
        for value in values:
            histogram.record_many(value, times)
            oracle.record_value(value, times)
        assert dict(histogram.indexed_counts()) == counts_of(oracle)

    def test_of_many_at_once_cannot_be_negative(self) -> None:
        with pytest.raises(ValueError, match="count = -1: must be 0 or more"):
            Histogram().record_many(5, -1)

    @many_examples
    @given(recordings())
    def test_rebuild_the_histogram(self, recording: Recording) -> None:
        histogram = ours(*recording)
        rebuilt = Histogram.from_indexed_counts(histogram.layout, histogram.indexed_counts())
        assert rebuilt == histogram


class TestQuantile:
    @many_examples
    @given(recordings(), st.integers(0, 1024))
    def test_is_that_of_hdrhistogram(self, recording: Recording, share: int) -> None:
        quantile = share / 1024  # exact in binary, so both round the same rank
        theirs_says = theirs(*recording).get_value_at_percentile(quantile * 100)
        assert ours(*recording).quantile(quantile) == theirs_says

    @many_examples
    @given(recordings(), st.floats(0, 1))
    def test_is_that_of_hdrhistogram_for_any_share(
        self, recording: Recording, quantile: float
    ) -> None:
        rank = quantile * len(recording[1])
        assume(abs(rank % 1 - 0.5) > 1e-9)  # there a float decides, and theirs are percent
        theirs_says = theirs(*recording).get_value_at_percentile(quantile * 100)
        assume(quantile == 0 or quantile * 100 > 0)
        assert ours(*recording).quantile(quantile) == theirs_says

    @pytest.mark.parametrize("digits", [1, 2, 3, 4, 5])
    def test_is_that_of_hdrhistogram_at_every_precision(self, digits: int) -> None:
        recording = BucketLayout(highest=10**5, digits=digits), [10 * v**2 for v in range(1, 101)]
        percentiles = [quantile * 100 for quantile in USUAL_QUANTILES]
        theirs_says = theirs(*recording).get_percentile_to_value_dict(percentiles)
        assert ours(*recording).quantiles(USUAL_QUANTILES) == list(theirs_says.values())

    @many_examples
    @given(recordings())
    def test_asked_with_others_is_that_asked_alone(self, recording: Recording) -> None:
        histogram = ours(*recording)
        assert histogram.quantiles(USUAL_QUANTILES) == [
            histogram.quantile(quantile) for quantile in USUAL_QUANTILES
        ]

    @pytest.mark.parametrize(("quantile", "value"), [(0.5, 50), (0.99, 99), (0.999, 100), (1, 100)])
    def test_of_one_to_a_hundred(self, quantile: float, value: int) -> None:
        assert one_to_a_hundred().quantile(quantile) == value

    def test_rounds_half_a_rank_up(self) -> None:
        assert ours(SMALL, [10, 20, 30]).quantile(0.5) == 20

    def test_is_the_highest_value_of_its_bucket(self) -> None:
        assert ours(SMALL, [1000]).quantile(0.5) == END

    def test_of_nothing_is_zero(self) -> None:
        assert Histogram().quantile(0.99) == 0

    @pytest.mark.parametrize("quantile", [-0.1, 1.1, 99, math.nan])
    def test_outside_zero_to_one_is_refused(self, quantile: float) -> None:
        with pytest.raises(ValueError, match="must be 0 to 1"):
            one_to_a_hundred().quantile(quantile)

    def test_keeps_its_meaning_beyond_what_a_float_counts(self) -> None:
        histogram = Histogram()
        histogram.record_many(7, 2**60 + 1)
        assert histogram.quantile(1.0) == 7


class TestExtremes:
    @many_examples
    @given(recordings())
    def test_are_those_of_hdrhistogram(self, recording: Recording) -> None:
        layout, values = recording
        assume(max(values) >> layout.unit_bits)  # theirs tells 0 from the rest of its bucket
        histogram, oracle = ours(*recording), theirs(*recording)
        assert (histogram.min, histogram.max) == (oracle.get_min_value(), oracle.get_max_value())

    def test_of_nothing_are_zero(self) -> None:
        assert (Histogram().min, Histogram().max) == (0, 0)


class TestMeanAndSpread:
    @many_examples
    @given(recordings())
    def test_are_those_of_hdrhistogram(self, recording: Recording) -> None:
        histogram, oracle = ours(*recording), theirs(*recording)
        assert histogram.mean == pytest.approx(oracle.get_mean_value())
        assert histogram.stddev == pytest.approx(oracle.get_stddev(), rel=1e-6, abs=1e-6)

    def test_of_a_sample_worked_out_by_hand(self) -> None:
        histogram = ours(BucketLayout(), [2, 4, 4, 4, 5, 5, 7, 9])
        assert (histogram.mean, histogram.stddev) == (5.0, 2.0)

    def test_of_equal_values_is_no_spread(self) -> None:
        assert ours(BucketLayout(), [1500] * 7).stddev == 0.0

    def test_of_nothing_are_zero(self) -> None:
        assert (Histogram().mean, Histogram().stddev) == (0.0, 0.0)


class TestValueOutsideTheRange:
    def test_above_counts_at_the_end(self) -> None:
        histogram = ours(SMALL, [END + 1, 2**70])
        assert (histogram.count, histogram.max) == (2, END)
        assert (histogram.too_high, histogram.clamped) == (2, 2)

    def test_below_counts_as_zero(self) -> None:
        histogram = ours(SMALL, [-1, -5000])
        assert (histogram.count, histogram.max) == (2, 0)
        assert (histogram.too_low, histogram.clamped) == (2, 2)

    @pytest.mark.parametrize("value", [-1, -(2**70), END + 1, 2**70])
    def test_counts_the_same_many_at_once(self, value: int) -> None:
        one_by_one, at_once = ours(SMALL, [value] * 3), Histogram(SMALL)
        at_once.record_many(value, 3)
        assert at_once == one_by_one
        assert (at_once.too_low, at_once.too_high) == (one_by_one.too_low, one_by_one.too_high)

    def test_is_not_what_fits_into_the_last_bucket(self) -> None:
        assert ours(SMALL, [0, END]).clamped == 0

    @many_examples
    @given(layouts, st.lists(st.integers(-(2**40), 2**40)))
    def test_is_never_lost(self, layout: BucketLayout, values: list[int]) -> None:
        end = layout.high(layout.bucket_count - 1)
        histogram = ours(layout, values)
        assert histogram.count == len(values)
        assert histogram.clamped == sum(not 0 <= value <= end for value in values)


class TestMerge:
    @many_examples
    @given(recordings(), st.data())
    def test_is_the_histogram_of_all_values(
        self, recording: Recording, data: st.DataObject
    ) -> None:
        layout, values = recording
        others = data.draw(values_for(layout))
        merged = ours(layout, values)
        merged.merge(ours(layout, others))
        assert merged == ours(layout, values + others)

    @many_examples
    @given(recordings(), recordings())
    def test_with_another_layout_is_that_of_hdrhistogram(
        self, recording: Recording, other: Recording
    ) -> None:
        layout = BucketLayout(recording[0].lowest, 10**10, recording[0].digits)  # fits both
        merged, oracle = ours(layout, recording[1]), theirs(layout, recording[1])
        merged.merge(ours(*other))
        oracle.add(theirs(*other))
        assert dict(merged.indexed_counts()) == counts_of(oracle)

    def test_leaves_the_other_as_it_was(self) -> None:
        other = ours(SMALL, [1, 2])
        ours(SMALL, [3]).merge(other)
        assert other == ours(SMALL, [1, 2])

    def test_adds_what_was_clamped(self) -> None:
        merged = ours(SMALL, [-1, 2**20])
        merged.merge(ours(SMALL, [-1, 2**20]))
        assert (merged.too_low, merged.too_high) == (2, 2)

    def test_of_a_wider_range_clamps_what_does_not_fit(self) -> None:
        merged = Histogram(SMALL)
        merged.merge(ours(BucketLayout(highest=10**6), [500, 5000, 2**40]))
        assert (merged.count, merged.too_high) == (3, 2)

    def test_of_a_shorter_range_keeps_what_that_one_clamped(self) -> None:
        merged = Histogram()
        merged.merge(ours(SMALL, [500, 5000]))
        assert (merged.count, merged.too_high) == (2, 1)


class TestSubtract:
    @many_examples
    @given(recordings(), st.data())
    def test_undoes_a_merge(self, recording: Recording, data: st.DataObject) -> None:
        layout, values = recording
        other = ours(layout, data.draw(values_for(layout)))
        histogram = ours(layout, values)
        histogram.merge(other)
        histogram.subtract(other)
        assert histogram == ours(layout, values)

    def test_takes_away_what_was_clamped(self) -> None:
        histogram = ours(SMALL, [-1, 2**20])
        histogram.subtract(histogram.copy())
        assert histogram.clamped == 0

    def test_of_what_was_never_there_is_refused_and_changes_nothing(self) -> None:
        histogram = ours(SMALL, [1, 5])
        with pytest.raises(ValueError, match="count at 5 = 2: must be at most 1"):
            histogram.subtract(ours(SMALL, [1, 5, 5]))
        assert histogram == ours(SMALL, [1, 5])

    def test_of_another_layout_is_refused(self) -> None:
        with pytest.raises(ValueError, match="digits=2"):
            Histogram(SMALL).subtract(Histogram(BucketLayout(digits=2)))


class TestCopy:
    def test_is_equal(self) -> None:
        original = ours(SMALL, [-1, 3, 2**20])
        twin = original.copy()
        assert twin == original
        assert (twin.too_low, twin.too_high) == (1, 1)

    def test_is_independent(self) -> None:
        original = ours(SMALL, [3])
        original.copy().record(4)
        assert original == ours(SMALL, [3])


class TestReset:
    def test_forgets_everything(self) -> None:
        histogram = ours(SMALL, [-1, 3, 2**20])
        histogram.reset()
        assert (histogram, histogram.clamped) == (Histogram(SMALL), 0)

    def test_leaves_it_ready_for_use(self) -> None:
        histogram = ours(SMALL, [3])
        histogram.reset()
        histogram.record(4)
        assert histogram == ours(SMALL, [4])


class TestSpectrum:
    def test_lists_the_buckets_in_use_lowest_first(self) -> None:
        assert list(ours(SMALL, [700, 3, 3]).buckets()) == [
            Bucket(low=3, high=3, count=2),
            Bucket(low=672, high=703, count=1),
        ]

    def test_of_nothing_is_empty(self) -> None:
        assert list(Histogram().buckets()) == []


class TestSummary:
    def test_says_what_the_histogram_says(self) -> None:
        summary = one_to_a_hundred().summary()
        assert (summary.count, summary.min, summary.max, summary.mean) == (100, 1, 100, 50.5)
        assert (summary.p50, summary.p90, summary.p95) == (50, 90, 95)
        assert (summary.p99, summary.p999) == (99, 100)
        assert summary.stddev == pytest.approx(math.sqrt((100**2 - 1) / 12))

    def test_tells_how_many_values_were_clamped(self) -> None:
        assert ours(SMALL, [5, 2**20]).summary().clamped == 1

    def test_of_nothing_is_all_zero(self) -> None:
        assert Histogram().summary().count == Histogram().summary().p999 == 0


class TestEquality:
    def test_needs_the_same_layout(self) -> None:
        assert Histogram(SMALL) != Histogram()

    def test_with_something_else_is_false(self) -> None:
        assert Histogram(SMALL) != "a histogram"


class TestText:
    def test_shows_range_and_count(self) -> None:
        assert repr(ours(SMALL, [5])) == "<Histogram 1..1000, 1 digits: 1 values>"


class TestManyAtOnce:
    @given(st.dictionaries(st.integers(-5, 1 << 33), st.integers(0, 1000), max_size=30))
    def test_are_counted_as_one_by_one(self, counts: dict[int, int]) -> None:
        at_once, one_by_one = Histogram(), Histogram()
        at_once.record_counts(counts)
        for value, count in counts.items():
            one_by_one.record_many(value, count)
        assert at_once == one_by_one
        assert (at_once.too_low, at_once.too_high) == (one_by_one.too_low, one_by_one.too_high)

    @given(st.lists(st.integers(-5, 1 << 33), max_size=30))
    def test_in_any_order_too(self, values: list[int]) -> None:
        at_once, one_by_one = Histogram(), Histogram()
        at_once.record_all(values)
        for value in values:
            one_by_one.record(value)
        assert at_once == one_by_one
