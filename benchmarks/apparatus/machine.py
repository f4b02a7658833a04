"""The machine a figure was made on, and how much of it others used meanwhile.

A figure without its machine cannot be repeated, and a figure from a core that was
shared with somebody else is not a figure of the contender.
"""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Final

PYTHON_PARTS: Final = ("uvloop", "httptools")
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
# proc(5), line "cpuN": user nice system idle iowait irq softirq steal ...
_IDLE: Final = frozenset({3, 4})


def describe() -> dict[str, str]:
    """Name the parts that move a figure; the load is that before the first trial."""
    load = os.getloadavg()[0]
    return {
        "cpu": _cpu_model(),
        "cores": f"{len(os.sched_getaffinity(0))} usable of {os.cpu_count()}",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **{part: _installed(part) for part in PYTHON_PARTS},
        "load at the start": f"{load:.2f}",
    }


def busy_seconds(core: int | None = None) -> float:
    """All work done on a core since boot, by anybody, the hypervisor's share included.

    Without a core: on all that we may use.
    """
    usable = {f"cpu{one}" for one in (os.sched_getaffinity(0) if core is None else [core])}
    ticks = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *counts = line.split()
        if name in usable:
            ticks += sum(int(count) for at, count in enumerate(counts[:8]) if at not in _IDLE)
    return ticks / _TICKS_A_SECOND


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown"


def _installed(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
