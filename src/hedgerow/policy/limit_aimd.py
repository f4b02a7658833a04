"""A limit that grows by one and falls by a tenth: additive increase, multiplicative decrease.

Learns from losses alone, as TCP Reno does: a sample that was dropped, or slower than
``timeout``, is a loss.  Must not know windows: feed it every attempt, or one sample a
window.  The rule is Netflix's ``AIMDLimit`` (concurrency-limits)::

    dropped, or rtt > timeout    L = min(L - 1, floor(0.9 L))
    else, if 2 in_flight >= L    L = L + 1

It needs to be told what too slow is, and finds its limit only by going beyond it: the
upstream's queue is as long as the timeout allows.  Good where the upstream itself refuses
early, or where the timeout is known well.
"""

from hedgerow.errors import ConfigError
from hedgerow.policy.concurrency import require_limit


class AIMDLimit:
    """Additive increase, multiplicative decrease."""

    __slots__ = ("_backoff", "_lowest", "_most", "_timeout", "limit")

    def __init__(
        self,
        initial: int = 10,
        *,
        timeout: float = 5.0,
        backoff: float = 0.9,
        lowest: int = 1,
        most: int = 1000,
    ) -> None:
        require_limit("initial", initial)
        require_limit("lowest", lowest)
        if not 0.5 <= backoff < 1.0:
            fix = "It is what a loss leaves of the limit; try 0.9."
            raise ConfigError("backoff", got=backoff, must="0.5 or more, and below 1", fix=fix)
        self.limit = initial
        self._timeout = timeout
        self._backoff = backoff
        self._lowest = lowest
        self._most = most

    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        limit = self.limit
        if dropped or rtt > self._timeout:
            self.limit = max(self._lowest, min(limit - 1, int(limit * self._backoff)))
        elif in_flight * 2 >= limit:
            self.limit = min(self._most, limit + 1)
