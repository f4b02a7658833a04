"""Hedging without queues, for the tests of accuracy: pairs of times, and who would have won.

One copy at most, no capacity and no clock, so that the best delay and probability can be
found by trying: the offline optimum with full knowledge of the very same draws.
"""

import random
from collections.abc import Sequence
from typing import Final

from hedgerow.policy import HedgeRule, LoadBudget
from hedgerow.policy.hedge_delay import DelayAim, DelayController
from tests.policy.hedging_model import Law, pareto

BUDGET: Final = 0.05
RULE: Final = HedgeRule.auto(BUDGET, 1)
#: What the offline optimum tries; finer steps change it by less than 1 %.
_PROBABILITIES: Final = (1.0, 0.97, 0.94, 0.91, 0.88, 0.8)

Pairs = Sequence[tuple[float, float]]  # what the primary and what its copy would take


def independent(law: Law, randomness: random.Random, count: int) -> Pairs:
    return [(law(randomness), law(randomness)) for _ in range(count)]


def correlated(randomness: random.Random, count: int) -> Pairs:
    """Y = X / 2 + Z: what is slow by nature is slow again."""
    found = []
    for _ in range(count):
        x = pareto(randomness)
        found.append((x, 0.5 * x + pareto(randomness)))
    return found


def scaled(pairs: Pairs, factor: float) -> Pairs:
    return [(x * factor, y * factor) for x, y in pairs]


def p99(times: Sequence[float]) -> float:
    return sorted(times)[int(0.99 * len(times))]


def best_p99(pairs: Pairs, randomness: random.Random) -> float:
    """Return the p99 of the best delay and probability that cost the budget."""
    coins = [randomness.random() for _ in pairs]
    primaries = sorted(x for x, _ in pairs)
    found = []
    for probability in _PROBABILITIES:
        delay = primaries[int((1.0 - BUDGET / probability) * len(pairs))]
        found.append(
            p99(
                [
                    min(x, delay + y) if x > delay and coin < probability else x
                    for (x, y), coin in zip(pairs, coins, strict=True)
                ]
            )
        )
    return min(found)


def learn(
    controller: DelayController, pairs: Pairs, randomness: random.Random, budget: LoadBudget
) -> tuple[list[float], int]:
    """Let a controller steer, a thousand requests a second; return the times, and the copies."""
    times, copies, probability = [], 0, RULE.probability
    for number, (x, y) in enumerate(pairs):
        budget.deposit()
        delay = controller.delay
        if x <= delay:
            controller.ended(x)
            times.append(x)
            continue
        controller.outlived(delay)
        now, sent_at = number / 1000, delay
        if randomness.random() >= probability:
            sent_at = x
        while x > sent_at and not budget.withdraw(now):
            sent_at += delay
        copies += x > sent_at
        times.append(min(x, sent_at + y))
    return times, copies


def controller() -> DelayController:
    return DelayController(DelayAim.of(RULE, BUDGET, ceiling=60.0))


def purse() -> LoadBudget:
    return LoadBudget(share=BUDGET, slack=0.04)
