import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.workload import Arrivals, Spacing
from tests.workload.statistics import exponential, kolmogorov_smirnov_p

SEEDS = (1, 2, 3, 4, 5)
#: A ramp, a jump, a pause, and a way down.
STAGES = ((5.0, 300.0), (0.0, 50.0), (2.0, 50.0), (0.0, 0.0), (1.0, 0.0), (4.0, 200.0), (3.0, 10.0))


def due(plan: Arrivals, seed: int = 7) -> list[float]:
    return list(plan.due_times(random.Random(seed)))


def poisson(rate: float, *, duration: float = math.inf, count: int | None = None) -> Arrivals:
    return Arrivals(rate, Spacing.POISSON, duration=duration, count=count)


class TestEvenArrivals:
    def test_begin_at_once_and_keep_their_distance(self) -> None:
        assert due(Arrivals(4.0, duration=1.0)) == [0.0, 0.25, 0.5, 0.75]

    @pytest.mark.unhurried(reason="many examples")
    @given(st.integers(1, 300), st.integers(1, 20))
    def test_are_exactly_as_many_as_rate_times_duration(self, rate: int, seconds: int) -> None:
        assert len(due(Arrivals(rate, duration=seconds))) == rate * seconds

    @pytest.mark.parametrize("tenths", range(1, 30))
    def test_are_not_one_too_many_through_rounding(self, tenths: int) -> None:
        assert len(due(Arrivals(100.0, duration=tenths / 10))) == 10 * tenths

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

    @pytest.mark.parametrize("seed", SEEDS)
    def test_have_exponential_gaps(self, seed: int) -> None:
        times = due(poisson(200.0, count=5000), seed)
        gaps = [200 * (later - earlier) for earlier, later in itertools.pairwise([0.0, *times])]
        assert kolmogorov_smirnov_p(gaps, exponential) > 0.01

    @pytest.mark.parametrize("seed", SEEDS)
    def test_of_a_share_have_no_memory_of_the_others(self, seed: int) -> None:
        # Every second one of a Poisson process: gaps are sums of two, Erlang's law.
        half = poisson(1.0, count=5000).numbered(random.Random(seed), 0, 2)
        gaps = [later - earlier for (_, earlier), (_, later) in itertools.pairwise(half)]
        assert kolmogorov_smirnov_p(gaps, lambda gap: 1 - math.exp(-gap) * (1 + gap)) > 0.01

    def test_end_before_their_duration(self) -> None:
        times = due(poisson(50.0, duration=2.0))
        assert times == sorted(times)
        assert 0 < times[0] < times[-1] < 2.0

    def test_end_with_their_count(self) -> None:
        assert len(due(poisson(50.0, count=7))) == 7

    def test_are_the_same_for_the_same_seed(self) -> None:
        plan = poisson(50.0, duration=1.0)
        assert due(plan, seed=1) == due(plan, seed=1) != due(plan, seed=2)


class TestChangingRate:
    def test_keeps_even_arrivals_at_equal_distances_in_the_plan(self) -> None:
        # From nothing to 100 a second in 10 s the n-th is due when 5 * t**2 = n.
        times = due(Arrivals(0.0, stages=((10.0, 100.0),), duration=10.0))
        assert len(times) == 500
        assert times == pytest.approx([math.sqrt(number / 5) for number in range(500)])

    @pytest.mark.parametrize("seed", SEEDS)
    def test_crowds_poisson_arrivals_as_it_says(self, seed: int) -> None:
        ramp = Arrivals(0.0, Spacing.POISSON, stages=((10.0, 1000.0),), duration=10.0)
        times = due(ramp, seed)
        assert len(times) == pytest.approx(5000, abs=4 * math.sqrt(5000))
        assert kolmogorov_smirnov_p(times, lambda time: (time / 10) ** 2) > 0.01

    @pytest.mark.parametrize("seed", SEEDS)
    def test_keeps_poisson_gaps_exponential_in_the_plan(self, seed: int) -> None:
        ramp = Arrivals(0.0, Spacing.POISSON, stages=((10.0, 1000.0),), duration=10.0)
        places = [50 * time**2 for time in due(ramp, seed)]
        gaps = [later - earlier for earlier, later in itertools.pairwise([0.0, *places])]
        assert kolmogorov_smirnov_p(gaps, exponential) > 0.01

    @pytest.mark.parametrize("spacing", Spacing)
    def test_to_nothing_ends_the_plan(self, spacing: Spacing) -> None:
        times = due(Arrivals(100.0, spacing, stages=((10.0, 0.0),)))
        assert len(times) == pytest.approx(500, abs=0 if spacing is Spacing.EVEN else 90)
        assert max(times) < 10

    def test_that_does_not_change_is_a_constant_one(self) -> None:
        staged = Arrivals(30.0, stages=((2.0, 30.0), (3.0, 30.0)), duration=10.0)
        assert due(staged) == pytest.approx(due(Arrivals(30.0, duration=10.0)))


