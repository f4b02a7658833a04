"""The order of trials: every contender once a round, in a new seeded order each round.

A machine drifts: it warms, a neighbour wakes.  When contenders take turns the
drift hits all of them, and the ratio within a round cancels most of it.  A fixed
order would always give the same contender the same neighbour in time.
"""

import random
from collections.abc import Iterator, Sequence


def interleaved(names: Sequence[str], rounds: int, rng: random.Random) -> Iterator[tuple[int, str]]:
    """Yield ``(round, name)``; within a round each name comes exactly once."""
    for number in range(1, rounds + 1):
        for name in rng.sample(names, len(names)):
            yield number, name
