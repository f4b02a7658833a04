"""How many requests may be in flight to one upstream: what a limit is, and its samples.

Decides a number; ``admission`` uses it.  Must not know queues, clocks, HTTP or who the
upstream is.  Feed it samples, read ``limit``.  The adaptive laws stand in ``limit_aimd``,
``limit_vegas``, ``limit_gradient2`` and ``limit_min_rtt``; docs/decisions/0015 says which
one is the default, and why.

Words: *rtt* is the time of one attempt in seconds, from dispatch to its end; *in flight*
counts the attempts at that time, its own included; *dropped* says that it ended as an
overloaded upstream's do (timed out, reset, refused), so that its rtt says nothing.
An attempt that we cancelled is no sample at all.

:class:`WindowedSamples` stands before a law that wants one sample a window (Netflix,
concurrency-limits ``WindowedLimit``): the mean rtt and the most in flight of at least a
second and at least ten samples.  Three things differ from the original, for a gateway:
a window that is too thin stays open instead of being thrown away, or a quiet upstream
would never be learnt from; a dropped request does not enter the mean, or fast refusals
would look like a fast upstream; and a window is dropped only when one in twenty of its
requests was, or one error in a thousand would hold a busy upstream at its lowest limit.
"""

from typing import Final, Protocol

from hedgerow.errors import ConfigError

#: A network round trip inside one machine takes longer: such an answer came from a cache, or
#: was a refusal (Netflix: ``minRttThreshold``).
SHORTEST_RTT: Final = 100e-6


class ConcurrencyLimit(Protocol):
    """What admission needs of a limit."""

    limit: int

    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        """One attempt has ended; ``limit`` may change."""


class FixedLimit:
    """A number, whatever happens."""

    __slots__ = ("limit",)

    def __init__(self, limit: int) -> None:
        require_limit("limit", limit)
        self.limit = limit

    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        """Nothing to learn."""


class WindowedSamples:
    """One sample a window for the law behind it."""

    __slots__ = (
        "_at_least",
        "_closes_at",
        "_count",
        "_dropped",
        "_law",
        "_most_in_flight",
        "_sum",
        "_tolerated",
        "_window",
        "limit",
    )

    def __init__(
        self,
        law: ConcurrencyLimit,
        *,
        window: float = 1.0,
        at_least: int = 10,
        tolerated_drops: float = 0.05,
    ) -> None:
        self._law = law
        self._window = window
        self._at_least = at_least
        self._tolerated = tolerated_drops
        self.limit = law.limit
        self._closes_at: float | None = None
        self._count = self._dropped = self._most_in_flight = 0
        self._sum = 0.0

    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        if rtt < SHORTEST_RTT and not dropped:
            return
        if self._closes_at is None:
            self._closes_at = now + self._window
        if dropped:
            self._dropped += 1
        else:
            self._sum += rtt
        self._count += 1
        self._most_in_flight = max(self._most_in_flight, in_flight)
        if now >= self._closes_at and self._count >= self._at_least:
            self._close(now, rtt)

    def _close(self, now: float, last_rtt: float) -> None:
        good = self._count - self._dropped
        mean = self._sum / good if good else last_rtt
        dropped = self._dropped > self._tolerated * self._count
        most = self._most_in_flight
        self._closes_at = now + self._window
        self._empty()
        self._law.sample(now, mean, most, dropped=dropped)
        self.limit = self._law.limit

    def _empty(self) -> None:
        self._count = self._dropped = self._most_in_flight = 0
        self._sum = 0.0


def require_limit(where: str, limit: int) -> None:
    """Refuse a limit that would let nothing through."""
    if limit < 1:
        fix = "It is how many requests may be in flight at once; try 20."
        raise ConfigError(where, got=limit, must="1 or more", fix=fix)
