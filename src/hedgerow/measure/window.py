"""Counts and quantiles of the last N seconds.

Remembers what happened lately and forgets the rest; it must not know what is
counted or what is decided with it.  Time comes in as ``now`` (seconds, any epoch).

The window is cut into slots, aligned to multiples of their width.  The newest slot
is still filling, so a reading covers the window less up to one slot::

    |--slot--|--slot--|--slot--|--now
    forgotten ->  [  window of 3 slots ]

Gaps of any length are harmless: the slot is worked out from ``now`` itself, never
by adding widths to where the window was, and at most the whole window is cleared.
(linkerd's ``breaker/success_rate.rs`` has a test for a gap that once wedged such a
window for good.)  A ``now`` that is late counts in the newest slot.

Why slots of exact counts and not a decaying average: a burst of failures shows in
full at once and is gone after N seconds, whatever the traffic was.  Why slots and
not a list of times: memory that does not grow with traffic.
"""

import math
from collections import deque

from hedgerow.errors import ConfigError
from hedgerow.measure.histogram import Histogram
from hedgerow.measure.layout import BucketLayout

# Two digits (1 %) are plenty to decide by, and need a seventh of the memory of three.
_WINDOW_LAYOUT = BucketLayout(digits=2)


class _Slots:
    """Which slot is the newest; says how many have begun since it was last asked."""

    __slots__ = ("_count", "_newest", "_width", "ends_at")

    def __init__(self, window: float, count: int) -> None:
        if not 0 < window < math.inf:
            raise ConfigError("window", got=window, must="seconds above 0", fix="Try 10.")
        if count < 1:
            raise ConfigError("slots", got=count, must="1 or more", fix="Try 10.")
        self._count = count
        self._width = window / count
        self._newest: int | None = None
        self.ends_at = -math.inf  # before this time nothing needs doing

    def begun(self, now: float) -> int:
        """How many slots of the window are new, and thus must be emptied."""
        number = math.floor(now / self._width)
        previous = self._newest
        if previous is not None and number <= previous:
            return 0
        self._newest = number
        self.ends_at = (number + 1) * self._width
        return self._count if previous is None else min(number - previous, self._count)


class WindowedCount:
    """How often something happened in the last ``window`` seconds."""

    __slots__ = ("_counts", "_slots", "_total")

    def __init__(self, *, window: float, slots: int = 10) -> None:
        self._slots = _Slots(window, slots)
        self._counts = deque([0] * slots, maxlen=slots)  # newest last
        self._total = 0

    def add(self, now: float, amount: int = 1) -> None:
        if now >= self._slots.ends_at:
            self._forget(now)
        self._counts[-1] += amount
        self._total += amount

    def total(self, now: float) -> int:
        if now >= self._slots.ends_at:
            self._forget(now)
        return self._total

    def _forget(self, now: float) -> None:
        for _ in range(self._slots.begun(now)):
            self._total -= self._counts[0]
            self._counts.append(0)  # the oldest falls out


class WindowedHistogram:
    """How the values of the last ``window`` seconds were distributed.

    A reading adds up the slots (some 100 us each): take one now and then, not once a
    request.
    """

    __slots__ = ("_histograms", "_layout", "_newest", "_slots")

    def __init__(
        self, *, window: float, slots: int = 5, layout: BucketLayout = _WINDOW_LAYOUT
    ) -> None:
        self._slots = _Slots(window, slots)
        self._layout = layout
        self._histograms = deque(Histogram(layout) for _ in range(slots))  # newest last
        self._newest = self._histograms[-1]

    def record(self, now: float, value: int) -> None:
        if now >= self._slots.ends_at:
            self._forget(now)
        self._newest.record(value)

    def snapshot(self, now: float) -> Histogram:
        """All that the window holds, as one histogram of its own."""
        if now >= self._slots.ends_at:
            self._forget(now)
        whole = Histogram(self._layout)
        for histogram in self._histograms:
            whole.merge(histogram)
        return whole

    def quantile(self, now: float, quantile: float, *, at_least: int = 1) -> int | None:
        """The quantile, or None when fewer than ``at_least`` values are there to say it."""
        whole = self.snapshot(now)
        return whole.quantile(quantile) if whole.count >= max(1, at_least) else None

    def _forget(self, now: float) -> None:
        for _ in range(self._slots.begun(now)):
            self._histograms.rotate(-1)  # the oldest becomes the newest
            self._histograms[-1].reset()
        self._newest = self._histograms[-1]
