"""A limit that keeps the upstream's queue at a few requests, after TCP Vegas.

Learns from latency: the shortest rtt seen is what an idle upstream takes, and what a
sample takes above it was spent in a queue, whose length then follows from Little's law.
Netflix's ``VegasLimit`` (concurrency-limits), with l = max(1, floor(log10 L))::

    queue = ceil(L (1 - shortest / rtt))
    dropped             L - l
    2 in_flight < L     as it was: nothing was asked of it
    queue <= l          L + 6 l
    queue < 3 l         L + l
    queue > 6 l         L - l
    then                L = (1 - smoothing) L + smoothing (the above)

The shortest rtt is forgotten every ``30 L`` samples (times a jitter of 0.5 to 1, so that
gateways do not forget together), because an upstream may have become slower for good.  The
price is that under a lasting overload the next sample, with its time in the queue, becomes
the new shortest, and the limit creeps up.

One thing differs from the original: a dropped sample is never the shortest, because a fast
refusal is no fast answer.
"""

import math
import random

from hedgerow.policy.concurrency import SHORTEST_RTT, require_limit


class VegasLimit:
    """A few requests in the upstream's queue, no more."""

    __slots__ = (
        "_alpha",
        "_beta",
        "_estimate",
        "_jitter",
        "_most",
        "_random",
        "_samples",
        "_shortest",
        "_smoothing",
        "limit",
    )

    def __init__(
        self,
        randomness: random.Random,
        *,
        initial: int = 20,
        most: int = 1000,
        smoothing: float = 1.0,
        alpha: int | None = None,  # None: 3 l
        beta: int | None = None,  # None: 6 l
    ) -> None:
        require_limit("initial", initial)
        self._random = randomness
        self._estimate = float(initial)
        self.limit = initial
        self._most = most
        self._smoothing = smoothing
        self._alpha = alpha
        self._beta = beta
        self._shortest: float | None = None
        self._samples = 0
        self._jitter = randomness.uniform(0.5, 1.0)

    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        if dropped:
            self._move_to(self._estimate - self._step)
            return
        rtt = max(rtt, SHORTEST_RTT)
        self._samples += 1
        if self._samples >= self._jitter * 30 * self._estimate:
            self._jitter = self._random.uniform(0.5, 1.0)
            self._samples = 0
            self._shortest = rtt
        elif self._shortest is None or rtt < self._shortest:
            self._shortest = rtt
        elif in_flight * 2 >= self._estimate:
            self._adjust(math.ceil(self._estimate * (1.0 - self._shortest / rtt)))

    @property
    def _step(self) -> int:
        return max(1, int(math.log10(self._estimate)))

    def _adjust(self, queue: int) -> None:
        step = self._step
        alpha = 3 * step if self._alpha is None else self._alpha
        beta = 6 * step if self._beta is None else self._beta
        if queue <= step:
            self._move_to(self._estimate + beta)
        elif queue < alpha:
            self._move_to(self._estimate + step)
        elif queue > beta:
            self._move_to(self._estimate - step)

    def _move_to(self, wanted: float) -> None:
        bounded = max(1.0, min(float(self._most), wanted))
        self._estimate += self._smoothing * (bounded - self._estimate)
        self.limit = int(self._estimate)
