"""Many workers as one gateway: what each last said of itself, and those gone left behind.

Totals are those of all workers that there have been, and so never go down.  They are as old
as the last report of each: a second at most while it runs; of one that is killed, what it
counted after its last report is lost.  Must not know where reports are kept, nor how workers
are started.
"""

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from hedgerow.serve.admin.families import Family, counter, gauge, together
from hedgerow.serve.admin.overview import overview_together
from hedgerow.serve.admin.report import Report, decode
from hedgerow.serve.admin.stories import Story, ended_at, newest_first, slowest_first

#: A loop writes four times a second; one that has not for so long (seconds) is stuck.
_SILENT: Final = 2.0
#: The slowest are those of the last twenty minutes, also of workers that are gone.
_SLOW_FOR: Final = datetime.timedelta(minutes=20)
#: A supervisor looks after its workers twice a second; so long without, and it is lost.
_LOST: Final = 30.0

State = Literal["starting", "ready", "draining", "silent"]
_STATES: Final[tuple[State, ...]] = ("starting", "ready", "draining", "silent")


class Reading(Protocol):
    """What stood on the board of one event loop; times are monotonic seconds."""

    @property
    def pid(self) -> int:
        """Of its process; 0: this is what those have counted who are gone."""

    @property
    def slot(self) -> int: ...
    @property
    def generation(self) -> int: ...
    @property
    def is_ready(self) -> bool: ...
    @property
    def is_draining(self) -> bool: ...
    @property
    def clients(self) -> int: ...
    @property
    def accepted(self) -> int: ...
    @property
    def requests(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def utilisation(self) -> float: ...
    @property
    def lag(self) -> float: ...
    @property
    def started(self) -> float: ...
    @property
    def heartbeat(self) -> float: ...
    @property
    def report(self) -> bytes: ...


class Board(Protocol):
    """Where workers write."""

    @property
    def is_ready(self) -> bool:
        """Whether somebody accepts clients, and will go on."""

    @property
    def crashes(self) -> int:
        """How many workers ended that should not have."""

    @property
    def supervisor_seen(self) -> float:
        """When the supervisor was well; monotonic seconds."""

    def readings(self) -> Sequence[Reading]:
        """All that is there."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One process, of one loop or several."""

    number: int
    pid: int
    generation: int
    state: State
    started: float
    loops: int
    clients: int
    requests: int
    rate: float  # requests a second, of late
    utilisation: float  # how many of its loops were busy
    lag: float  # seconds, of the latest loop


class CrewSource:
    """Reads the board whenever it is asked."""

    def __init__(
        self,
        board: Board,
        others: Mapping[str, int],
        wall: Callable[[], datetime.datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``others`` are the pids of processes that are no workers, by what they are called."""
        self._board = board
        self._others = others
        self._wall = wall
        self._clock = clock

    @property
    def is_ready(self) -> bool:
        return self._board.is_ready

    @property
    def is_alive(self) -> bool:
        """Whether somebody is there who replaces workers."""
        return self._clock() - self._board.supervisor_seen < _LOST

    def families(self) -> list[Family]:
        readings = self._board.readings()
        reports = [decode(reading.report) for reading in readings]
        of_crew = self._of_crew(self._workers(readings), reports)
        return [*together(report.families for report in reports), *of_crew]

    def pids(self) -> dict[str, int]:
        """Return those of the workers, of the supervisor, and of this process."""
        workers = _newest(self._workers(self._board.readings()))
        return {**{str(one.number): one.pid for one in workers}, **self._others}

    def overview(self) -> dict[str, Any]:
        readings = self._board.readings()
        reports = [decode(reading.report) for reading in readings]
        told = overview_together([report.overview for report in reports])
        return {
            **told,
            "ready": self._board.is_ready,
            "clients": sum(reading.clients for reading in readings if reading.pid),
            "workers": [self._told(worker) for worker in self._workers(readings)],
            "crashes": self._board.crashes,
            "cut": any(report.is_cut for report in reports),
        }

    def stories(self) -> dict[str, Any]:
        last, slowest, left_out = [], [], 0
        for reading in self._board.readings():
            report = decode(reading.report)
            last.append(_of(reading, report.last))
            slowest.append(_of(reading, report.slowest))
            left_out += report.left_out
        return {
            "last": newest_first(last),
            "slowest": self._of_late(slowest_first(slowest)),
            "left_out": left_out,
        }

    def slowest(self, most: int) -> list[Story]:
        found: list[Story] = self.stories()["slowest"]
        return found[:most]

    def loops(self) -> list[dict[str, Any]]:
        """Return what each loop says; and what those have counted that are gone."""
        return [_loop(reading) for reading in self._board.readings()]

    def _of_late(self, stories: Sequence[Story]) -> list[Story]:
        since = self._wall() - _SLOW_FOR
        return [story for story in stories if ended_at(story) > since]

    def _workers(self, readings: Sequence[Reading]) -> list[Worker]:
        """Put loops together that are of one process; by their place, the oldest first."""
        loops: dict[int, list[Reading]] = {}
        for reading in readings:
            if reading.pid:
                loops.setdefault(reading.pid, []).append(reading)
        workers = [self._worker(own) for own in loops.values()]
        return sorted(workers, key=lambda worker: (worker.number, worker.started))

    def _worker(self, loops: Sequence[Reading]) -> Worker:
        first = loops[0]
        return Worker(
            first.slot + 1,
            first.pid,
            first.generation,
            self._state(loops),
            first.started,
            len(loops),
            sum(loop.clients for loop in loops),
            sum(loop.requests for loop in loops),
            sum(loop.rate for loop in loops),
            sum(loop.utilisation for loop in loops),
            max(loop.lag for loop in loops),
        )

    def _state(self, loops: Sequence[Reading]) -> State:
        now = self._clock()
        if any(now - max(loop.heartbeat, loop.started) > _SILENT for loop in loops):
            return "silent"
        if any(loop.is_draining for loop in loops):
            return "draining"
        return "ready" if all(loop.is_ready for loop in loops) else "starting"

    def _of_crew(self, workers: Sequence[Worker], reports: Sequence[Report]) -> list[Family]:
        states = gauge("workers", "Worker processes, by how they are", "state", rule="sum")
        for state in _STATES:
            states.add((state,), sum(worker.state == state for worker in workers))
        crashes = counter("worker_crashes", "Workers that ended and should not have")
        crashes.add((), self._board.crashes)
        cut = gauge("reports_cut", "Reports that had no room for all numbers", rule="sum")
        cut.add((), sum(report.is_cut for report in reports))
        text = "How many of a worker's loops were busy"
        busy = gauge("worker_utilisation", text, "worker", rule="sum")
        text = "How late its latest loop is"
        lag = gauge("worker_loop_lag_seconds", text, "worker", rule="max")
        text = "Connections of clients that a worker has"
        clients = gauge("worker_client_connections", text, "worker", rule="sum")
        requests = counter("worker_requests", "Requests that came to a worker", "worker")
        for worker in _newest(workers):
            name = (str(worker.number),)
            busy.add(name, worker.utilisation)
            lag.add(name, worker.lag)
            clients.add(name, worker.clients)
            requests.add(name, worker.requests)
        return [states, crashes, cut, busy, lag, clients, requests]

    def _told(self, worker: Worker) -> dict[str, Any]:
        since = self._wall() - datetime.timedelta(seconds=self._clock() - worker.started)
        return {
            "worker": worker.number,
            "pid": worker.pid,
            "state": worker.state,
            "since": since.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "generation": worker.generation,
            "loops": worker.loops,
            "utilisation": round(worker.utilisation, 3),
            "loop_lag_ms": round(worker.lag * 1000, 3),
            "clients": worker.clients,
            "requests": worker.requests,
            "requests_per_s": round(worker.rate, 1),
        }


def _newest(workers: Sequence[Worker]) -> list[Worker]:
    """Return one for each place: while one replaces another there are two."""
    return list({worker.number: worker for worker in workers}.values())


def _of(reading: Reading, stories: Sequence[Story]) -> list[Story]:
    """Say which worker tells them; that is not known of those gone."""
    return [{**story, "worker": reading.slot + 1 if reading.pid else None} for story in stories]


def _loop(reading: Reading) -> dict[str, Any]:
    counted = {"accepted": reading.accepted, "requests": reading.requests}
    if reading.pid == 0:
        return {"gone": True, **counted}
    return {
        "worker": reading.slot + 1,
        "pid": reading.pid,
        "generation": reading.generation,
        "ready": reading.is_ready,
        "clients": reading.clients,
        "utilisation": round(reading.utilisation, 3),
        "lag": round(reading.lag, 4),
        **counted,
    }
