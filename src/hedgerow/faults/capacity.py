"""A service station: so many workers, so long a queue, first come first served.

Decides who starts, who waits and who is refused; must not know what the work is,
nor how long it takes: its caller starts the work, keeps the timer and says when it
is finished.  With it extra load really costs: a hedge takes a worker that somebody
else is waiting for.

::

    arrive --worker free---> RUNNING --finish------------------------> gone
       |                        |    --cancel, if it is noticed------> gone
       |--room in the queue-> QUEUED --worker free--> RUNNING
       |                        |    --cancel, if it is noticed------> gone
       `--neither-----------> refused

*Noticing* a cancelled request is a setting, because real servers differ: many see
that the client has gone only when they write the answer.  A station that does not
notice queues and serves such work to its end, and counts it as *wasted*.

Events that come late or twice (finish after cancel, cancel of a stranger) change
nothing.  Words are those of queueing: *waited* is time in the queue, *busy* is
time on a worker, summed over workers.
"""

import enum
import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from hedgerow.errors import HedgerowBug

Job = TypeVar("Job", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much work goes at once, and how much may wait."""

    workers: int | None = None  # None: as many as come, so that nothing ever waits
    queue: int = 0
    notices_cancel: bool = True


class Admission(enum.Enum):
    """What becomes of a job that arrives."""

    STARTED = enum.auto()  # work on it now
    QUEUED = enum.auto()  # a later finish, cancel or resize says when it starts
    REFUSED = enum.auto()  # turn it away; the station has forgotten it


@dataclass(frozen=True, slots=True)
class StationStatistics:
    """What has happened so far; every job that arrived is in exactly one of the first six."""

    queued: int
    running: int
    finished: int
    cancelled: int  # gone before the end, and the station noticed
    wasted: int  # finished for a client that had gone
    refused: int
    busy_seconds: float
    waited_seconds: float


class Station(Generic[Job]):
    """Workers and a queue; the caller names each job by any hashable value."""

    __slots__ = (
        "_busy",
        "_cancelled",
        "_finished",
        "_notices_cancel",
        "_places",
        "_queue_room",
        "_queued",
        "_refused",
        "_running",
        "_unwanted",
        "_waited",
        "_wasted",
    )  # fmt: skip

    def __init__(self, capacity: Capacity) -> None:
        self._set(capacity)
        self._running: dict[Job, float] = {}  # since when
        self._queued: OrderedDict[Job, float] = OrderedDict()  # since when, oldest first
        self._unwanted: set[Job] = set()  # cancelled, and nobody here has noticed
        self._finished = self._cancelled = self._wasted = self._refused = 0
        self._busy = self._waited = 0.0

    def arrive(self, now: float, job: Job) -> Admission:
        """Take a job in, or refuse it."""
        if job in self._running or job in self._queued:
            raise HedgerowBug(f"job {job!r} arrived twice at a station")
        if len(self._running) < self._places:
            self._running[job] = now
            return Admission.STARTED
        if len(self._queued) < self._queue_room:
            self._queued[job] = now
            return Admission.QUEUED
        self._refused += 1
        return Admission.REFUSED

    def finish(self, now: float, job: Job) -> Job | None:
        """Take a job off its worker; the job returned starts now."""
        if not self._leave(now, job):
            return None
        if job in self._unwanted:
            self._unwanted.remove(job)
            self._wasted += 1
        else:
            self._finished += 1
        return self._start_next(now)

    def cancel(self, now: float, job: Job) -> Job | None:
        """Note that a job's client has gone; the job returned starts now.

        Where cancelling is noticed the caller stops working on ``job``; where not, it
        works on, and the job may even start later.
        """
        if job not in self._running and job not in self._queued:
            return None
        if not self._notices_cancel:
            self._unwanted.add(job)
            return None
        # A job may have been cancelled before the station began to notice: it goes now.
        self._unwanted.discard(job)
        self._cancelled += 1
        if self._leave(now, job):
            return self._start_next(now)
        self._waited += now - self._queued.pop(job)
        return None

    def resize(self, now: float, capacity: Capacity) -> tuple[Job, ...]:
        """Change the capacity while jobs are here; the jobs returned start now.

        A smaller station throws nobody out: what runs or waits stays.
        """
        self._set(capacity)
        starting = []
        while (job := self._start_next(now)) is not None:
            starting.append(job)
        return tuple(starting)

    def statistics(self, now: float) -> StationStatistics:
        """Return the counts, with the time of what is still running or waiting."""
        return StationStatistics(
            queued=len(self._queued),
            running=len(self._running),
            finished=self._finished,
            cancelled=self._cancelled,
            wasted=self._wasted,
            refused=self._refused,
            busy_seconds=self._busy + sum(now - since for since in self._running.values()),
            waited_seconds=self._waited + sum(now - since for since in self._queued.values()),
        )

    def _set(self, capacity: Capacity) -> None:
        self._places = math.inf if capacity.workers is None else capacity.workers
        self._queue_room = capacity.queue
        self._notices_cancel = capacity.notices_cancel

    def _leave(self, now: float, job: Job) -> bool:
        since = self._running.pop(job, None)
        if since is None:
            return False
        self._busy += now - since
        return True

    def _start_next(self, now: float) -> Job | None:
        if not self._queued or len(self._running) >= self._places:
            return None
        job, since = self._queued.popitem(last=False)
        self._waited += now - since
        self._running[job] = now
        return job
