"""The best hedge point, against closed forms: Pareto's law, and a benchmark's mixture."""

import math
import random
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.faults import Law, Lognormal, Mixture, Pareto
from hedgerow.measure.empirical import Empirical
from hedgerow.policy import LoadBudget
from hedgerow.policy.tuning import (
    NO_COPY,
    HedgePoint,
    best_point,
    delay_for,
    extra_load,
    fused,
    missed,
    staggered,
    time_of,
)
from hedgerow.policy.tuning_laws import Correlated, Independent

PARETO = Pareto(1.1, 2.0)
#: bhope/hedge's benchmark: mean 5 ms, deviation 2 ms, every twentieth ten times as long.
MIXTURE = Mixture(((0.95, Lognormal(5.0, 2.0)), (0.05, Lognormal(50.0, 20.0))))


def sampled(law: Law, upper: float, count: int = 6000) -> Independent:
    """A large sample without its noise: the law's own share between values near each other."""
    edges = [upper * 1e-4 ** (1 - number / count) for number in range(count + 1)]
    shares = [law.cdf(edge) for edge in edges]
    pairs = [
        (math.sqrt(low * high), share - before)
        for low, high, before, share in zip(edges, edges[1:], shares, shares[1:], strict=False)
    ]
    return Independent(Empirical([*pairs, (upper * 2, 1 - shares[-1])]))


HEAVY = sampled(PARETO, 2e4)
BENCHMARK = sampled(MIXTURE, 400.0)


class TestParetoOptimum:
    # Worked out from S(t) = (2 / t) ** 1.1 itself.
    TABLE: Final = [
        # quantile, budget, without, SingleD, SingleR, its delay, its probability
        (0.95, 0.01, 30.46, 30.46, 27.74, 20.8, 0.131),
        (0.95, 0.02, 30.46, 30.46, 25.60, 18.9, 0.237),
        (0.95, 0.05, 30.46, 30.46, 21.24, 15.1, 0.461),
        (0.95, 0.10, 30.46, 19.37, 17.18, 11.6, 0.694),
        (0.95, 0.20, 30.46, 13.24, 13.21, 8.3, 0.953),
        (0.95, 0.30, 30.46, 11.35, 11.35, 6.0, 1.0),
        (0.99, 0.01, 131.6, 131.6, 80.35, 68.7, 0.489),
        (0.99, 0.02, 131.6, 73.65, 60.30, 50.1, 0.692),
        (0.99, 0.05, 131.6, 37.48, 37.32, 29.4, 0.960),
        (0.99, 0.10, 131.6, 26.25, 26.25, 16.2, 1.0),
    ]

    @pytest.mark.parametrize(("quantile", "budget", "none", "by_delay", "best", "d", "q"), TABLE)
    def test_is_found_within_one_percent(
        self, quantile: float, budget: float, none: float, by_delay: float,
        best: float, d: float, q: float,
    ) -> None:  # fmt: skip
        point = best_point(HEAVY, budget, quantile)
        assert time_of(HEAVY, NO_COPY, quantile) == pytest.approx(none, rel=0.005)
        assert time_of(HEAVY, delay_for(HEAVY, budget), quantile) == pytest.approx(
            by_delay, rel=0.005
        )
        assert time_of(HEAVY, point, quantile) == pytest.approx(best, rel=0.003)
        assert point.delay == pytest.approx(d, rel=0.03)
        assert point.probability == pytest.approx(q, rel=0.03)

    def test_at_once_with_a_small_probability_is_nearly_useless(self) -> None:
        assert time_of(HEAVY, HedgePoint(0.0, 0.05), 0.95) == pytest.approx(29.15, rel=0.005)
        assert time_of(HEAVY, HedgePoint(0.0, 0.05), 0.99) == pytest.approx(125.7, rel=0.005)


class TestBenchmarkOptimum:
    # Worked out from the law's cdf with 4,000 delays.  Published simulations stop a little
    # short of two of these: 15.88 at (10 %, p99), 64.8 at (2 %, p99.9).
    TABLE: Final = [
        (0.02, 0.95, 12.699), (0.02, 0.99, 48.744), (0.02, 0.999, 60.590),
        (0.05, 0.95, 11.731), (0.05, 0.99, 20.462), (0.05, 0.999, 48.037),
        (0.10, 0.95, 11.002), (0.10, 0.99, 15.531), (0.10, 0.999, 44.750),
    ]  # fmt: skip

    @pytest.mark.parametrize(("budget", "quantile", "best"), TABLE)
    def test_is_found_within_half_a_percent(
        self, budget: float, quantile: float, best: float
    ) -> None:
        point = best_point(BENCHMARK, budget, quantile)
        assert time_of(BENCHMARK, point, quantile) == pytest.approx(best, rel=0.005)

    @pytest.mark.parametrize(
        ("point", "times", "extra"),
        [
            (HedgePoint(10.0), (12.71, 16.84, 45.5), 0.0720),
            # Its p95 is 17.45; 17.09 was drawn, in the gap between the two humps.
            (HedgePoint(50.0), (17.45, 54.36, 59.7), 0.0212),
            (HedgePoint(8.94), (11.92, 15.80, 45.1), 0.0924),
            (HedgePoint(8.94, copies=2), (11.92, 15.80, 23.1), 0.0970),
        ],
    )
    def test_and_fixed_points_are_as_published_simulations_have_them(
        self, point: HedgePoint, times: tuple[float, ...], extra: float
    ) -> None:
        found = [time_of(BENCHMARK, point, quantile) for quantile in (0.95, 0.99, 0.999)]
        assert found == pytest.approx(times, rel=0.012)
        assert extra_load(BENCHMARK, point) == pytest.approx(extra, rel=0.012)

    def test_with_a_second_copy_keeps_to_the_budget_and_halves_the_far_tail(self) -> None:
        point = staggered(BENCHMARK, 0.10)
        assert extra_load(BENCHMARK, point) == pytest.approx(0.10, rel=0.005)
        assert time_of(BENCHMARK, point, 0.999) == pytest.approx(23.1, rel=0.012)


