"""All replicas, or one, slow down at a load of 0.8: hedging must not make it worse.

Requests arrive at random at 400 a second, so that ten seconds are 4,000 of them; the
deadline is 2 s.  No sockets and no clock.
"""

import bisect
import random
from collections.abc import Sequence
from typing import Final

import pytest

from hedgerow.policy import DeadlineRule, HedgeRule, LoadBudget, Policy
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim
from tests.policy.hedging_model import Done, World, percentile, plain, world

BUDGET: Final = 0.05
RATE: Final = 400.0
REPLICAS: Final = 5
SLOWNESS: Final = 0.8 * REPLICAS / RATE / 0.005  # makes the load 0.8

pytestmark = pytest.mark.unhurried(reason="13,000 simulated requests")


def storm(factor: float, struck: int, *, notices: bool, extra: int = 2) -> tuple[World, Policy]:
    """Let so many replicas be so many times slower for three seconds; then 20 s more."""
    machines, balancer = world(3, replicas=REPLICAS, law=plain, notices=notices)
    rule = HedgeRule.auto(BUDGET, extra)
    policy = Policy(
        balancer,
        rule,
        deadline=DeadlineRule(default=2.0),
        budget=LoadBudget(share=BUDGET, slack=0.04),
        delays=AdaptiveDelays(DelayAim.of(rule, BUDGET, ceiling=1.0)),
        randomness=random.Random(1),
    )
    names = list(machines.slowness)
    for replicas, slowness, seconds in (
        (names, SLOWNESS, 10.0),
        (names[:struck], SLOWNESS * factor, 3.0),
        (names, SLOWNESS, 20.0),
    ):
        for replica in replicas:
            machines.slowness[replica] = slowness
        machines.run(policy, requests=int(seconds * RATE), rate=RATE)
    machines.settle()
    return machines, policy


def between(done: Sequence[Done], begin: float, end: float) -> list[Done]:
    return [one for one in done if begin <= one.at < end]


def worst_extra_load(machines: World, *, after: float, width: float = 10.0) -> float:
    """The most copies sent for a request that came, over any ten seconds."""
    worst, begin = 0.0, after
    while begin + width <= machines.arrivals[-1]:
        sent, came = (
            bisect.bisect(times, begin + width) - bisect.bisect(times, begin)
            for times in (machines.copies, machines.arrivals)
        )
        worst = max(worst, sent / came)
        begin += 0.25
    return worst


@pytest.mark.parametrize("notices", [True, False], ids=["cancel stops work", "cancel does not"])
class TestStorm:
    @pytest.mark.parametrize(
        ("factor", "struck"), [(5.0, REPLICAS), (20.0, 1)], ids=["all slow", "one very slow"]
    )
    def test_stays_within_the_budget_and_passes(
        self, factor: float, struck: int, notices: bool
    ) -> None:
        machines, _ = storm(factor, struck, notices=notices)
        assert worst_extra_load(machines, after=1.0) <= BUDGET + 0.005
        before = percentile(between(machines.done, 0.0, 10.0), 0.99)
        after = percentile(between(machines.done, 28.0, 33.0), 0.99)
        assert after < 2.0 * before

    def test_still_helps_when_one_replica_is_slow(self, notices: bool) -> None:
        machines, policy = storm(20.0, 1, notices=notices)
        assert policy.counters.hedges_won > 75
        assert all(one.answered for one in between(machines.done, 0.0, 10.0))
