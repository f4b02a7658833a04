"""The best delay and probability of hedges, worked out from known latencies.

Decides when a copy should go out so that a quantile of the latency becomes as small as a
load budget allows; must not know where latencies were logged, nor how settings look.  What
runs in the gateway follows the load as it goes (a delay that is steered); this is the
optimum with full knowledge, for choosing a setting and for judging what runs.

Words are those of Kaler, He and Elnikety (SPAA 2017).  *SingleR*: one copy, sent with
probability ``q`` when the primary has been silent for ``d``.  *SingleD*: the same with
``q = 1``.  With X the primary, Y the copy, S the share above, B the budget and k the
quantile, SingleR is the smallest t such that for some (d, q)::

    q * S_X(d) <= B                                    the load that is allowed
    S_X(t) * (1 - q * P(Y <= t - d | X > t)) <= 1 - k  the tail that is left

For a fixed d the best q is ``min(1, B / S_X(d))``, and what can be reached by t only grows
with t, so t is found by bisection.  Between two latencies of the sample nothing changes in
favour of a later d, so only sampled latencies are tried: 400 of them, spaced by ratio, and
the one that uses the budget up with ``q = 1``, which is exact to 0.1 %.

*Staggered* sends a second copy at 2d where the first has not helped either.  It is worked
out for independent latencies only.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from hedgerow.policy.tuning_laws import Independent, Latencies

_DELAYS: Final = 400
_PRECISION: Final = 1e-5  # of a time, relative: far below what any sample knows
_ROUNDING: Final = 1e-12  # 1 - 0.99 is a little more than 0.01 in binary


@dataclass(frozen=True, slots=True)
class HedgePoint:
    """When copies go out: ``delay`` in seconds, ``probability`` that one is sent then."""

    delay: float = math.inf
    probability: float = 1.0
    copies: int = 1  # at most; each a further delay after the last

    @property
    def is_none(self) -> bool:
        """True where no copy is ever sent."""
        return math.isinf(self.delay) or self.probability <= 0


NO_COPY: Final = HedgePoint()


# --- what a point leads to ---


def missed(latencies: Latencies, point: HedgePoint, time: float) -> float:
    """Return the share of requests that have no answer by then."""
    slow = latencies.primary.above(time)
    if not slow or point.is_none or time < point.delay:
        return slow
    within = latencies.copy_within(time)
    for number in range(1, point.copies + 1):
        slow *= 1.0 - point.probability * within(time - number * point.delay)
    return slow


def extra_load(latencies: Latencies, point: HedgePoint) -> float:
    """Return how many copies are sent, as a share of the requests."""
    if point.is_none:
        return 0.0
    sent = 0.0
    for number in range(1, point.copies + 1):
        before = HedgePoint(point.delay, point.probability, number - 1)
        sent += point.probability * missed(latencies, before, number * point.delay)
    return sent


def time_of(latencies: Latencies, point: HedgePoint, quantile: float) -> float:
    """Return the time by which this share of the requests is answered."""
    left = 1.0 - quantile + _ROUNDING
    without = latencies.primary.quantile(quantile)
    if point.is_none or without <= point.delay:
        return without
    return _smallest(without, lambda time: missed(latencies, point, time) <= left)


def fused(latencies: Latencies, point: HedgePoint, budget: float) -> HedgePoint:
    """Return what is left of a point when a purse pays for no more than ``budget``.

    The purse does not look at the request, so it thins copies out as a probability does.
    """
    wanted = extra_load(latencies, point)
    if wanted <= budget:
        return point
    return HedgePoint(point.delay, point.probability * budget / wanted, point.copies)


# --- the best points ---


def best_point(
    latencies: Latencies, budget: float, quantile: float, *, least_delay: float = 0.0
) -> HedgePoint:
    """Return SingleR's optimum; ``NO_COPY`` where no copy makes the quantile smaller."""
    without = latencies.primary.quantile(quantile)
    plans = list(_plans(latencies, budget, without, least_delay))
    if not plans:
        return NO_COPY
    allowed = 1.0 - quantile + _ROUNDING

    def is_reached(time: float) -> bool:
        slow = latencies.primary.above(time)
        if slow <= allowed:
            return True
        needed = 1.0 - allowed / slow
        within = latencies.copy_within(time)
        return any(q * within(time - d) >= needed for d, q in plans if d <= time)

    best = _smallest(without, is_reached)
    if best >= without * (1.0 - 2 * _PRECISION):
        return NO_COPY
    within = latencies.copy_within(best)
    # Of equally good ones the latest: it sends the fewest copies.
    gains = [(q * within(best - d), d, q) for d, q in plans if d <= best]
    _, delay, probability = max(gains)
    return HedgePoint(delay, probability)


def delay_for(latencies: Latencies, budget: float, *, least_delay: float = 0.0) -> HedgePoint:
    """Return SingleD: every request that is slower than the delay is copied, within budget."""
    if budget <= 0:
        return NO_COPY
    point = HedgePoint(max(least_delay, latencies.primary.exceeded_by(budget)))
    return point if extra_load(latencies, point) > 0 else NO_COPY


def staggered(
    latencies: Independent, budget: float, *, copies: int = 2, least_delay: float = 0.0
) -> HedgePoint:
    """Return the earliest delay at which staggered copies keep to the budget."""
    if budget <= 0:
        return NO_COPY

    def is_within(delay: float) -> bool:
        return extra_load(latencies, HedgePoint(delay, 1.0, copies)) <= budget + _ROUNDING

    delay = max(least_delay, _smallest(latencies.primary.values[-1], is_within))
    return HedgePoint(delay, 1.0, copies)


# --- within ---


def _plans(
    latencies: Latencies, budget: float, without: float, least_delay: float
) -> Iterable[tuple[float, float]]:
    """Yield the delays worth trying, each with the probability that uses the budget up."""
    primary = latencies.primary
    if budget <= 0:
        return
    sampled = primary.spread(_DELAYS, least_delay, without)
    for delay in sorted({least_delay, *sampled, primary.exceeded_by(budget)}):
        share = primary.above(delay)
        if share > 0 and least_delay <= delay <= without:
            yield delay, min(1.0, budget / share)


def _smallest(upper: float, holds: Callable[[float], bool]) -> float:
    """Bisect for the smallest time at which something holds; it holds at ``upper``."""
    lower = 0.0
    if holds(lower):
        return lower
    while upper - lower > _PRECISION * upper:
        middle = (lower + upper) / 2
        if holds(middle):
            upper = middle
        else:
            lower = middle
    return upper
