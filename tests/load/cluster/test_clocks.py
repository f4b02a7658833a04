import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.cluster.clocks import Offset, Question, offset_of, spread_of

MS = 1_000_000


def question(ahead: int, there: int, back: int, asked_at: int = 1_000 * MS) -> Question:
    """Ask a clock that is so far ahead of ours, over a way that takes so long."""
    return Question(asked_at, asked_at + there + ahead, asked_at + there + back)


class TestOffset:
    def test_is_exact_where_both_ways_take_the_same(self) -> None:
        found = offset_of([question(250 * MS, 4 * MS, 4 * MS)])
        assert (found.ahead, found.error) == (250 * MS, 4 * MS)

    def test_is_that_of_the_quickest_answer(self) -> None:
        slow, quick = question(-7 * MS, 90 * MS, 2 * MS), question(-7 * MS, MS, MS)
        assert offset_of([slow, quick, slow]) == Offset(-7 * MS, MS, 2 * MS)

    @given(
        st.integers(-(10**12), 10**12),
        st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=5),
    )
    def test_is_never_wrong_by_more_than_its_error(
        self, ahead: int, ways: list[tuple[int, int]]
    ) -> None:
        found = offset_of([question(ahead, there, back) for there, back in ways])
        assert abs(found.ahead - ahead) <= found.error + 1


class TestSpread:
    def test_is_the_errors_of_the_two_worst_together(self) -> None:
        errors = [Offset(0, MS), Offset(5, 4 * MS), Offset(9, 2 * MS)]
        assert spread_of(errors) == pytest.approx(0.006)

    def test_is_nothing_for_one_alone(self) -> None:
        assert spread_of([Offset(0, MS)]) == 0
