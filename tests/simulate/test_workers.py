"""How many workers follow a load, played for half an hour."""

import itertools
from collections.abc import Sequence

import pytest

from hedgerow.simulate.workers import DOUBLES_AND_HALVES, Moment, follow


def played(*load: tuple[int, float], seed: int = 1) -> list[Moment]:
    return list(follow(load, least=2, most=8, seed=seed))


def changes(moments: Sequence[Moment]) -> list[tuple[int, int]]:
    """When the number changed, and by how much."""
    pairs = itertools.pairwise(moments)
    return [(b.at, b.workers - a.workers) for a, b in pairs if a.workers != b.workers]


class TestALoadThatDoubles:
    @pytest.mark.parametrize("seed", range(10))
    def test_has_more_workers_within_five_seconds(self, seed: int) -> None:
        moments = played((240, 2.0), (60, 4.0), seed=seed)
        before, mean = moments[239].workers, sum(m.demand for m in moments[240:245]) / 5
        has_enough = mean < 0.8 * before  # the noise of the time before has brought them
        assert has_enough or moments[240 + 5].workers > before

    def test_mostly_finds_too_few(self) -> None:
        before = [played((240, 2.0), seed=seed)[-1].workers for seed in range(10)]
        assert sum(workers * 0.75 < 4.0 for workers in before) >= 8

    @pytest.mark.parametrize("seed", range(10))
    def test_is_carried_before_the_minute_is_over(self, seed: int) -> None:
        moments = played((240, 2.4), (60, 4.8), seed=seed)
        assert sum(moment.demand > moment.workers for moment in moments[260:]) <= 2


class TestALoadThatHalves:
    @pytest.mark.parametrize("seed", range(10))
    def test_has_fewer_workers_after_a_calm_minute_and_not_before(self, seed: int) -> None:
        moments = played((240, 4.8), (300, 1.2), seed=seed)
        fewer = [at for at, change in changes(moments) if change < 0]
        assert min(fewer) > 240 + 55
        assert moments[-1].workers <= 4


class TestANoisyHalfHour:
    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("level", [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0])
    def test_of_one_load_flaps_not(self, level: float, seed: int) -> None:
        """Not up and down again: after the number has found its level it stays near it."""
        later = [change for at, change in changes(played((1800, level), seed=seed)) if at > 60]
        assert len(later) <= 6
        assert all(abs(change) <= 2 for change in later)

    def test_that_doubles_and_halves_has_each_change_for_a_reason(self) -> None:
        moments = played(*DOUBLES_AND_HALVES)
        assert len(changes(moments)) <= 14
        assert moments[-1].workers <= 3


def test_the_same_seed_plays_the_same() -> None:
    assert played((100, 2.0), seed=3) == played((100, 2.0), seed=3)
    assert played((100, 2.0), seed=3) != played((100, 2.0), seed=4)
