"""How long the requests of a route took, in the buckets of a Prometheus histogram.

Counts and must not know who reads.  Costs half a microsecond a request, where somebody may ask.
"""

import math
from bisect import bisect_left
from typing import Final

#: Seconds.  Steps of 2 to 2.5, from what a local upstream takes to the default deadline and
#: twice that: promises are usually made at one of these numbers.
BOUNDS: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip


class Durations:
    """Of one route: from a request's arrival to the end of its answer."""

    __slots__ = ("_above", "_last", "_up_to", "classes", "counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)  # in each bucket; the last has no bound
        self.sum = 0.0  # seconds
        # The bucket that was counted in last: mostly the next one, too.
        self._last = 0
        self._above, self._up_to = -math.inf, BOUNDS[0]
        #: By the first digit of the status; 0: the client left before an answer began.
        self.classes = [0] * 10  # an upstream may send any three digits

    def record(self, seconds: float, status: int) -> None:
        """Note a request that is over."""
        if not self._above < seconds <= self._up_to:
            self._last = at = bisect_left(BOUNDS, seconds)
            self._above = BOUNDS[at - 1] if at else -math.inf
            self._up_to = BOUNDS[at] if at < len(BOUNDS) else math.inf
        self.counts[self._last] += 1
        self.sum += seconds
        self.classes[status // 100] += 1
