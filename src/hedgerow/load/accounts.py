"""Sorts what generator processes tell into books, and closes a frame every second.

One per shard.  Must not know where the batches come from, nor clocks: whoever calls says
what time it is.
"""

import collections
from collections.abc import Callable

from hedgerow.load.batch import Batch, Sample, plain_times
from hedgerow.load.book import Book, Frame, Health, Track
from hedgerow.load.outcome import Outcome
from hedgerow.measure import Histogram

_OK = Outcome.OK.value
_UNFINISHED = Outcome.UNFINISHED.value
#: Where such a request was not sent, no connection was there for it.
_NOT_IN_TIME = (_UNFINISHED, Outcome.DEADLINE.value, Outcome.TIMEOUT.value)
_SECOND = 1e-9  # of a nanosecond


class Accounts:
    """The books of one shard's current second, and what its processes said of themselves."""

    def __init__(
        self, shard: int, plain_label: str, heard: Callable[[Sample], None] | None = None
    ) -> None:
        """``plain_label`` is the plain requests'; ``heard`` is given every measured sample."""
        self._shard = shard
        self._plain_label = plain_label
        self._heard = heard
        self._number = 0
        self._frame = Frame(shard, 0, 0.0, 0.0)
        self._latest: dict[int, Batch] = {}  # of each process
        self._loop_lag = Histogram()
        self._gc_pause = 0
        self._told_at = 0.0  # when the last batch of any process was made
        self._closed_at = 0.0
        self.complaint = ""

    def take(self, process: int, batch: Batch) -> None:
        """Sort one batch in."""
        before = self._latest.get(process, batch)
        self._latest[process] = batch
        self._take_plain(batch, before)
        for sample in batch.samples:
            self._take_sample(sample)
        book = self._frame.warm_up if batch.is_warm_up else self._frame.measured
        book.connections_opened += batch.opened
        for _, took in batch.iterations:
            self._frame.measured.iterations.record(took // 1000)
        self._loop_lag.record_all(batch.loop_lag)
        self._gc_pause = max(self._gc_pause, batch.gc_pause)
        self._told_at = max(self._told_at, batch.at * _SECOND)  # the processes take turns
        self.complaint = self.complaint or batch.complaint

    def forget(self, process: int) -> None:
        """A process is lost: its users and connections are gone."""
        self._latest.pop(process, None)

    @property
    def told_at(self) -> float:
        """When the last batch was made, in seconds of the plan."""
        return self._told_at

    def close(self, health: Health, *, is_last: bool = False) -> Frame:
        """Return what happened since the last frame, and begin the next."""
        frame, latest = self._frame, self._latest.values()
        frame.at = self._told_at
        frame.seconds = frame.at - self._closed_at
        self._closed_at = frame.at
        frame.users = sum(batch.users for batch in latest)
        frame.in_flight = sum(batch.in_flight for batch in latest)
        frame.backlog = sum(batch.backlog for batch in latest)
        frame.connections = sum(batch.connections for batch in latest)
        health.loop_lag = self._loop_lag
        health.gc_pause = self._gc_pause * _SECOND
        health.descriptors_short = any(batch.descriptors_short for batch in latest)
        health.ports_short = any(batch.ports_short for batch in latest)
        frame.health = health
        frame.is_last = is_last
        self._number += 1
        self._frame = Frame(self._shard, self._number, 0.0, 0.0)
        self._loop_lag = Histogram()
        self._gc_pause = 0
        return frame

    # --- sorting ---

    def _take_plain(self, batch: Batch, before: Batch) -> None:
        times = plain_times(batch)
        if not times:
            return
        book = self._frame.warm_up if batch.is_warm_up else self._frame.measured
        track = book.track(self._plain_label)
        # Equal times first counted in C: 90 ns a request instead of 300.
        counted = collections.Counter([time // 1000 for time in times])
        track.plain.record_counts(counted)
        by_millisecond: collections.Counter[int] = collections.Counter()
        for time, count in counted.items():
            by_millisecond[time // 1000] += count
        track.tally.add_counted(
            by_millisecond,
            # The first request on a connection is a sample and exact.  These came after it, or
            # after the warm-up: since the batch before.
            first_start=before.at * _SECOND,
            last_end=batch.plain_until * _SECOND,
        )
        book.ok += len(times)
        book.sent += len(times)
        track.bytes_out += batch.plain_bytes_out
        for status, count, size in batch.plain_counts:
            book.status_codes[status] = book.status_codes.get(status, 0) + count
            track.bytes_in += size

    def _take_sample(self, sample: Sample) -> None:
        book = self._frame.warm_up if sample.is_warm_up else self._frame.measured
        track = book.track(sample.label)
        if sample.outcome == _OK:
            book.ok += 1
            track.ok.record(sample.response // 1000)
        else:
            _count_failure(book, track, sample)
            track.failed.record(sample.response // 1000)
        book.sent += sample.service >= 0
        book.shed += sample.service < 0 and sample.outcome in _NOT_IN_TIME
        if sample.status:
            book.status_codes[sample.status] = book.status_codes.get(sample.status, 0) + 1
        _record_parts(track, sample)
        start = sample.began * _SECOND
        track.tally.add(
            sample.response // 1_000_000,
            start=start,
            end=start + sample.response * _SECOND,
            failed=sample.outcome != _OK,
        )
        track.bytes_in += sample.bytes_in
        track.bytes_out += sample.bytes_out
        if self._heard is not None and not sample.is_warm_up:
            self._heard(sample)


def _record_parts(track: Track, sample: Sample) -> None:
    if sample.service >= 0:
        track.service.record(sample.service // 1000)
    if sample.ttfb >= 0:
        track.ttfb.record(sample.ttfb // 1000)
    if sample.connect >= 0:
        track.connect.record(sample.connect // 1000)
    if sample.lateness >= 0:
        track.lateness.record(sample.lateness // 1000)
        track.backlog.record(sample.backlog // 1000)
        track.send_lag.record((sample.lateness + sample.backlog) // 1000)


def _count_failure(book: Book, track: Track, sample: Sample) -> None:
    book.failed += 1
    book.unfinished += sample.outcome == _UNFINISHED
    for errors in (book.errors, track.errors):
        errors[sample.outcome] = errors.get(sample.outcome, 0) + 1
    book.error_samples.setdefault(sample.outcome, f"{sample.label}: {sample.detail}")
