"""The shards' frames put together: one frame an interval for all of them.

An interval is closed when every shard has told of it, or after ``PATIENCE``; what comes
later is not lost, it goes with the next one.  A shard that is silent is not waited for.
Frames are sorted by the plan's time and not by their number, because a shard that stood
still tells of several intervals in one frame.  At the end each shard gives the sum of all
that it did, and what its frames did not tell is added: totals are never short.

Must not know how frames travel, nor clocks: whoever calls says what time it is (seconds of
any steady clock).

    take    a frame has come
    settle  a shard has ended and given its sum
    lose    a shard will tell nothing any more
    due     the intervals that are to be closed now, as frames
    finish  the last one, with all that is left
"""

import bisect
from collections.abc import Iterable
from typing import Final

from hedgerow.load.book import Frame
from hedgerow.load.cluster.teller import Teller
from hedgerow.load.plan import LoadPlan, frame_ends

#: Seconds for which an interval waits for frames, from when the first shard told of it.
PATIENCE: Final = 2.0
_TINY: Final = 1e-3  # seconds: no interval is shorter


class Intervals:
    """The plan's frames as numbers from 1, by the time at which they end."""

    def __init__(self, plan: LoadPlan) -> None:
        self._more = frame_ends(plan)
        self._ends = [0.0, next(self._more)]

    def end(self, number: int) -> float:
        """When an interval ends, in seconds of the plan."""
        while len(self._ends) <= number:
            self._ends.append(next(self._more))
        return self._ends[number]

    def of(self, frame: Frame) -> int:
        """Which interval a frame tells of: the one that ended at its end.

        A shard's last frame ends at any time.  It is of the interval in which most of it
        lies, so that what ended a tick after an interval is in that interval.
        """
        while self._ends[-1] <= frame.at:
            self._ends.append(next(self._more))
        ended = bisect.bisect_right(self._ends, frame.at + 1e-6) - 1
        if frame.is_last and frame.at - self._ends[ended] > frame.seconds / 2:
            ended += 1
        return max(1, ended)


class Merging:
    """The frames of one run, from as many shards."""

    def __init__(self, plan: LoadPlan, shards: int, now: float) -> None:
        """``now`` is the plan's beginning."""
        self.tellers = [Teller(now) for _ in range(shards)]
        self._intervals = Intervals(plan)
        self._began = now
        self._waiting: dict[int, list[Frame]] = {}  # by interval
        self._told_at: dict[int, float] = {}  # when the first shard told of it
        self._late = Frame(0, 0, 0.0, 0.0)  # goes with the next one
        self._next = 1  # the interval that is to be closed next
        self._number = 0
        self._closed_at = 0.0

    def missing(self, now: float) -> frozenset[int]:
        """Shards that were lost, or are silent."""
        return frozenset(
            number for number, teller in enumerate(self.tellers) if teller.is_missing(now)
        )

    def take(self, now: float, frame: Frame) -> None:
        """Take a shard's frame."""
        teller = self.tellers[frame.shard]
        if not teller.take(now, frame):
            return
        interval = self._intervals.of(frame)
        teller.interval = max(teller.interval, interval)
        if interval < self._next:
            _add(self._late, frame)
            return
        self._waiting.setdefault(interval, []).append(frame)
        self._told_at.setdefault(interval, now)

    def settle(self, shard: int, whole: Frame) -> None:
        """Take a shard's sum; ValueError: it is less than what its frames told."""
        warm_up, measured = self.tellers[shard].settle(whole)
        self._late.warm_up.merge(warm_up)
        self._late.measured.merge(measured)

    def lose(self, shard: int) -> None:
        """Expect nothing more of a shard; what it told stays."""
        self.tellers[shard].lose()

    def due(self, now: float) -> list[Frame]:
        """Close every interval that need not wait any longer."""
        frames = []
        while self._can_close(now):
            frame = self._closed([self._next])
            self._next += 1
            if frame is not None:
                frames.append(frame)
        return frames

    def finish(self, now: float) -> Frame:
        """Close all that is left: the last frame."""
        left = sorted(self._waiting)
        ended = max((teller.latest.at for teller in self.tellers if teller.latest), default=0.0)
        # Where nothing was told of it, the time in which we waited.
        at = ended if ended > self._closed_at + _TINY else now - self._began
        frame = self._merged(left, max(at, self._closed_at + _TINY))
        frame.is_last = True
        return frame

    # --- closing ---

    def _can_close(self, now: float) -> bool:
        interval = self._next
        latest = max(self._waiting, default=0)
        if latest < interval:
            return False  # nobody has told of it, nor of a later one
        awaited = [teller for teller in self.tellers if teller.is_awaited(now)]
        if not awaited and interval == latest:
            return False  # the last one is finish()'s, with all sums
        if all(teller.interval >= interval for teller in awaited):
            return True
        first = min(at for number, at in self._told_at.items() if number >= interval)
        return now - first >= PATIENCE

    def _closed(self, intervals: list[int]) -> Frame | None:
        """Put one interval together; None: it has no time of its own, and goes with the next."""
        frames = self._waiting.get(intervals[0], [])
        going_on = [frame.at for frame in frames if not frame.is_last]
        if going_on:
            at = min(going_on)  # the nearest to the plan's; a stalled shard's comes later
        elif frames:
            at = max(frame.at for frame in frames)
        else:
            return None
        if at < self._closed_at + _TINY:
            for frame in frames:
                _add(self._late, frame)
            self._forget(intervals)
            return None
        return self._merged(intervals, at)

    def _merged(self, intervals: list[int], at: float) -> Frame:
        merged = self._late
        self._late = Frame(0, 0, 0.0, 0.0)
        for interval in intervals:
            for frame in self._waiting.get(interval, []):
                _add(merged, frame)
        self._forget(intervals)
        merged.number, self._number = self._number, self._number + 1
        merged.at, merged.seconds = at, at - self._closed_at
        self._closed_at = at
        running = [
            teller.latest
            for teller in self.tellers
            if teller.latest is not None and not teller.is_lost
        ]
        merged.users = sum(frame.users for frame in running)
        merged.in_flight = sum(frame.in_flight for frame in running)
        merged.backlog = sum(frame.backlog for frame in running)
        merged.connections = sum(frame.connections for frame in running)
        merged.health.memory = sum(frame.health.memory for frame in running)
        merged.lost_processes = sum(frame.lost_processes for frame in running)
        return merged

    def _forget(self, intervals: Iterable[int]) -> None:
        for interval in intervals:
            self._waiting.pop(interval, None)
            self._told_at.pop(interval, None)


def _add(merged: Frame, frame: Frame) -> None:
    """Add what a shard's frame counted, and how its machine was doing: the worst of all."""
    merged.warm_up.merge(frame.warm_up)
    merged.measured.merge(frame.measured)
    whole, health = merged.health, frame.health
    whole.cpu += health.cpu
    whole.loop_lag.merge(health.loop_lag)
    whole.gc_pause = max(whole.gc_pause, health.gc_pause)
    whole.steal = max(whole.steal, health.steal)
    whole.throttled = max(whole.throttled, health.throttled)
    whole.idle = _least(whole.idle, health.idle)
    whole.descriptors_short |= health.descriptors_short
    whole.ports_short |= health.ports_short


def _least(one: float | None, other: float | None) -> float | None:
    known = [share for share in (one, other) if share is not None]
    return min(known, default=None)
