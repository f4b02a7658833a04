"""What came of all requests of a run: counts by ending, and how long they took.

Fed with finished samples, in any order; asked for :class:`Results` at any time, also
while the run goes on.  Must not know how requests are sent, nor clocks.

*In time* is a good answer within the deadline, counted from when it was due.  *Late* is
a good answer after that.  Everything else has failed, however quick it was.

The latencies are those of every request that ended, well or not, with a request that
was given up counting as long as it was waited for: leaving failures out would make a
target that gives up on its slow requests look fast.
"""

import collections
from collections.abc import Mapping
from dataclasses import dataclass

from hedgerow.load.sample import Ending, Sample
from hedgerow.measure import Histogram


@dataclass(frozen=True, slots=True)
class Results:
    """A run so far.  Histograms are in microseconds, and belong to whoever asked."""

    in_time: int
    late: int
    failures: Mapping[str, int]  # by kind ("status 503", "reset"), the most frequent first
    size: int  # bytes of all bodies
    latencies: Histogram
    send_lags: Histogram

    @property
    def failed(self) -> int:
        """How many requests ended without a good answer."""
        return sum(self.failures.values())

    @property
    def ended(self) -> int:
        """How many requests have ended, in whatever way."""
        return self.in_time + self.late + self.failed

    @property
    def share_in_time(self) -> float:
        """In time, of all that have ended; 0 when none has."""
        return self.in_time / self.ended if self.ended else 0.0


class Recorder:
    """Counts finished samples."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._in_time = 0
        self._late = 0
        self._failures: collections.Counter[str] = collections.Counter()
        self._size = 0
        self._latencies = Histogram()
        self._send_lags = Histogram()

    def record(self, sample: Sample) -> None:
        """Count one finished sample."""
        if sample.ending is None or sample.ended_at is None:
            raise ValueError(f"sample {sample.number} = unfinished: must have ended to be recorded")
        latency = sample.ended_at - sample.due_at
        self._size += sample.size
        if sample.sent_at is not None:
            self._send_lags.record(_microseconds(sample.sent_at - sample.due_at))
        if sample.ending is not Ending.UNFINISHED:
            self._latencies.record(_microseconds(latency))
        if sample.ending is not Ending.ANSWERED:
            self._failures[_kind(sample)] += 1
        elif latency <= self._deadline:
            self._in_time += 1
        else:
            self._late += 1

    def results(self) -> Results:
        """Return everything recorded so far."""
        return Results(
            in_time=self._in_time,
            late=self._late,
            failures=dict(self._failures.most_common()),
            size=self._size,
            latencies=self._latencies.copy(),
            send_lags=self._send_lags.copy(),
        )


def _kind(sample: Sample) -> str:
    if sample.ending is Ending.STATUS:
        return f"status {sample.status}"
    return sample.ending.value if sample.ending is not None else ""


def _microseconds(seconds: float) -> int:
    return round(seconds * 1e6)
