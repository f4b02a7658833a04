"""Balancers beside each other: ``python -m tests.policy.balancer_comparison``.

The table of docs/decisions/0014 that was added later.  Ten replicas that other tenants slow down,
without hedging; and three replicas behind the gateway's default hedging, one of which turns
ten times slower, or hangs, for 8 s.
"""

import math
import random
import sys
from collections.abc import Callable, Sequence
from typing import Final

from hedgerow.faults.capacity import Capacity
from hedgerow.policy import DeadlineRule, HedgeRule, LeastRequest, LoadBudget, Policy, Replica
from hedgerow.policy.balance import ChangingBalancer
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim
from hedgerow.policy.peak_ewma import PeakEwmaBalancer
from hedgerow.policy.replica_set import ReplicaSet
from tests.fakes.balancing import Setting
from tests.fakes.balancing import World as Tenants
from tests.policy.hedging_model import World, percentile

Build = Callable[[Sequence[Replica], random.Random], ChangingBalancer]

BALANCERS: Final[dict[str, Build]] = {
    "least-request": LeastRequest,
    "peak EWMA": PeakEwmaBalancer,
}
LOADS: Final = (0.5, 0.7, 0.8, 0.9)
RATE: Final = 300.0
AIM, BUDGET = 0.05, 0.2
BAD: Final = {"ten times slower": 10.0, "hangs": 1000.0}


def with_stragglers(randomness: random.Random) -> float:
    """5 ms in the middle, and one in fifty eight times as long."""
    seconds = randomness.lognormvariate(math.log(0.005), 0.6)
    return seconds * 8 if randomness.random() < 0.02 else seconds


def hedged(build: Build, factor: float) -> str:
    """How requests fare while one of three replicas is so much slower."""
    replicas = [Replica(f"r{number}") for number in range(3)]
    capacity = Capacity(workers=32, queue=10**6)
    machines = World(replicas, capacity, with_stragglers, random.Random(3))
    rule = HedgeRule.auto(AIM, 1, max_attempts=2)
    policy = Policy(
        ReplicaSet(replicas, build(replicas, random.Random(2)), random.Random(5)),
        rule,
        deadline=DeadlineRule(default=0.5),
        budget=LoadBudget(share=BUDGET, slack=0.04),
        delays=AdaptiveDelays(DelayAim.of(rule, AIM, ceiling=0.25)),
        randomness=random.Random(1),
    )
    machines.run(policy, requests=int(10 * RATE), rate=RATE)
    machines.slowness[replicas[0]] = factor
    during = machines.run(policy, requests=int(8 * RATE), rate=RATE)
    machines.settle()
    p99, p999 = (percentile(during, q) * 1000 for q in (0.99, 0.999))
    return f"{p99:.0f}/{p999:.0f}"


def tenants(build: Build, load: float) -> str:
    world = Tenants(build, Setting(load=load, antagonists=1.0, requests=15_000))
    return "/".join(f"{world.quantile(q):.0f}" for q in (0.5, 0.99, 0.999))


def main() -> None:
    header = [f"load {load}" for load in LOADS] + [f"one {how}" for how in BAD]
    lines = [["p50/p99/p99.9, or p99/p99.9, in ms", *header], ["---"] * (len(header) + 1)]
    for name, build in BALANCERS.items():
        cells = [tenants(build, load) for load in LOADS]
        lines.append([name, *cells, *(hedged(build, factor) for factor in BAD.values())])
    for line in lines:
        sys.stdout.write(f"| {' | '.join(line)} |\n")


if __name__ == "__main__":
    main()
