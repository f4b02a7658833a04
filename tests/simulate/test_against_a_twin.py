"""The simulator against one that was written apart from it, without our policy."""

import statistics

import pytest

from tests.simulate.twin import Twin
from tests.simulate.worlds import figures

REPEATS = 8
REQUESTS = 4000
LAW = "mix:95%*lognormal:5ms,2ms+5%*lognormal:50ms,20ms"


@pytest.mark.unhurried(reason="plays many requests, twice")
@pytest.mark.parametrize(("load", "copies"), [(0.5, 1), (0.8, 1), (0.7, 2)])
class TestTwin:
    def test_finds_the_same_quantiles_and_load(self, load: float, copies: int) -> None:
        theirs = [
            Twin(load=load, delay=9.0, copies=copies, seed=seed).play(REQUESTS)
            for seed in range(REPEATS)
        ]
        ours = [
            figures(
                seed=seed,
                requests=REQUESTS,
                warm_up="0%",
                traffic={"load": load},
                upstream={"latency": LAW},
                route={"hedge": {"delay": "9ms", "extra": copies}},
            )
            for seed in range(REPEATS)
        ]
        agree([q[3] for q, _ in theirs], [one.times["p99"].value * 1e3 for one in ours])
        agree([q[1] for q, _ in theirs], [one.times["p90"].value * 1e3 for one in ours])
        agree([extra for _, extra in theirs], [one.extra for one in ours])


def agree(ones: list[float], others: list[float]) -> None:
    """Two means differ by less than five standard errors of their difference."""
    error = ((statistics.variance(ones) + statistics.variance(others)) / len(ones)) ** 0.5
    apart = statistics.fmean(ones) - statistics.fmean(others)
    # 0.3 %: a histogram tells the upper end of its bucket.
    assert abs(apart) <= 5 * error + 0.003 * statistics.fmean(ones), (ones, others)
