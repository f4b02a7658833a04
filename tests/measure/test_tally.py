import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.measure import Tally
from tests.measure.oracle import many_examples

START = 1_000_000.0

samples = st.lists(
    st.tuples(st.integers(0, 10**7), st.integers(0, 1000), st.booleans()), max_size=20
)


def tally_of(*milliseconds: int) -> Tally:
    """All from START, each as long as it says."""
    tally = Tally()
    for ms in milliseconds:
        tally.add(ms, start=START, end=START + ms / 1000)
    return tally


def of_samples(drawn: list[tuple[int, int, bool]]) -> Tally:
    tally = Tally()
    for ms, offset, failed in drawn:
        tally.add(ms, start=START + offset, end=START + offset + 1, failed=failed)
    return tally


class TestSums:
    def test_are_exact(self) -> None:
        tally = tally_of(1, 2, 10)
        assert (tally.count, tally.total, tally.squares) == (3, 13, 105)

    def test_keep_the_extremes(self) -> None:
        tally = tally_of(5, 2, 10)
        assert (tally.minimum, tally.maximum) == (2, 10)

    def test_do_not_take_the_initial_0_for_a_minimum(self) -> None:
        assert tally_of(5).minimum == 5

    def test_count_failures(self) -> None:
        tally = tally_of(1)
        tally.add(2, start=START, end=START, failed=True)
        assert (tally.count, tally.errors) == (2, 1)

    def test_are_not_rounded_where_floats_would(self) -> None:
        assert tally_of(2**30 + 1, 1).squares == (2**30 + 1) ** 2 + 1


class TestSpan:
    def test_reaches_from_the_first_start_to_the_last_end(self) -> None:
        tally = Tally()
        tally.add(1, start=START + 5, end=START + 6)
        tally.add(1, start=START + 2, end=START + 3)
        assert (tally.first_start, tally.last_end, tally.span) == (START + 2, START + 6, 4.0)

    def test_of_nothing_is_0(self) -> None:
        assert Tally().span == 0.0

    def test_is_never_negative(self) -> None:
        tally = Tally()
        tally.add(0, start=START, end=START - 1)
        assert tally.span == 0.0


class TestManyAtOnce:
    def test_are_the_same_as_one_by_one(self) -> None:
        tally = Tally()
        tally.add_counted({3: 1, 1: 1, 2: 1}, first_start=START, last_end=START + 0.003)
        assert tally == tally_of(3, 1, 2)

    def test_count_as_often_as_they_came(self) -> None:
        tally = Tally()
        tally.add_counted({3: 2, 1: 1}, first_start=START, last_end=START)
        assert (tally.count, tally.total, tally.squares) == (3, 7, 19)
        assert (tally.minimum, tally.maximum) == (1, 3)

    def test_may_be_none_and_then_change_nothing(self) -> None:
        tally = tally_of(1)
        tally.add_counted({}, first_start=0.0, last_end=START * 2)
        assert tally == tally_of(1)


class TestMerging:
    @many_examples
    @given(samples, samples)
    def test_gives_what_one_tally_would_have_counted(
        self, one: list[tuple[int, int, bool]], other: list[tuple[int, int, bool]]
    ) -> None:
        merged = of_samples(one)
        merged.merge(of_samples(other))
        assert merged == of_samples(one + other)

    def test_leaves_the_other_alone(self) -> None:
        other = tally_of(7)
        tally_of(1).merge(other)
        assert other == tally_of(7)

    def test_with_an_empty_one_keeps_the_minimum(self) -> None:
        tally = tally_of(7)
        tally.merge(Tally())
        assert tally == tally_of(7)


class TestList:
    @many_examples
    @given(samples)
    def test_comes_back_from_another_process(self, drawn: list[tuple[int, int, bool]]) -> None:
        tally = of_samples(drawn)
        sent = msgspec.msgpack.decode(msgspec.msgpack.encode(tally.as_list()))
        assert Tally.from_list(sent) == tally

    def test_of_another_length_is_refused(self) -> None:
        with pytest.raises(ValueError):
            Tally.from_list([1, 2, 3])


class TestTally:
    def test_differs_from_one_with_another_failure(self) -> None:
        tally = tally_of(1)
        tally.errors += 1
        assert tally != tally_of(1)

    def test_is_no_key_because_it_changes(self) -> None:
        with pytest.raises(TypeError, match="no hash"):
            hash(Tally())
