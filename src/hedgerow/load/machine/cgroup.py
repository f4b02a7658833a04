"""The cgroups that we are in, with those above: what they allow us and how they held us back.

Both versions, and a container that sees only its own part of the tree.  Any cgroup above
ours may have the smallest quota, so all of them are asked.  Must not know what the figures
are used for.
"""

from pathlib import Path
from typing import Final

from hedgerow.load.machine.kernel import (
    parse_cfs_quota,
    parse_cgroup_paths,
    parse_cpu_max,
    parse_memory_limit,
    parse_throttled,
)

PROC: Final = Path("/proc")
CGROUPS: Final = Path("/sys/fs/cgroup")


def read_text(path: Path) -> str:
    """Return a file of the kernel's; empty where it is missing or kept from us."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


class Cgroup:
    """What this process's cgroups say; None where they say nothing."""

    def __init__(self, *, proc: Path = PROC, mount: Path = CGROUPS) -> None:
        paths = parse_cgroup_paths(read_text(proc / "self" / "cgroup"))
        self._cpu = _folders(mount, "cpu", paths)
        self._memory = _folders(mount, "memory", paths)
        # Looked for once: most machines have none or one of them, and we ask every second.
        self._stats = [folder / "cpu.stat" for folder in self._cpu]
        self._stats = [path for path in self._stats if parse_throttled(read_text(path)) is not None]

    def throttled(self) -> float | None:
        """Seconds of being throttled since each cgroup was made, all of them together."""
        told = [parse_throttled(read_text(path)) for path in self._stats]
        return sum(seconds for seconds in told if seconds is not None) if told else None

    def cpu_quota(self) -> float | None:
        """The smallest quota, in cores."""
        quotas = [
            parse_cpu_max(read_text(folder / "cpu.max"))
            or parse_cfs_quota(
                read_text(folder / "cpu.cfs_quota_us"), read_text(folder / "cpu.cfs_period_us")
            )
            for folder in self._cpu
        ]
        return min((quota for quota in quotas if quota is not None), default=None)

    def memory_limit(self) -> int | None:
        """The smallest limit, in bytes."""
        limits = [
            parse_memory_limit(
                read_text(folder / "memory.max") or read_text(folder / "memory.limit_in_bytes")
            )
            for folder in self._memory
        ]
        return min((limit for limit in limits if limit is not None), default=None)


def _folders(mount: Path, controller: str, paths: dict[str, str]) -> list[Path]:
    """Our cgroup's folder and those above it, as far as they can be seen from here."""
    root, path = mount, paths.get("", "/")
    if controller in paths:  # version 1: each controller has a tree of its own
        root, path = _tree_of(controller, mount), paths[controller]
    parts = [part for part in path.split("/") if part and part != ".."]
    folders = [root.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
    return [folder for folder in folders if folder.is_dir()]


def _tree_of(controller: str, mount: Path) -> Path:
    """Version 1's tree of a controller, which may share it: ``cpu,cpuacct``."""
    names = sorted(path.name for path in mount.iterdir()) if mount.is_dir() else []
    return next((mount / name for name in names if controller in name.split(",")), mount)