class TestCorrelation:
    def test_makes_copies_worth_less(self) -> None:
        coarse = sampled(MIXTURE, 400.0, count=1000).primary
        laws = [Correlated(coarse, part) for part in (0.0, 0.5)]
        times = [time_of(law, best_point(law, 0.05, 0.99), 0.99) for law in laws]
        assert times == sorted(times)
        assert times[0] == pytest.approx(20.46, rel=0.01)

    def test_of_one_makes_them_worthless(self) -> None:
        assert best_point(Correlated(BENCHMARK.primary, 1.0), 0.2, 0.99) == NO_COPY

    def test_agrees_with_drawing(self) -> None:
        randomness, law = random.Random(3), Correlated(HEAVY.primary, 0.5)
        late, draw, count = 0, PARETO.draw, 100_000
        for _ in range(count):
            primary = draw(randomness)
            copy = 10.0 + 0.5 * primary + 0.5 * draw(randomness)
            late += min(primary, copy) > 40.0
        assert missed(law, HedgePoint(10.0), 40.0) == pytest.approx(late / count, rel=0.04)


SAMPLES = st.lists(st.integers(1, 300).map(float), min_size=1, max_size=60)
BUDGETS = st.floats(0.0, 1.0)
QUANTILES = st.sampled_from([0.5, 0.9, 0.95, 0.99])


class TestAnyLatencies:
    @given(SAMPLES, BUDGETS, QUANTILES)
    def test_get_no_worse(self, values: list[float], budget: float, quantile: float) -> None:
        law = Independent(Empirical.of(values))
        point = best_point(law, budget, quantile)
        for share in (0.5, 0.9, 0.99, quantile):
            assert time_of(law, point, share) <= law.primary.quantile(share)

    @given(SAMPLES, BUDGETS, QUANTILES)
    def test_stay_within_the_budget(
        self, values: list[float], budget: float, quantile: float
    ) -> None:
        law = Independent(Empirical.of(values))
        makers: list[Callable[[], HedgePoint]] = [
            lambda: best_point(law, budget, quantile),
            lambda: delay_for(law, budget),
            lambda: staggered(law, budget),
        ]
        assert all(extra_load(law, make()) <= budget + 1e-9 for make in makers)

    @given(SAMPLES, st.tuples(BUDGETS, BUDGETS), QUANTILES)
    def test_get_no_worse_with_more_budget(
        self, values: list[float], budgets: tuple[float, float], quantile: float
    ) -> None:
        law = Independent(Empirical.of(values))
        more, less = (
            time_of(law, best_point(law, budget, quantile), quantile)
            for budget in sorted(budgets, reverse=True)
        )
        assert more <= less * (1 + 1e-4)

    @given(SAMPLES, BUDGETS, QUANTILES, st.integers(0, 300), st.floats(0, 1))
    def test_are_beaten_by_no_other_point(
        self, values: list[float], budget: float, quantile: float, delay: int, part: float
    ) -> None:
        law = Independent(Empirical.of(values))
        other = fused(law, HedgePoint(float(delay), part), budget)
        best = time_of(law, best_point(law, budget, quantile), quantile)
        assert best <= time_of(law, other, quantile) * (1 + 1e-4)


class TestLeastDelay:
    def test_is_kept_to(self) -> None:
        points = [
            best_point(HEAVY, 0.3, 0.95, least_delay=9.0),
            delay_for(HEAVY, 0.3, least_delay=9.0),
            staggered(HEAVY, 0.3, least_delay=9.0),
        ]
        assert [point.delay for point in points] == [9.0, 9.0, 9.0]

    def test_beyond_every_latency_means_no_copy(self) -> None:
        law = Independent(Empirical.of([1.0, 2.0]))
        assert best_point(law, 0.5, 0.9, least_delay=5.0) == NO_COPY
        assert delay_for(law, 0.5, least_delay=5.0) == NO_COPY


class TestPurse:
    def test_thins_copies_out_as_a_probability_does(self) -> None:
        """So a delay with a budget does what a delay with a probability does."""
        randomness, purse = random.Random(5), LoadBudget(share=0.05)
        times = []
        for _ in range(100_000):
            purse.deposit()
            time = PARETO.draw(randomness)
            if time > 15.1 and purse.withdraw(0.0):
                time = min(time, 15.1 + PARETO.draw(randomness))
            times.append(time)
        assert sorted(times)[95_000] == pytest.approx(21.24, rel=0.02)

    def test_leaves_alone_what_it_can_pay(self) -> None:
        point = HedgePoint(30.5)
        assert fused(HEAVY, point, 0.06) == point
        assert extra_load(HEAVY, fused(HEAVY, point, 0.01)) == pytest.approx(0.01)
