"""What is counted while a simulation goes on.

Counts requests that arrived after the warm-up, whenever they end; must not know the policy
nor how upstreams behave.  They are counted in *batches* by their arrival, each with a
histogram of its own: how far the batches differ says how far chance may have moved a figure
(*batch means*, the usual way where one request's wait depends on the last one's).
"""

from hedgerow.measure import Histogram
from hedgerow.policy.priorities import MOST_URGENT

#: Enough for a standard error good to a sixth, few enough that each sees a tail.
BATCHES = 20


class Batch:
    """The requests that arrived in one part of the run, and how they ended."""

    __slots__ = ("failed", "histogram", "ok", "refused", "seconds", "urgent", "urgent_ok")

    def __init__(self) -> None:
        self.histogram = Histogram()  # of response times, in microseconds
        self.seconds = 0.0  # the exact sum of them, which the histogram rounds
        self.ok = 0
        self.failed = 0
        self.refused = 0  # not let in; they have no response time
        self.urgent = 0  # of all, those that matter most
        self.urgent_ok = 0

    def ended(self, seconds: float, *, ok: bool) -> None:
        """Count a request that took so long."""
        self.seconds += seconds
        self.histogram.record(int(seconds * 1e6 + 0.5))
        if ok:
            self.ok += 1
        else:
            self.failed += 1

    def refuse(self, priority: int) -> None:
        """Count a request that was not let in."""
        self.refused += 1
        self.note_urgency(priority, ok=False)

    def note_urgency(self, priority: int, *, ok: bool) -> None:
        """Count a request once more if it is one that matters most."""
        if priority == MOST_URGENT:
            self.urgent += 1
            self.urgent_ok += ok


class Recorder:
    """The batches so far; without one, nothing counts yet."""

    __slots__ = ("_batch_size", "_ends_at", "batches", "current", "warm_up")

    def __init__(self, *, total: int, warm_up: int) -> None:
        self.warm_up = warm_up  # so many requests come before it counts
        self._batch_size = (total - warm_up) / BATCHES
        self._ends_at = float(warm_up)
        self.batches: list[Batch] = []
        self.current: Batch | None = None

    def arrived(self, number: int) -> None:
        """Open the next batch when request ``number`` (from 0) is the first one of it."""
        if number >= self._ends_at:
            self._ends_at += self._batch_size
            self.current = Batch()
            self.batches.append(self.current)
