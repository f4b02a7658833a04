"""The learned delay beside the best one that could have been chosen, knowing all times."""

import random
from collections.abc import Callable
from typing import Final

import pytest

from tests.policy.hedging_accuracy import (
    BUDGET,
    Pairs,
    best_p99,
    controller,
    correlated,
    independent,
    learn,
    p99,
    purse,
    scaled,
)
from tests.policy.hedging_model import pareto, plain, spiky

COUNT: Final = 20_000
SETTLING: Final = 2_000

Draws = Callable[[random.Random, int], Pairs]

LAWS: Final[dict[str, Draws]] = {
    "Pareto's law": lambda randomness, count: independent(pareto, randomness, count),
    "a lognormal law": lambda randomness, count: independent(plain, randomness, count),
    "one in twenty ten times slower": lambda randomness, count: independent(
        spiky, randomness, count
    ),
    "slow requests that are slow again": correlated,
}


#: How many of twelve phases may miss the tenth.  A gap in the law (nothing between 13 and 20 ms) is
#: where the delay itself is uncertain: of 330 such phases 11 missed it, most of them the first
#: after a start from an unlucky delay (the worst was at 1.31, of the later ones at 1.16); of 270
#: of the other laws none did.
MISSES: Final = {"one in twenty ten times slower": 1}


@pytest.mark.unhurried(reason="280,000 requests, to see a p99 that means something")
@pytest.mark.parametrize("law", LAWS)
class TestLearnedDelay:
    def test_is_within_a_tenth_of_the_best_also_after_a_threefold_shift(self, law: str) -> None:
        missed = 0
        for seed in (7, 8, 9, 10):
            randomness = random.Random(seed)
            settling, pairs = LAWS[law](randomness, SETTLING), LAWS[law](randomness, COUNT)
            best = best_p99(pairs, randomness)
            learning, budget = controller(), purse()
            for factor in (1.0, 3.0, 1.0):
                learn(learning, scaled(settling, factor), randomness, budget)
                times, copies = learn(learning, scaled(pairs, factor), randomness, budget)
                missed += p99(times) / factor >= 1.1 * best
                assert p99(times) / factor < 1.2 * best
                assert copies / COUNT < BUDGET + 0.005
        assert missed <= MISSES.get(law, 0)
