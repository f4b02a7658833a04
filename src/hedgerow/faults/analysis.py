"""What a rule of hedging should achieve on an upstream, computed instead of measured.

A run that misses its computed value has a bug or an overloaded machine.  Must not
know the code it predicts: this is the arithmetic of the rule, written independently
of ``policy``.  It predicts errors that come as answers do; a hang or a slow drip is
none of those.

The rule: the primary goes out at 0.  When ``delay`` has passed, or when the primary
has failed before that, ``extra`` copies go out together.  The first good answer by
the deadline wins.  Attempts are independent; each takes a latency from ``law`` (cdf
F), is an error with probability e, and an error too arrives after its latency.  An
attempt with time x left is good with probability g(x) = (1 - e) F(x).  So with
n copies, delay d and deadline D::

    fails = P(primary answers after d, and not well by D) (1 - g(D - d))^n
          + e * integral over (0, d] of (1 - g(D - t))^n dF(t)

where d is cut at D.  An answer exactly at the delay or the deadline is in time.
"""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

from hedgerow.faults.latency import Constant, Law, Mixture, Replayed

#: Far below what any run can tell apart; a kink costs about forty points to reach it.
TOLERANCE = 1e-9
FIRST_CELLS = 32
DEEPEST_HALVING = 20


class Expectation(NamedTuple):
    """What to expect of one request."""

    success: float  # probability of a good answer by the deadline
    attempts: float  # how many are sent on average, the primary included


def success_of_burst_hedge(
    law: Law, *, error_share: float, delay: float, extra: int, deadline: float
) -> Expectation:
    """Compute the rule above, to nine digits or so; ``extra=0`` is no hedging."""

    def good_by(left: float) -> float:
        return (1 - error_share) * law.cdf(left)

    def copies_fail(trigger: float) -> float:
        return (1 - good_by(deadline - trigger)) ** extra

    if delay < deadline:
        slow = 1 - law.cdf(delay)
        slow_and_not_good = slow - (good_by(deadline) - good_by(delay))
        fails = slow_and_not_good * copies_fail(delay)
        failed_early = law.cdf(delay)
    else:
        slow = 0.0  # hedges for slowness would come too late
        fails = 1 - law.cdf(deadline)
        failed_early = law.cdf(deadline)
    fails += error_share * _integral(law, copies_fail, min(delay, deadline))
    return Expectation(1 - fails, 1 + extra * (slow + error_share * failed_early))


def _integral(law: Law, function: Callable[[float], float], upto: float) -> float:
    """Integrate ``function`` over the draws of ``law`` that are at most ``upto``."""
    match law:
        case Mixture():
            return math.fsum(w * _integral(part, function, upto) for w, part in law.parts)
        case Constant():
            return function(law.seconds) if law.seconds <= upto else 0.0
        case Replayed():
            values = (function(sample) for sample in law.samples if sample <= upto)
            return math.fsum(values) / len(law.samples)
        case _:
            return _stieltjes(law.cdf, function, upto)


def _stieltjes(
    cdf: Callable[[float], float], function: Callable[[float], float], upto: float
) -> float:
    """Integrate ``function`` with respect to a continuous ``cdf`` over (0, upto].

    Trapezoids on a cell and on its halves, extrapolated (Romberg's first step: exact for
    cubics); a cell is halved while the two differ, so work gathers at kinks of either.
    Needs no density, which a law would have to state a second time.
    """

    def cell(left: _Point, right: _Point, halvings: int) -> float:
        middle = point((left.at + right.at) / 2)
        coarse = _trapezoid(left, right)
        fine = _trapezoid(left, middle) + _trapezoid(middle, right)
        if halvings == 0 or (abs(fine - coarse) < TOLERANCE and halvings < DEEPEST_HALVING - 1):
            return fine + (fine - coarse) / 3
        return cell(left, middle, halvings - 1) + cell(middle, right, halvings - 1)

    def point(at: float) -> _Point:
        return _Point(at, function(at), cdf(at))

    grid = [point(upto * step / FIRST_CELLS) for step in range(FIRST_CELLS + 1)]
    return math.fsum(cell(left, right, DEEPEST_HALVING) for left, right in itertools.pairwise(grid))


class _Point(NamedTuple):
    at: float
    value: float
    share: float


def _trapezoid(left: _Point, right: _Point) -> float:
    return (left.value + right.value) / 2 * (right.share - left.share)
