"""What the gateway does when nothing is written about hedging, while its replicas break.

The default learns its delay, aims at copies for 5 % of the requests, and has a budget of 20 %
that hedges and retries share.  So hedges by time stay at
5 %, and the rest of the budget is there for failures.  Requests arrive at random.
"""

import random
from dataclasses import dataclass
from typing import Final

import pytest

from hedgerow.policy import DeadlineRule, HedgeRule, LoadBudget, Policy
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim
from hedgerow.policy.replica_set import ReplicaSet
from tests.policy.hedging_model import World, percentile, plain, world
from tests.policy.test_hedge_storms import between, worst_extra_load

AIM: Final = 0.05
BUDGET: Final = 0.2
REPLICAS: Final = 3
RATE: Final = 400.0
WORK: Final = 0.005  # seconds
BEGIN, AFTER = 10.0, 25.0  # seconds: before the trouble, and after it


@dataclass(frozen=True)
class Trouble:
    """How many replicas are how much slower, or what share of their answers is an error."""

    struck: int
    load: float  # before it: a share of what the replicas can do
    seconds: float
    slower: float = 1.0
    failing: float = 0.0

    @property
    def usual(self) -> float:
        """The factor on the time of work that makes the load."""
        return self.load * REPLICAS / RATE / WORK


FAST_FAILURES: Final = Trouble(1, load=0.5, seconds=15.0, failing=1.0)
#: Four times what they can do: after three seconds it takes nine to work off what came.
ALL_SLOW: Final = Trouble(REPLICAS, load=0.8, seconds=3.0, slower=5.0)
ALL_FAIL_HALF: Final = Trouble(REPLICAS, load=0.8, seconds=15.0, failing=0.5)
IDS: Final = {
    "one of three fails all": FAST_FAILURES,
    "all are five times slower": ALL_SLOW,
    "all fail half": ALL_FAIL_HALF,
}


@dataclass(frozen=True)
class Storm:
    """What came of it; times are seconds since the start."""

    machines: World
    policy: Policy
    was_ejected: bool
    begin: float
    end: float


def storm(trouble: Trouble, *, notices: bool = True, budget: float = BUDGET) -> Storm:
    """Let good seconds pass, the trouble, and good seconds again."""
    machines, balancer = world(5, replicas=REPLICAS, law=plain, notices=notices)
    names = list(machines.slowness)
    rule = HedgeRule.auto(AIM, 1, max_attempts=3)
    replica_set = ReplicaSet(names, balancer, random.Random(2))
    policy = Policy(
        replica_set,
        rule,
        deadline=DeadlineRule(default=2.0),
        budget=LoadBudget(share=budget, slack=0.04),
        delays=AdaptiveDelays(DelayAim.of(rule, AIM, ceiling=1.0)),
        randomness=random.Random(1),
    )
    for seconds, struck in ((BEGIN, 0), (trouble.seconds, trouble.struck), (AFTER, 0)):
        for number, name in enumerate(names):
            is_struck = number < struck
            machines.slowness[name] = trouble.usual * (trouble.slower if is_struck else 1.0)
            machines.failing[name] = trouble.failing if is_struck else 0.0
        machines.run(policy, requests=int(seconds * RATE), rate=RATE)
    machines.settle()
    ejections = replica_set.statistics().ejections > 0
    return Storm(machines, policy, ejections, BEGIN, BEGIN + trouble.seconds)


@pytest.mark.unhurried(reason="20,000 simulated requests")
@pytest.mark.parametrize("notices", [True, False], ids=["cancel stops work", "cancel does not"])
@pytest.mark.parametrize("trouble", [pytest.param(one, id=name) for name, one in IDS.items()])
class TestStorm:
    def test_stays_within_the_budget_and_passes(self, trouble: Trouble, notices: bool) -> None:
        found = storm(trouble, notices=notices)
        done = found.machines.done
        assert worst_extra_load(found.machines, after=1.0) <= BUDGET + 0.005
        assert found.was_ejected == (trouble is FAST_FAILURES)
        before = percentile(between(done, 2.0, found.begin), 0.99)
        last = between(done, found.end + AFTER - 8.0, found.end + AFTER)
        assert percentile(last, 0.99) < 2.0 * before
        assert sum(one.answered for one in last) >= 0.999 * len(last)


@pytest.mark.unhurried(reason="10,000 simulated requests")
class TestReplicaThatFails:
    def test_is_found_and_hardly_shows(self) -> None:
        found = storm(FAST_FAILURES)
        during = between(found.machines.done, found.begin, found.end)
        assert sum(one.answered for one in during) > 0.99 * len(during)


@pytest.mark.unhurried(reason="10,000 simulated requests")
class TestBudget:
    def test_lets_copies_mend_some_failures_and_no_more_than_its_share(self) -> None:
        found = storm(ALL_FAIL_HALF)
        during = between(found.machines.done, found.begin + 1.0, found.end)
        answered = sum(one.answered for one in during) / len(during)
        # Half succeed at once, and half of the copies of a fifth.
        assert answered == pytest.approx(0.5 + BUDGET / 2, abs=0.03)
