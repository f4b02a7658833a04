import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.workload import Arrivals, Spacing


def due(plan: Arrivals, seed: int = 7) -> list[float]:
    return list(plan.due_times(random.Random(seed)))


def poisson(rate: float, **limits: float) -> Arrivals:
    count = limits.pop("count", None)
    whole = None if count is None else int(count)
    return Arrivals(rate, Spacing.POISSON, count=whole, **limits)


class TestEvenArrivals:
    def test_begin_at_once_and_keep_their_distance(self) -> None:
        assert due(Arrivals(4.0, duration=1.0)) == [0.0, 0.25, 0.5, 0.75]

    @pytest.mark.unhurried(reason="many examples")
    @given(st.integers(1, 300), st.integers(1, 20))
    def test_are_exactly_as_many_as_rate_times_duration(self, rate: int, seconds: int) -> None:
        assert len(due(Arrivals(rate, duration=seconds))) == rate * seconds

    @pytest.mark.parametrize("tenths", range(1, 30))
    def test_are_not_one_too_many_through_rounding(self, tenths: int) -> None:
        assert len(due(Arrivals(10.0, duration=tenths / 10))) == tenths

    def test_that_do_not_fill_the_duration_stay_inside_it(self) -> None:
        assert due(Arrivals(3.0, duration=0.5)) == pytest.approx([0.0, 1 / 3])

    def test_end_with_their_count(self) -> None:
        assert due(Arrivals(10.0, count=3)) == pytest.approx([0.0, 0.1, 0.2])

    def test_end_with_what_comes_first_of_count_and_duration(self) -> None:
        assert len(due(Arrivals(10.0, duration=1.0, count=3))) == 3
        assert len(due(Arrivals(10.0, duration=0.2, count=3))) == 2

    def test_do_not_drift_in_a_long_run(self) -> None:
        late = itertools.islice(Arrivals(3.0).due_times(random.Random(7)), 300_000, None)
        assert next(late) == 100_000.0


class TestPoissonArrivals:
    def test_are_as_many_as_the_rate_says_on_average(self) -> None:
        # Four standard deviations of a Poisson count of 10 000 are 400.
        assert len(due(poisson(100.0, duration=100.0))) == pytest.approx(10_000, abs=400)

    def test_have_exponential_gaps(self) -> None:
        times = due(poisson(1.0, count=5000))
        gaps = sorted(later - earlier for earlier, later in itertools.pairwise([0.0, *times]))
        shares = [(index / 5000, 1 - math.exp(-gap)) for index, gap in enumerate(gaps)]
        # Kolmogorov and Smirnov: a right law stays below this in 999 of 1000 samples.
        assert max(abs(seen - said) for seen, said in shares) < 1.95 / math.sqrt(5000)

    def test_end_before_their_duration(self) -> None:
        times = due(poisson(50.0, duration=2.0))
        assert times == sorted(times)
        assert 0 < times[0] < times[-1] < 2.0

    def test_end_with_their_count(self) -> None:
        assert len(due(poisson(50.0, count=7))) == 7

    def test_are_the_same_for_the_same_seed(self) -> None:
        plan = poisson(50.0, duration=1.0)
        assert due(plan, seed=1) == due(plan, seed=1) != due(plan, seed=2)


class TestEndlessPlan:
    @pytest.mark.parametrize("spacing", Spacing)
    def test_is_made_as_it_is_used(self, spacing: Spacing) -> None:
        times = Arrivals(5.0, spacing).due_times(random.Random(7))
        assert len(list(itertools.islice(times, 1000))) == 1000


class TestMistake:
    @pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
    def test_in_the_rate_is_named(self, rate: float) -> None:
        with pytest.raises(ConfigError, match=r"rate = .*: must be above 0"):
            Arrivals(rate)

    @pytest.mark.parametrize("duration", [0.0, -1.0, math.nan])
    def test_in_the_duration_is_named(self, duration: float) -> None:
        with pytest.raises(ConfigError, match=r"duration = .*: must be above 0"):
            Arrivals(1.0, duration=duration)

    def test_in_the_count_is_named(self) -> None:
        with pytest.raises(ConfigError, match=r"count = 0: must be at least 1"):
            Arrivals(1.0, count=0)
