"""Laws for the tests of this room: by name, and as a hypothesis strategy."""

import random
from collections.abc import Sequence

from hypothesis import strategies as st

from hedgerow.faults import (
    Constant,
    Law,
    Lognormal,
    Mixture,
    Pareto,
    Replayed,
    Uniform,
)

RECORDED = (0.004, 0.001, 0.002, 0.002)


def read_recorded(name: str) -> Sequence[float]:
    """Stand in for reading a file: every name holds the same four samples."""
    return RECORDED


def work_server() -> Law:
    """The law of the reference figures: 85 % U(0.1, 0.6) and 15 % U(0.6, 3)."""
    return Mixture(((0.85, Uniform(0.1, 0.6)), (0.15, Uniform(0.6, 3.0))))


def lognormal_with_stragglers() -> Law:
    """5 ms on average, and one in twenty ten times slower (a public hedging benchmark's law)."""
    return Mixture(((0.95, Lognormal(0.005, 0.002)), (0.05, Lognormal(0.05, 0.02))))


def draws(law: Law, count: int) -> list[float]:
    """The first draws from a fixed seed."""
    randomness = random.Random(7)
    return [law.draw(randomness) for _ in range(count)]


_times = st.floats(1e-6, 1e5)
plain_laws: st.SearchStrategy[Law] = st.one_of(
    st.builds(Constant, _times),
    st.builds(lambda low, width: Uniform(low, low + width), _times, _times),
    st.builds(
        lambda average, ratio: Lognormal(average, average * ratio), _times, st.floats(0.01, 100)
    ),
    st.builds(Pareto, st.floats(0.1, 50), _times),
    st.just(Replayed(RECORDED, "slow.txt")),
)
laws = plain_laws | st.tuples(st.floats(0.01, 0.99), plain_laws, plain_laws).map(
    lambda mix: Mixture(((mix[0], mix[1]), (1 - mix[0], mix[2])))
)
