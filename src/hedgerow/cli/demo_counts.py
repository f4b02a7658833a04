"""What came of a demo's requests: counts by how they ended, and how long they took.

Fed with the samples of the load engine, in any order; asked for :class:`Results` at any
time, also while the run goes on.  Must not know how requests are sent, nor clocks.

*In time* is a good answer within the deadline, counted from when it was due.  *Late* is
a good answer after that.  Everything else has failed, however quick it was.

The latencies are those of every request that ended, well or not, with a request that
was given up counting as long as it was waited for: leaving failures out would make a
target that gives up on its slow requests look fast.
"""

import collections
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hedgerow.load.batch import Sample
from hedgerow.load.outcome import Outcome
from hedgerow.measure import Histogram


@dataclass(frozen=True, slots=True)
class Results:
    """A run so far.  Histograms are in microseconds, and belong to whoever asked."""

    in_time: int
    late: int
    failures: Mapping[str, int]  # by kind ("status 503", "reset"), the most frequent first
    size: int  # bytes of all answers, heads included
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
    def sent(self) -> int:
        """How many of those that ended had reached a connection."""
        return self.send_lags.count

    @property
    def share_in_time(self) -> float:
        """In time, of all that have ended; 0 when none has."""
        return self.in_time / self.ended if self.ended else 0.0


class Counts:
    """Counts samples."""

    def __init__(self, deadline: float) -> None:
        self._deadline_ns = round(deadline * 1e9)
        self._in_time = 0
        self._late = 0
        self._failures: collections.Counter[str] = collections.Counter()
        self._size = 0
        self._latencies = Histogram()
        self._send_lags = Histogram()

    def add(self, samples: Iterable[Sample]) -> None:
        """Count more of them."""
        for sample in samples:
            self._add(sample)

    def results(self) -> Results:
        """Return everything counted so far."""
        return Results(
            in_time=self._in_time,
            late=self._late,
            failures=dict(self._failures.most_common()),
            size=self._size,
            latencies=self._latencies.copy(),
            send_lags=self._send_lags.copy(),
        )

    def _add(self, sample: Sample) -> None:
        outcome = Outcome(sample.outcome)
        self._size += sample.bytes_in
        if sample.service >= 0:  # it was sent
            self._send_lags.record(_microseconds(sample.lateness + sample.backlog))
        if outcome is not Outcome.UNFINISHED:
            self._latencies.record(_microseconds(sample.response))
        if outcome is not Outcome.OK:
            self._failures[_kind(outcome, sample.status)] += 1
        elif sample.response <= self._deadline_ns:
            self._in_time += 1
        else:
            self._late += 1


def _kind(outcome: Outcome, status: int) -> str:
    """Name a kind of failure, in words."""
    return f"status {status}" if outcome.is_answer else outcome.value.replace("_", " ")


def _microseconds(nanoseconds: int) -> int:
    return round(nanoseconds / 1000)
