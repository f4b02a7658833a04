"""What the kernel tells of its CPUs and limits, read from the text of its files.

Linux writes them under ``/proc`` and ``/sys/fs/cgroup``; here they are only understood, so
that each of them can be tried with the text of any machine.  Whatever is missing or looks
otherwise than expected is None: other systems and containers hide some of it.  Must not
know where the text came from, nor what a figure is used for.

    steal      time in which the hypervisor ran somebody else on a CPU of ours
    throttled  time in which a cgroup had used up its quota and had to wait
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_MICRO: Final = 1e-6
_NANO: Final = 1e-9
#: From this on a v1 cgroup's memory limit means "none": it is written as a huge number.
_NO_MEMORY_LIMIT: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """What one CPU, or all together, did since the machine started, in seconds."""

    total: float
    idle: float  # iowait included: a CPU that waits for a disk is free for us
    steal: float


@dataclass(frozen=True, slots=True)
class CpuShares:
    """What CPUs did between two readings, as shares of their time."""

    idle: float
    steal: float


def parse_cpu_times(text: str, ticks: int) -> dict[int, CpuTimes]:
    """Read ``/proc/stat``: times by CPU id; ``ticks`` a second is sysconf's SC_CLK_TCK.

    Ids need not follow on each other: CPUs that are switched off have no line.
    """
    found: dict[int, CpuTimes] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if not name.startswith("cpu"):
            break  # the CPUs stand first, and the lines after them are long
        values = [int(word) for word in rest.split() if word.isdecimal()]
        if name[3:].isdecimal() and len(values) >= 4:
            found[int(name[3:])] = _cpu_times(values, ticks)
    return found


def _cpu_times(values: list[int], ticks: int) -> CpuTimes:
    """User, nice, system, idle, iowait, irq, softirq, steal; guests are in user already."""
    counted = values[:8] + [0] * (8 - len(values))
    return CpuTimes(
        total=sum(counted) / ticks,
        idle=(counted[3] + counted[4]) / ticks,
        steal=counted[7] / ticks,
    )


def shares_between(
    before: dict[int, CpuTimes], after: dict[int, CpuTimes], cpus: Iterable[int]
) -> CpuShares | None:
    """Say what these CPUs did between two readings; None where nothing can be said.

    A container may number its CPUs anew: where none of ours is listed, all of them count.
    """
    both = before.keys() & after.keys()
    ours = both.intersection(cpus) or both
    total = sum(max(0.0, after[cpu].total - before[cpu].total) for cpu in ours)
    if total <= 0:
        return None
    # The kernel may take iowait back, so that a difference can be below 0.
    idle = sum(max(0.0, after[cpu].idle - before[cpu].idle) for cpu in ours)
    steal = sum(max(0.0, after[cpu].steal - before[cpu].steal) for cpu in ours)
    return CpuShares(idle=min(1.0, idle / total), steal=min(1.0, steal / total))


# --- cgroups ---


def parse_cgroup_paths(text: str) -> dict[str, str]:
    """Read ``/proc/self/cgroup``: the path by controller; version 2's is under ``""``."""
    paths: dict[str, str] = {}
    for line in text.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            for controller in parts[1].split(","):
                paths[controller] = parts[2]
    return paths


def parse_throttled(text: str) -> float | None:
    """Read a ``cpu.stat`` of either version: seconds of being throttled so far."""
    values = _words(text)
    if "throttled_usec" in values:
        return values["throttled_usec"] * _MICRO
    if "throttled_time" in values:
        return values["throttled_time"] * _NANO
    return None


def parse_cpu_max(text: str) -> float | None:
    """Read version 2's ``cpu.max``: the quota in cores; None where there is none."""
    words = text.split()
    if len(words) != 2 or not (words[0].isdecimal() and words[1].isdecimal()):
        return None
    return int(words[0]) / int(words[1]) if int(words[1]) else None


def parse_cfs_quota(quota: str, period: str) -> float | None:
    """Read version 1's ``cpu.cfs_quota_us`` and ``cpu.cfs_period_us``: the quota in cores."""
    return parse_cpu_max(f"{quota.strip()} {period.strip()}")  # no quota is -1, not a decimal


def parse_memory_limit(text: str) -> int | None:
    """Read ``memory.max`` or ``memory.limit_in_bytes``; None where there is no limit."""
    word = text.strip()
    return int(word) if word.isdecimal() and int(word) < _NO_MEMORY_LIMIT else None


def _words(text: str) -> dict[str, int]:
    """Lines of a name and a number."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def parse_cpu_model(text: str) -> str | None:
    """Read ``/proc/cpuinfo``: the first CPU's name, as far as the architecture tells it."""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "cpu model") and value.strip():
            return " ".join(value.split())
    return None
