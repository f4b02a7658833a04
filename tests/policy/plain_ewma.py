"""The oracle of ``peak_ewma``: averages in which the past fades, by the book.

Exponentially weighted, by time and not by count.  Two of them, both O(1) and with time coming
in as ``now`` (seconds, any epoch).  They must not know what is averaged.  ``tau`` is the time
constant: after it a sample weighs 1/e (37 %) of what it did; half of it after 0.69 ``tau``.

``Ewma`` is the weighted mean of all samples, each weighing exp(-age / tau).  Kept
as a sum and a weight, it has no start-up bias, and samples of the same instant
count alike.  (The common ``old * w + new * (1 - w)``, with w from the time between
two samples, ignores the second of two samples of one instant.)

``PeakEwma`` is the pessimist for choosing among replicas (Finagle's and linkerd's
"peak EWMA"): it jumps to any sample above it and comes down slowly, and without
samples it fades to 0, so that a replica once slow is tried again.  Its rule for a
sample r after a gap t is ``max(r, old * w + r * (1 - w))`` with w = exp(-t / tau).
Reading it changes nothing, so who looks more often does not see other numbers.

A ``now`` earlier than the last one counts as the last one.
"""

import math
from typing import Final

from hedgerow.errors import ConfigError

# One lone sample is forgotten after 6.9 tau, a thousand at once after 13.8: long
# enough to bridge pauses, short enough that an average always has a reason.
_FORGOTTEN: Final = 1e-3


class Ewma:
    """The mean of recent samples: each weighs ``exp(-age / tau)``."""

    __slots__ = ("_at", "_sum", "_tau", "_weight")

    def __init__(self, *, tau: float) -> None:
        self._tau = _checked(tau)
        self._at = -math.inf
        self._sum = 0.0
        self._weight = 0.0

    def add(self, now: float, sample: float) -> None:
        faded = _fading(now - self._at, self._tau)
        self._sum = self._sum * faded + sample
        self._weight = self._weight * faded + 1.0
        self._at = max(self._at, now)

    def value(self, now: float) -> float | None:
        """The average, or None when no sample was recent enough to mean anything now."""
        if self.weight(now) < _FORGOTTEN:
            return None
        return self._sum / self._weight

    def weight(self, now: float) -> float:
        """How many fresh samples the average is worth."""
        return self._weight * _fading(now - self._at, self._tau)


class PeakEwma:
    """A cost that rises at once and falls slowly."""

    __slots__ = ("_at", "_peak", "_tau")

    def __init__(self, *, tau: float) -> None:
        self._tau = _checked(tau)
        self._at = -math.inf
        self._peak = 0.0

    def add(self, now: float, sample: float) -> None:
        faded = _fading(now - self._at, self._tau)
        self._peak = max(sample, self._peak * faded + sample * (1.0 - faded))
        self._at = max(self._at, now)

    def value(self, now: float) -> float | None:
        """The cost now, or None before the first sample."""
        if self._at == -math.inf:
            return None
        return self._peak * _fading(now - self._at, self._tau)


def _fading(elapsed: float, tau: float) -> float:
    return math.exp(-elapsed / tau) if elapsed > 0 else 1.0


def _checked(tau: float) -> float:
    if not 0 < tau < math.inf:
        fix = "It is the age at which a sample weighs a third; try 10."
        raise ConfigError("tau", got=tau, must="seconds above 0", fix=fix)
    return tau
