import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.faults import (
    Constant,
    Law,
    Lognormal,
    Mixture,
    Pareto,
    Replayed,
    ReplayedInOrder,
    Uniform,
)
from tests.faults.samples import RECORDED, draws, laws, lognormal_with_stragglers, work_server


def largest_gap(law: Law, count: int) -> float:
    """Between a continuous law and its own draws: the statistic of Kolmogorov and Smirnov."""
    shares = [law.cdf(seconds) for seconds in sorted(draws(law, count))]
    return max(max(s - i / count, (i + 1) / count - s) for i, s in enumerate(shares))


class TestDraws:
    @pytest.mark.parametrize(
        "law",
        [
            pytest.param(Uniform(0.1, 0.6), id="uniform"),
            pytest.param(Lognormal(0.005, 0.002), id="lognormal"),
            pytest.param(Pareto(1.1, 0.002), id="pareto"),
            pytest.param(work_server(), id="mixture"),
        ],
    )
    def test_follow_the_cdf(self, law: Law) -> None:
        # A right law stays below 1.95 / sqrt(n) in 999 of 1000 samples; this sample is fixed.
        assert largest_gap(law, 5000) < 1.95 / math.sqrt(5000)

    @pytest.mark.parametrize(
        "law",
        [
            pytest.param(Uniform(0.1, 0.6), id="uniform"),
            pytest.param(Lognormal(0.005, 0.002), id="lognormal"),
            pytest.param(Pareto(3.0, 0.002), id="pareto"),
            pytest.param(Replayed(RECORDED, "slow.txt"), id="replayed"),
            pytest.param(work_server(), id="mixture"),
        ],
    )
    def test_average_to_the_mean(self, law: Law) -> None:
        assert sum(draws(law, 20_000)) / 20_000 == pytest.approx(law.mean(), rel=0.02)

    @pytest.mark.unhurried(reason="many examples")
    @given(laws, st.integers(0, 2**32))
    def test_are_finite_and_lie_where_the_cdf_says(self, law: Law, seed: int) -> None:
        seconds = law.draw(random.Random(seed))
        assert 0 <= seconds < math.inf
        assert 0 <= law.cdf(seconds) <= 1

    @pytest.mark.unhurried(reason="many examples")
    @given(laws)
    def test_are_the_same_for_the_same_seed(self, law: Law) -> None:
        assert draws(law.restarted(), 5) == draws(law.restarted(), 5)


class TestCdf:
    @pytest.mark.unhurried(reason="many examples")
    @given(laws, st.floats(0, 1e6), st.floats(0, 1e6))
    def test_never_falls(self, law: Law, one: float, other: float) -> None:
        assert law.cdf(min(one, other)) <= law.cdf(max(one, other)) + 1e-12

    @pytest.mark.unhurried(reason="many examples")
    @given(laws)
    def test_goes_from_nothing_to_everything(self, law: Law) -> None:
        assert law.cdf(0.0) == 0
        assert law.cdf(math.inf) == pytest.approx(1.0)


class TestConstant:
    def test_steps_at_its_value(self) -> None:
        law = Constant(0.1)
        assert (law.cdf(0.0999), law.cdf(0.1), law.mean()) == (0, 1, 0.1)


class TestUniform:
    def test_rises_evenly_between_its_ends(self) -> None:
        law = Uniform(0.1, 0.6)
        shares = [law.cdf(t) for t in (0.05, 0.1, 0.35, 0.6, 0.7)]
        assert shares == pytest.approx([0, 0, 0.5, 1, 1])

    @pytest.mark.parametrize("high", [0.1, 0.6])
    def test_without_width_is_refused(self, high: float) -> None:
        with pytest.raises(ValueError, match="end is above its start"):
            Uniform(0.6, high)


