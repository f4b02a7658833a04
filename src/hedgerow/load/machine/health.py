"""How a shard's generator processes and their machine are doing, asked once a second.

A measurement is only as good as the machine that takes it had time for it; this says how
much it had.  It must not know what is measured, nor judge what it sees: ``verdict`` does.
What only a process itself can see (its loop's lag, its collector's pauses, what it had no
descriptor or port for) it adds itself.

Budget: 0.1 ms a process and 0.1 ms for the machine (measured: 0.08 and 0.1 ms), a
few small files each; nothing is listed that grows with the number of connections.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from hedgerow.load.book import Health
from hedgerow.load.machine.cgroup import PROC, Cgroup, read_text
from hedgerow.load.machine.kernel import (
    CpuTimes,
    parse_cpu_times,
    shares_between,
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far, and holds now."""

    cpu: float  # seconds
    memory: int  # bytes, RSS


class ProcessMeter:
    """Reads processes by id, and remembers who they were."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}

    def __call__(self, pid: int) -> Usage | None:
        """Read one; None when it is gone."""
        try:
            process = self._known.get(pid)
            if process is None:
                process = self._known[pid] = psutil.Process(pid)
            with process.oneshot():
                times = process.cpu_times()
                return Usage(times.user + times.system, process.memory_info().rss)
        except psutil.Error:
            return None


class HealthProbe:
    """Tells what has been since it was last asked, or since it was made."""

    def __init__(
        self,
        pids: Sequence[int],
        now: float,
        *,
        proc: Path = PROC,
        cgroup: Cgroup | None = None,
        meter: Callable[[int], Usage | None] | None = None,
    ) -> None:
        self._pids = list(pids)
        self._proc = proc
        self._cgroup = Cgroup() if cgroup is None else cgroup
        self._meter = ProcessMeter() if meter is None else meter
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._asked_at = now
        self._usages = {pid: self._meter(pid) for pid in self._pids}
        self._machine = self._cpu_times()
        self._throttled = self._cgroup.throttled() or 0.0

    def sample(self, now: float) -> Health:
        """Say how it went; a process that is gone used nothing."""
        seconds = now - self._asked_at
        usages = {pid: self._meter(pid) for pid in self._pids}
        machine = self._cpu_times()
        throttled = self._cgroup.throttled() or 0.0
        shares = shares_between(self._machine, machine, allowed_cpus(self._pids))
        health = Health(
            cpu=[_cores(self._usages[pid], usages[pid], seconds) for pid in self._pids],
            steal=shares.steal if shares is not None else 0.0,
            idle=shares.idle if shares is not None else None,
            throttled=max(0.0, throttled - self._throttled),
            memory=sum(usage.memory for usage in usages.values() if usage is not None),
        )
        self._asked_at, self._usages = now, usages
        self._machine, self._throttled = machine, throttled
        return health

    def _cpu_times(self) -> dict[int, CpuTimes]:
        return parse_cpu_times(read_text(self._proc / "stat"), self._ticks)


def _cores(before: Usage | None, after: Usage | None, seconds: float) -> float:
    if before is None or after is None or seconds <= 0:
        return 0.0
    return max(0.0, after.cpu - before.cpu) / seconds


def allowed_cpus(pids: Sequence[int]) -> set[int]:
    """The CPUs that any of these processes may run on; empty where nobody tells."""
    allowed: set[int] = set()
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        for pid in pids:
            try:
                allowed |= os.sched_getaffinity(pid)
            except OSError:
                continue  # gone
    return allowed


def open_descriptors(pid: int, proc: Path = PROC) -> int:
    """How many descriptors a process has open; 0 where it is not told.

    Since Linux 6.2 the size of the folder is their number, which costs 3 us; before, and
    elsewhere, they must be listed (10,000 of them: some milliseconds).
    """
    try:
        size = os.stat(proc / str(pid) / "fd").st_size
    except OSError:
        size = 0
    try:
        return size or int(psutil.Process(pid).num_fds())
    except psutil.Error:
        return 0
