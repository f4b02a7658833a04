"""The load: wrk, closed loop, one thread; what it counted and what it cost."""

import json
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus.processes import pinned
from benchmarks.peers.contender import program, version_from

_SAME_HEADS: Final = Path(__file__).with_name("report_as_json.lua")
_FRESH_HEADS: Final = Path(__file__).with_name("fresh_heads.lua")
_ERRORS: Final = ("connect", "read", "write", "timeout", "status")


@dataclass(frozen=True)
class Load:
    """What to send, and from which core."""

    url: str
    connections: int
    cpu: int
    fresh_heads: bool = False  # no request has a head that came before


@dataclass(frozen=True)
class Counted:
    """One run of wrk; ``errors`` holds only the kinds that occurred."""

    requests: int
    seconds: float
    p50: float
    p99: float
    errors: dict[str, int]
    cpu_seconds: float


def version() -> str:
    """Ask the program itself."""
    return version_from([program("wrk"), "-v"], r"wrk (?:debian/)?(\S+)")


def run(load: Load, seconds: int) -> Counted:
    """Send as much as the other side takes; wrk knows whole seconds only."""
    script = _FRESH_HEADS if load.fresh_heads else _SAME_HEADS
    command = [program("wrk"), "-t1", f"-c{load.connections}", f"-d{seconds}s", "-s"]
    before = _children_cpu_seconds()
    done = subprocess.run(
        pinned([*command, str(script), load.url], load.cpu),
        capture_output=True,
        text=True,
        check=True,
    )
    return counted(done.stdout, cpu_seconds=_children_cpu_seconds() - before)


def counted(output: str, *, cpu_seconds: float) -> Counted:
    """Read the one line that our script wrote among wrk's own."""
    line = next(line for line in output.splitlines() if line.startswith("{"))
    told: dict[str, Any] = json.loads(line)
    return Counted(
        requests=told["requests"],
        seconds=told["seconds"],
        p50=told["p50"],
        p99=told["p99"],
        errors={kind: told[kind] for kind in _ERRORS if told[kind]},
        cpu_seconds=cpu_seconds,
    )


def _children_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