class TestLognormal:
    def test_has_the_median_of_its_moments(self) -> None:
        # exp(mu) = mean / sqrt(1 + (sd / mean)^2) = 5 ms / sqrt(1.16)
        assert Lognormal(0.005, 0.002).cdf(0.005 / math.sqrt(1.16)) == pytest.approx(0.5)

    def test_has_the_upper_quartile_of_its_moments(self) -> None:
        # exp(mu + 0.67449 sigma), with sigma^2 = ln 1.16
        quartile = 0.005 / math.sqrt(1.16) * math.exp(0.67449 * math.sqrt(math.log(1.16)))
        assert Lognormal(0.005, 0.002).cdf(quartile) == pytest.approx(0.75, abs=1e-5)

    @pytest.mark.parametrize(("average", "deviation"), [(0, 1), (1, 0), (1, 1001), (1, 1e-9)])
    def test_that_no_float_can_hold_is_refused(self, average: float, deviation: float) -> None:
        with pytest.raises(ValueError, match=r"above 0|at most 1000 times"):
            Lognormal(average, deviation)


class TestPareto:
    def test_falls_by_its_shape(self) -> None:
        # (2 / 131.6)^1.1 = 1 %: the p99 of the SPAA'17 hedging paper's workload.
        law = Pareto(1.1, 2.0)
        assert 1 - law.cdf(131.6) == pytest.approx(0.01, rel=1e-3)
        assert law.cdf(2.0) == 0

    def test_has_a_mean_only_above_shape_one(self) -> None:
        assert Pareto(3.0, 2.0).mean() == 3.0
        assert Pareto(1.0, 2.0).mean() == math.inf

    @pytest.mark.parametrize("shape", [0.0, 0.09, math.inf, math.nan])
    def test_of_an_unusable_shape_is_refused(self, shape: float) -> None:
        with pytest.raises(ValueError, match=r"shape of at least 0\.1"):
            Pareto(shape, 1.0)


class TestReplayedAtRandom:
    def test_counts_its_samples(self) -> None:
        law = Replayed(RECORDED, "slow.txt")
        assert [law.cdf(t) for t in (0.0005, 0.001, 0.002, 0.004)] == [0, 0.25, 0.75, 1]
        assert law.mean() == pytest.approx(0.00225)

    def test_draws_nothing_else(self) -> None:
        assert set(draws(Replayed(RECORDED, "slow.txt"), 100)) == set(RECORDED)

    def test_without_samples_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"slow\.txt has none"):
            Replayed((), "slow.txt")


class TestReplayedInOrder:
    def test_begins_again_after_the_last(self) -> None:
        assert draws(ReplayedInOrder(RECORDED, "slow.txt"), 6) == [*RECORDED, *RECORDED[:2]]

    def test_restarted_begins_at_the_first(self) -> None:
        law = ReplayedInOrder(RECORDED, "slow.txt")
        draws(law, 3)
        assert draws(law.restarted(), 2) == list(RECORDED[:2])

    def test_restarted_inside_a_mixture_too(self) -> None:
        law = Mixture(((1.0, ReplayedInOrder(RECORDED, "slow.txt")),))
        draws(law, 3)
        assert draws(law.restarted(), 2) == list(RECORDED[:2])


class TestMixture:
    def test_weighs_its_parts(self) -> None:
        # 0.85 of (0.3 - 0.1) / 0.5, and nothing of the slow part
        assert work_server().cdf(0.3) == pytest.approx(0.34)
        assert work_server().cdf(1.0) == pytest.approx(0.875)
        assert work_server().mean() == pytest.approx(0.85 * 0.35 + 0.15 * 1.8)

    @pytest.mark.parametrize(
        ("seconds", "share"),
        [(0.00476, 0.5), (0.00867, 0.9), (0.01709, 0.95), (0.06407, 0.99), (0.1024, 0.999)],
    )
    def test_has_the_published_quantiles(self, seconds: float, share: float) -> None:
        # The unhedged percentiles of the public benchmark with this law, in four million draws.
        assert lognormal_with_stragglers().cdf(seconds) == pytest.approx(share, abs=5e-4)

    @pytest.mark.parametrize("weights", [(0.5, 0.4), (1.0, 0.1), (1.0, 0.0), (1.5, -0.5)])
    def test_of_weights_that_are_no_shares_is_refused(self, weights: tuple[float, float]) -> None:
        with pytest.raises(ValueError, match="add up to 100%"):
            Mixture(tuple((weight, Constant(1.0)) for weight in weights))

    def test_of_mixtures_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no mixtures"):
            Mixture(((1.0, work_server()),))


@pytest.mark.parametrize("seconds", [-0.1, math.inf, math.nan])
def test_a_latency_that_is_no_duration_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="finite duration of at least 0"):
        Constant(seconds)
