"""What the terms give in theory: the numbers that a flawless contender would show.

Latency of an attempt has the distribution F (the mixture of ``terms``), an attempt is
good with probability g = 1 - errors, and all attempts are independent::

    no gateway   g F(D)
    burst        primary good before d                       g F(d)
                 + primary failed at x < d, copies at x      (1-g) * integral of S(D-x) dF(x)
                 + primary silent at d, copies at d          P(d, D)
    with S(t) = 1 - (1 - g F(t))^extra, d = delay, D = deadline

The staggered rule (one copy at a time, each ``d`` after the last one or at its failure)
is what Envoy's settings ask for; its cost depends on who wins first, so it is played
out with seeded draws instead (one standard error: 0.03 % of success).

No machine is involved: a contender above its rule by more than noise is measured wrongly,
and one far below them does not do what its settings say.
"""

import random
from dataclasses import dataclass
from typing import Final

from benchmarks.promise.terms import DEADLINE, DELAY, ERRORS, EXTRA, LATENCY

_SLICES: Final = 3000  # of the delay; the sum is then right to five digits
_PLAYS: Final = 200_000
_GOOD: Final = 1 - sum(ERRORS.values())


@dataclass(frozen=True)
class Expected:
    """Share of requests served in time, and attempts a request."""

    success: float
    attempts: float


def without_gateway() -> Expected:
    """One attempt, and hope."""
    return Expected(_GOOD * _answered_by(DEADLINE), 1.0)


def burst() -> Expected:
    """The rule of ``terms``, carried out without any delay of its own."""
    hasty = _GOOD * _answered_by(DELAY)
    rescued = 0.0
    for at in range(_SLICES):
        low, high = DELAY * at / _SLICES, DELAY * (at + 1) / _SLICES
        share = (1 - _GOOD) * (_answered_by(high) - _answered_by(low))
        rescued += share * _copies_succeed(DEADLINE - (low + high) / 2)
    silent = 1 - _answered_by(DELAY)
    primary_later = _GOOD * (_answered_by(DEADLINE) - _answered_by(DELAY)) / silent
    hedged = silent * (1 - (1 - primary_later) * (1 - _copies_succeed(DEADLINE - DELAY)))
    copies = EXTRA * (silent + (1 - _GOOD) * _answered_by(DELAY))
    return Expected(hasty + rescued + hedged, 1 + copies)


def staggered(rng: random.Random) -> Expected:
    """One primary and ``EXTRA`` copies one after another, without any delay of its own."""
    in_time = attempts = 0
    for _ in range(_PLAYS):
        start, best = 0.0, float("inf")
        for _ in range(1 + EXTRA):
            if start >= min(best, DEADLINE):
                break
            attempts += 1
            seconds = _draw(rng)
            if rng.random() < _GOOD:
                best = min(best, start + seconds)
                start += DELAY
            else:
                start += min(seconds, DELAY)
        in_time += best <= DEADLINE
    return Expected(in_time / _PLAYS, attempts / _PLAYS)


def _draw(rng: random.Random) -> float:
    [part] = rng.choices(LATENCY, [part.share for part in LATENCY])
    return rng.uniform(part.low, part.high)


def _copies_succeed(seconds: float) -> float:
    return 1 - (1 - _GOOD * _answered_by(seconds)) ** EXTRA


def _answered_by(seconds: float) -> float:
    """F: the share of attempts that have ended, well or badly, after ``seconds``."""
    return sum(
        part.share * min(1.0, max(0.0, (seconds - part.low) / (part.high - part.low)))
        for part in LATENCY
    )
