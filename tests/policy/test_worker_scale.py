"""More workers while they are busy, fewer when it has been calm, and no flapping."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.policy.worker_scale import ScaleRule, WorkerLoad, WorkerScaler


def told(scaler: WorkerScaler, shares: Iterable[float], begin: int = 0, lag: float = 0.0) -> int:
    """Say once a second that all wanted workers are so busy; return the last decision."""
    for second, share in enumerate(shares, begin):
        scaler.decide(float(second), [WorkerLoad(share, lag)] * scaler.wanted)
    return scaler.wanted


class TestBusyWorkers:
    def test_get_help_within_five_seconds(self) -> None:
        assert told(WorkerScaler(2, 8), [0.9] * 5) > 2

    def test_get_as_much_as_their_work_needs(self) -> None:
        assert told(WorkerScaler(2, 8), [0.9, 0.9]) == 3  # 1.8 of work, and 0.6 is aimed at

    def test_are_at_most_doubled_at_once(self) -> None:
        rule = ScaleRule(shrink_below=0.1, aim=0.2, grow_above=0.75)
        assert told(WorkerScaler(1, 8, rule), [1.0, 1.0]) == 2

    def test_get_no_help_for_one_busy_second(self) -> None:
        assert told(WorkerScaler(2, 8), [0.1, 0.1, 1.0, 0.1, 0.1]) == 2

    def test_get_no_help_above_the_most(self) -> None:
        assert told(WorkerScaler(2, 3), [1.0] * 60) == 3

    def test_wait_for_the_help_that_is_on_its_way(self) -> None:
        scaler = WorkerScaler(2, 8)
        told(scaler, [1.0, 1.0])
        for second in range(2, 10):
            scaler.decide(float(second), [WorkerLoad(1.0)] * 2)  # the new ones have yet to come
        assert scaler.wanted == 4


class TestLateWorkers:
    def test_get_one_more(self) -> None:
        assert told(WorkerScaler(2, 8), [0.6, 0.6, 0.6], lag=0.1) == 3

    def test_get_none_where_they_are_idle(self) -> None:
        assert told(WorkerScaler(2, 8), [0.1] * 10, lag=0.1) == 2


class TestCalmWorkers:
    def test_go_one_by_one(self) -> None:
        scaler = WorkerScaler(2, 8)
        scaler.set(0.0, 5)
        assert told(scaler, [0.05] * 60) == 5
        assert told(scaler, [0.05] * 5, begin=60) == 4
        assert told(scaler, [0.05] * 60, begin=65) == 2

    def test_stay_where_one_moment_of_the_minute_was_busy(self) -> None:
        scaler = WorkerScaler(2, 8)
        scaler.set(0.0, 4)
        told(scaler, [0.05] * 50)
        told(scaler, [0.6] * 5, begin=50)
        assert told(scaler, [0.05] * 55, begin=55) == 4

    def test_never_get_fewer_than_the_least(self) -> None:
        assert told(WorkerScaler(2, 8), [0.0] * 500) == 2


class TestByHand:
    def test_the_number_is_what_is_asked_for(self) -> None:
        assert WorkerScaler(2, 8).set(0.0, 5) == 5

    @pytest.mark.parametrize(("asked", "got"), [(1, 2), (9, 8)])
    def test_the_number_stays_within_its_bounds(self, asked: int, got: int) -> None:
        assert WorkerScaler(2, 8).set(0.0, asked) == got


class TestMistakes:
    @pytest.mark.parametrize(("least", "most"), [(0, 4), (3, 2)])
    def test_are_bounds_that_fall(self, least: int, most: int) -> None:
        with pytest.raises(ConfigError, match="not falling"):
            WorkerScaler(least, most)

    def test_are_thresholds_that_would_flap(self) -> None:
        with pytest.raises(ConfigError, match="shrink_below < aim < grow_above"):
            ScaleRule(shrink_below=0.7)


@given(st.lists(st.floats(0, 1), max_size=300))
def test_the_number_is_always_within_its_bounds(shares: list[float]) -> None:
    scaler = WorkerScaler(2, 5)
    for second, share in enumerate(shares):
        assert 2 <= scaler.decide(float(second), [WorkerLoad(share)] * scaler.wanted) <= 5
