"""The best delay and probability of one reissue: exact, for independent copies.

Computes; must not know the simulator nor the policy.  Kaler, He, Elnikety ("Optimal Reissue
Policies for Reducing Tail Latency", SPAA 2017) send one copy after a delay d with
probability q (*SingleR*; *SingleD* has q = 1), so that at most a budget of copies is sent::

    minimise t   subject to   q S(d) <= budget   and   S(t) (1 - q F(t - d)) <= 1 - k

with F the cdf, S = 1 - F and k the quantile.  For a given d the best q is the whole budget,
min(1, budget / S(d)); then t is where a falling function crosses 1 - k.

With copies at fixed times besides, each whatever became of the others, a request takes
longer than t if all of its attempts do: S(t) S(t - d1) S(t - d2) ...
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.faults import Law

#: How many delays are tried: at first over the whole range, then around the best.
_GRIDS: Final = (200, 24, 24, 24)
_HALVINGS: Final = 50


@dataclass(frozen=True, slots=True)
class Reissue:
    """A rule, and the quantile that it reaches."""

    quantile: float  # seconds
    delay: float
    chance: float


def without(law: Law, target: float) -> float:
    """Return the quantile where nothing is sent twice."""
    return _root(law.cdf, target)


def after_delay(law: Law, target: float, budget: float) -> Reissue:
    """Return SingleD: every request that outlives the delay is sent again."""
    delay = without(law, 1 - budget)
    return Reissue(_reached(law, target, delay, 1.0), delay, 1.0)


def quantile_of_copies(law: Law, target: float, sent_at: Sequence[float]) -> float:
    """Return a quantile where a copy goes out at each of these times, if it is still needed."""

    def answered_by(time: float) -> float:
        return 1 - math.prod(1 - law.cdf(time - at) for at in (0.0, *sent_at))

    return _root(answered_by, target)


def copies_sent(law: Law, sent_at: Sequence[float]) -> float:
    """Return how many of these copies go out on average; the others were not needed any more."""
    return sum(
        math.prod(1 - law.cdf(at - before) for before in (0.0, *sent_at) if before < at)
        for at in sent_at
    )


def best(law: Law, target: float, budget: float) -> Reissue:
    """Return SingleR's optimum: a grid over the delay, made finer where it is best."""
    latest = without(law, 1 - budget)
    low, high = without(law, 1e-9), max(latest, without(law, target))
    found = after_delay(law, target, budget)
    for points in _GRIDS:
        step = (high / low) ** (1 / points)
        delays = (low * step**number for number in range(points + 1))
        found = min((found, *_tried(law, target, budget, delays)), key=lambda one: one.quantile)
        low, high = found.delay / step, found.delay * step
    return found


def _tried(law: Law, target: float, budget: float, delays: Iterator[float]) -> Iterator[Reissue]:
    for delay in delays:
        outlives = 1 - law.cdf(delay)
        chance = min(1.0, budget / outlives) if outlives > 0 else 1.0
        yield Reissue(_reached(law, target, delay, chance), delay, chance)


def _reached(law: Law, target: float, delay: float, chance: float) -> float:
    def answered_by(time: float) -> float:
        return 1 - (1 - law.cdf(time)) * (1 - chance * law.cdf(time - delay))

    return _root(answered_by, target)


def _root(share: Callable[[float], float], target: float) -> float:
    """Find the time by which ``share`` has risen to ``target``."""
    low, high = 0.0, 1e-6
    while share(high) < target and high < 1e12:
        low, high = high, high * 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if share(middle) < target:
            low = middle
        else:
            high = middle
    return high
