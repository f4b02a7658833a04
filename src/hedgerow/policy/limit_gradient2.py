"""A limit that shrinks when requests take longer than they did lately.

Learns from latency, by comparing a slow average with a fast one; feed it one sample a
window (``concurrency.WindowedSamples``).  Netflix's ``Gradient2Limit``
(concurrency-limits)::

    long     = average of the samples: of the first 10 plain, then fading by 2 / 601
    long / rtt > 2      long = 0.95 long: latency is normal again after a long overload
    in_flight < L / 2   as it was: nothing was asked of it
    g        = 1.5 long / rtt, between 0.5 and 1
    L        = 0.8 L + 0.2 (g L + 4), between 20 and 200

A dropped sample has no rtt to go by: g is then 0.5, and the average stays as it is.

Why an average and not the minimum: one lucky fast answer would pull the base line down, and
good requests would be refused for minutes.  The price: the slow average follows any load
that comes slowly enough, and a latency up to 1.5 times the average counts as none at all,
so under a lasting overload the limit drifts up to its most.
"""

from typing import Final

from hedgerow.policy.concurrency import SHORTEST_RTT, require_limit

_PLAIN: Final = 10  # samples averaged plainly before the average fades
_FADING: Final = 2.0 / (600 + 1)


class FadingAverage:
    """The plain mean of the first ``plain`` values, then exponentially fading."""

    __slots__ = ("_count", "_factor", "_plain", "_sum", "value")

    def __init__(self, *, factor: float = _FADING, plain: int = _PLAIN) -> None:
        self._factor = factor
        self._plain = plain
        self._count = 0
        self._sum = 0.0
        self.value = 0.0

    def add(self, sample: float) -> float:
        if self._count < self._plain:
            self._count += 1
            self._sum += sample
            self.value = self._sum / self._count
        else:
            self.value += self._factor * (sample - self.value)
        return self.value


class Gradient2Limit:
    """A slow average of the rtt against the newest."""

    __slots__ = (
        "_estimate",
        "_long",
        "_lowest",
        "_most",
        "_queue",
        "_smoothing",
        "_tolerance",
        "limit",
    )

    def __init__(
        self,
        *,
        initial: int = 20,
        lowest: int = 20,
        most: int = 200,
        smoothing: float = 0.2,
        tolerance: float = 1.5,
        queue: int = 4,
    ) -> None:
        require_limit("initial", initial)
        require_limit("lowest", lowest)
        self._estimate = float(initial)
        self.limit = initial
        self._lowest = lowest
        self._most = most
        self._smoothing = smoothing
        self._tolerance = tolerance
        self._queue = queue
        self._long = FadingAverage()

    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        gradient = 0.5 if dropped else self._compare(rtt)
        if in_flight < self._estimate / 2:
            return
        wanted = self._estimate * gradient + self._queue
        smoothed = self._estimate * (1.0 - self._smoothing) + wanted * self._smoothing
        self._estimate = max(float(self._lowest), min(float(self._most), smoothed))
        self.limit = int(self._estimate)

    def _compare(self, rtt: float) -> float:
        long = self._long.add(rtt)
        if long > 2.0 * rtt:
            self._long.value = long * 0.95
        return max(0.5, min(1.0, self._tolerance * long / max(rtt, SHORTEST_RTT)))