class TestShares:
    @pytest.mark.parametrize("spacing", Spacing)
    @pytest.mark.parametrize("stages", [(), STAGES], ids=["constant", "stages"])
    @pytest.mark.parametrize("shares", [1, 2, 3, 7])
    def test_together_are_the_plan(
        self, spacing: Spacing, stages: tuple[tuple[float, float], ...], shares: int
    ) -> None:
        plan = Arrivals(100.0, spacing, duration=18.0, stages=stages)
        dealt = [
            (number, when)
            for index in range(shares)
            for number, when in plan.numbered(random.Random(7), index, shares)
        ]
        assert sorted(dealt) == list(enumerate(due(plan)))

    @pytest.mark.parametrize("spacing", Spacing)
    def test_hold_every_other_number(self, spacing: Spacing) -> None:
        plan = Arrivals(10.0, spacing, count=8)
        numbers = [number for number, _ in plan.numbered(random.Random(7), 1, 3)]
        assert numbers == [1, 4, 7]

    @pytest.mark.parametrize("spacing", Spacing)
    def test_of_an_endless_plan_have_no_end(self, spacing: Spacing) -> None:
        share = Arrivals(10.0, spacing).numbered(random.Random(7), 1, 3)
        assert [number for number, _ in itertools.islice(share, 3)] == [1, 4, 7]

    @pytest.mark.parametrize("spacing", Spacing)
    def test_of_a_plan_with_fewer_arrivals_are_empty(self, spacing: Spacing) -> None:
        plan = Arrivals(10.0, spacing, count=2)
        assert list(plan.numbered(random.Random(7), 2, 3)) == []


class TestExpectedNumber:
    @pytest.mark.parametrize(
        ("until", "number"), [(0.0, 0), (0.1, 1), (0.31, 4), (2.0, 20), (99.0, 30)]
    )
    def test_of_even_arrivals_is_the_number_that_is_due(self, until: float, number: int) -> None:
        plan = Arrivals(10.0, duration=3.0)
        assert plan.expected(until) == number == len([t for t in due(plan) if t < until])

    @pytest.mark.unhurried(reason="many examples")
    @given(st.floats(0.5, 500.0), st.floats(0.5, 500.0), st.floats(0.5, 20.0))
    def test_is_within_a_thousandth_of_rate_times_duration(
        self, rate: float, target: float, seconds: float
    ) -> None:
        plan = Arrivals(rate, stages=((seconds, target),), duration=seconds)
        asked = (rate + target) / 2 * seconds
        assert len(due(plan)) == plan.expected() == pytest.approx(asked, rel=0.001, abs=1)

    def test_of_poisson_arrivals_is_their_mean(self) -> None:
        assert Arrivals(10.0, Spacing.POISSON, duration=3.0).expected(0.25) == 2.5

    def test_ends_with_the_count(self) -> None:
        assert Arrivals(10.0, count=3).expected(2.0) == 3

    def test_of_an_endless_plan_has_no_end(self) -> None:
        assert Arrivals(10.0).expected() == math.inf


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

    def test_in_a_stage_is_named(self) -> None:
        with pytest.raises(ConfigError, match=r"stage seconds = -1.0: must be at least 0"):
            Arrivals(1.0, stages=((-1.0, 5.0),))

    def test_of_a_plan_in_which_nothing_arrives_is_named(self) -> None:
        with pytest.raises(ConfigError, match=r"rate = 0.0: must be above 0"):
            Arrivals(0.0, stages=((5.0, 0.0),))
