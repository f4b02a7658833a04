"""The processes of the workers: forked, listened to, and collected.

Must not know why one is started, nor what follows from its end.
"""

import os
import selectors
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hedgerow.errors import StartError
from hedgerow.policy.worker_scale import WorkerLoad
from hedgerow.serve.settings import Settings
from hedgerow.serve.workers.board import Board, Cell, Entry
from hedgerow.serve.workers.forking import fork
from hedgerow.serve.workers.line import READY, Line
from hedgerow.serve.workers.listeners import Listeners
from hedgerow.serve.workers.reports import added
from hedgerow.serve.workers.slot import Ending
from hedgerow.serve.workers.worker import Duty, Surroundings, share_one_core, work


@dataclass(slots=True)
class _Process:
    line: Line
    entries: list[Entry]


class Processes:
    """All workers, by pid."""

    def __init__(
        self,
        board: Board,
        listeners: Listeners,
        selector: selectors.BaseSelector,
        around: Surroundings,
    ) -> None:
        self._board = board
        self._listeners = listeners
        self._selector = selector
        self._around = around
        self._processes: dict[int, _Process] = {}
        self.ready: Callable[[int], None] = _nobody  # told the pid of one that is
        self.leave: Callable[[], None] = _nothing  # in a new worker: close what is not its own

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._processes))

    def line(self, pid: int) -> Line | None:
        """Return the line to one; None: it is gone."""
        process = self._processes.get(pid)
        return None if process is None else process.line

    def start(self, slot: int, generation: int, settings: Settings) -> int:
        """Start one and return its pid; raises StartError where there is no room for it now."""
        entries = self._board.reserve(settings.server.threads)
        if not entries:  # so many drain
            raise _no_room(f"{len(self._processes)} processes, most of them draining")
        ours, theirs = Line.pair()

        def body() -> int:
            self._leave()
            self.leave()
            ours.close()
            self._listeners.keep_slot(slot)
            _sign(entries, slot, generation)
            duty = Duty(settings, self._listeners.of_slot(slot), entries, theirs)
            return work(duty, self._around)

        try:
            pid = fork(body)
        except OSError as error:
            for entry in entries:
                self._board.release(entry, added)
            ours.close()
            raise _no_room(f"{error}") from error
        finally:
            theirs.close()
        self._processes[pid] = _Process(ours, entries)
        self._selector.register(ours, selectors.EVENT_READ, lambda _: self._heard(pid))
        return pid

    def fork_beside(self, body: Callable[[], int]) -> int:
        """Start a process that is no worker, and has nothing of theirs."""

        def alone() -> int:
            self._leave()
            self._listeners.keep_none()
            return body()

        return fork(alone)

    def collect(self) -> Iterator[tuple[int, Ending]]:
        """Return those that have ended.

        As process 1 of a container we are the parent of all that lost theirs, so also those
        are collected that we never started.
        """
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._forget(pid)
            code = os.waitstatus_to_exitcode(status)
            yield pid, Ending(None, -code) if code < 0 else Ending(code)

    def beats(self) -> dict[int, float]:
        """Return the last sign of life of each: that of the loop that has been silent longest."""
        return {
            pid: min(entry.number_at(Cell.HEARTBEAT) for entry in process.entries)
            for pid, process in self._processes.items()
        }

    def loads(self, pids: Sequence[int]) -> list[WorkerLoad]:
        """Return how busy these are."""
        loads = []
        for process in (self._processes[pid] for pid in pids if pid in self._processes):
            busy = sum(entry.number_at(Cell.UTILISATION) for entry in process.entries)
            cores = 1 if share_one_core() else len(process.entries)
            lag = max(entry.number_at(Cell.LAG) for entry in process.entries)
            loads.append(WorkerLoad(min(busy / cores, 1.0), lag))
        return loads

    def _leave(self) -> None:
        """In a child: close what belongs to the supervisor."""
        self._selector.close()
        for process in self._processes.values():
            process.line.close()  # else it would not break when the supervisor goes

    def _heard(self, pid: int) -> None:
        line = self._processes[pid].line
        for _, client in line.hear():
            client.close()  # nobody gives us clients
        if line.is_broken:
            self._selector.unregister(line)  # its end is told by the system
        elif line.said == READY:
            line.said = b""
            self.ready(pid)

    def _forget(self, pid: int) -> None:
        process = self._processes.pop(pid, None)
        if process is None:
            return
        if not process.line.is_broken:
            self._selector.unregister(process.line)
        process.line.close()
        for entry in process.entries:
            self._board.release(entry, added)


def _sign(entries: Sequence[Entry], slot: int, generation: int) -> None:
    """In a child: take possession of entries."""
    for entry in entries:
        entry.write_number(Cell.STARTED, time.monotonic())
        entry[Cell.SLOT], entry[Cell.GENERATION] = slot, generation
        entry[Cell.PID] = os.getpid()


def _no_room(why: str) -> StartError:
    return StartError("one more worker", got=why, must="room for it", fix="It is tried again.")


def _nobody(_: int) -> None:
    """Nobody wants to know."""


def _nothing() -> None:
    """There is nothing else to close."""
