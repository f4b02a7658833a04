"""What the server under test uses, once a second: CPU, memory, descriptors, processes.

Watches whole trees of processes, whose members come and go.  It must not know how the
server is measured, nor judge it.

CPU time must not be lost with a process that ends, nor counted twice.  The kernel adds an
ended child's time to its parent when it is collected, so that a tree's time since the last
look is

    what each living process used itself
    + what the parents collected from ended children, less what these had used before

A child that nobody collects (its parent is gone, or ignores it) takes its last moments
along; the sum is then too low, and never below 0.

Budget: runs between other things in the process that shows the results, so it costs less
than 1 ms for a server with a few workers (measured: 0.2 ms a process).  The proportional
set size is dear (0.2 to 0.7 ms for 20 MB, many for gigabytes, and the server is held up
while the kernel counts): it is read at most once a second, and so seldom that it takes at
most a fiftieth of the time; in between the last one is told.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from hedgerow.load.machine.cgroup import PROC
from hedgerow.load.machine.health import open_descriptors
from hedgerow.report.document import Server, ServerPoint

#: Seconds; a little less than one, so that a look once a second has one each time.
_PSS_EVERY: Final = 0.95
#: Reading the PSS may take one part in so many of the time.
_PSS_SPARING: Final = 50


@dataclass(frozen=True, slots=True)
class Look:
    """One process at one moment."""

    own: float  # seconds of CPU it used itself
    collected: float  # ... and its ended and collected children
    rss: int
    fds: int
    threads: int
    lives: bool  # False: a zombie, whose time its parent has not collected yet


class ServerWatch:
    """Some processes and all their descendants; ``t`` is seconds from the run's beginning."""

    def __init__(
        self,
        pids: Sequence[int],
        name: str,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.points: list[ServerPoint] = []
        self._spans: list[float] = []  # seconds that each point stands for
        self._roots = list(pids)
        self._name = name
        self._clock = clock
        self._members: dict[int, psutil.Process] = {}
        self._looks: dict[int, Look] = {}
        self._looked_at: float | None = None
        self._pss: int | None = None
        self._pss_due = -float("inf")
        self._gone = False
        for pid in pids:
            self._take_in(pid)

    def sample(self, t: float) -> ServerPoint | None:
        """Look; None when nobody is there any more, and the first time: CPU needs two looks."""
        before, last = self._looks, self._looked_at
        self._find_members()
        self._looks = self._look_at_all()
        self._looked_at = t
        looks = [look for look in self._looks.values() if look.lives]
        if not looks:
            self._gone = True
            return None
        if last is None or t <= last:
            return None
        point = ServerPoint(
            t=t,
            cpu=cpu_between(before, self._looks) / (t - last),
            rss=sum(look.rss for look in looks),
            pss=self._pss_at(t),
            fds=sum(look.fds for look in looks),
            threads=sum(look.threads for look in looks),
            processes=len(looks),
        )
        self.points.append(point)
        self._spans.append(t - last)
        return point

    def server(self, since: float, until: float) -> Server:
        """Sum up the points of ``since`` to ``until``; all points go with it."""
        spans = [
            (point, span)
            for point, span in zip(self.points, self._spans, strict=True)
            if since < point.t <= until
        ]
        seconds = sum(span for _, span in spans)
        sizes = [point.pss for point, _ in spans if point.pss is not None]
        return Server(
            name=self._name,
            pids=self._roots,
            points=list(self.points),
            cpu_mean=sum(point.cpu * span for point, span in spans) / seconds if spans else 0.0,
            cpu_max=max((point.cpu for point, _ in spans), default=0.0),
            rss_max=max((point.rss for point, _ in spans), default=0),
            pss_max=max(sizes, default=None),
            fds_max=max((point.fds for point, _ in spans), default=0),
            threads_max=max((point.threads for point, _ in spans), default=0),
            ended_early=self._gone,
        )

    # --- who belongs to it ---

    def _take_in(self, pid: int) -> None:
        try:
            self._members[pid] = psutil.Process(pid)
        except psutil.Error:
            return  # gone already

    def _find_members(self) -> None:
        """Drop who is gone, and take in whoever was born to a member.

        Once a member, always a member: a child whose parent has ended stays, and so does a
        zombie until its parent collects it, or its time would count a second time then.
        """
        self._members = {pid: one for pid, one in self._members.items() if one.is_running()}
        unasked = list(self._members)
        while unasked:
            for pid in child_pids(unasked.pop()):
                if pid not in self._members:
                    self._take_in(pid)
                    unasked.append(pid)

    def _look_at_all(self) -> dict[int, Look]:
        looks = {pid: _look_at(process) for pid, process in self._members.items()}
        return {pid: look for pid, look in looks.items() if look is not None}

    # --- memory that is counted once ---

    def _pss_at(self, t: float) -> int | None:
        if t >= self._pss_due:
            began = self._clock()
            self._pss = _pss_of(self._members.values())
            cost = self._clock() - began
            self._pss_due = t + max(_PSS_EVERY, cost * _PSS_SPARING)
        return self._pss


def child_pids(pid: int) -> list[int]:
    """The children of a process.

    Linux lists them by thread (25 us); elsewhere all processes must be asked for their
    parent (20 us each).
    """
    tasks = PROC / str(pid) / "task"
    try:
        with os.scandir(tasks) as entries:
            lists = [Path(task.path, "children").read_text() for task in entries]
        return [int(word) for text in lists for word in text.split()]
    except OSError:
        pass  # not Linux, a kernel without these lists, or gone
    try:
        return [int(child.pid) for child in psutil.Process(pid).children()]
    except psutil.Error:
        return []


def _look_at(process: psutil.Process) -> Look | None:
    try:
        with process.oneshot():
            times = process.cpu_times()
            return Look(
                own=times.user + times.system,
                collected=_collected(times),
                rss=int(process.memory_info().rss),
                fds=open_descriptors(int(process.pid)),
                threads=int(process.num_threads()),
                lives=process.status() != psutil.STATUS_ZOMBIE,
            )
    except psutil.Error:
        return None


def _collected(times: Any) -> float:
    """Not told on macOS."""
    user, system = getattr(times, "children_user", 0.0), getattr(times, "children_system", 0.0)
    return float(user + system)


def cpu_between(before: dict[int, Look], after: dict[int, Look]) -> float:
    """Seconds of CPU that the tree used between two looks."""
    own = collected = 0.0
    for pid, look in after.items():
        earlier = before.get(pid)
        own += look.own - (earlier.own if earlier is not None else 0.0)
        collected += look.collected - (earlier.collected if earlier is not None else 0.0)
    ended = sum(look.own + look.collected for pid, look in before.items() if pid not in after)
    return max(0.0, own) + max(0.0, collected - ended)


def _pss_of(processes: Iterable[psutil.Process]) -> int | None:
    """Add them up; None where one of them may not be asked: a part would look like all."""
    total = 0
    for process in processes:
        try:
            total += int(process.memory_full_info().pss)
        except psutil.NoSuchProcess:
            continue  # ended meanwhile
        except (psutil.AccessDenied, AttributeError):
            return None  # another user's, or not Linux
    return total
