"""The four ways in which slowhttptest keeps a server's connections."""

import re
import shutil
from dataclasses import dataclass
from typing import Final

from benchmarks.peers.contender import NotInstalledError, version_from

_COUNTED: Final = re.compile(r"(initializing|pending|connected|error|closed):\s+(\d+)")


@dataclass(frozen=True)
class Attack:
    """One way."""

    name: str
    path: str  # what is asked for
    flags: tuple[str, ...]


ATTACKS: Final = (
    Attack("slow heads", "/", ("-H", "-i", "5", "-x", "24")),
    Attack("slow bodies", "/", ("-B", "-i", "5", "-s", "8192", "-x", "24")),
    Attack(
        "slow reading",
        "/files/large.bin",
        ("-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"),
    ),
    Attack("ranges", "/files/large.bin", ("-R", "-a", "10", "-b", "3000", "-t", "GET")),
)


def version() -> str:
    """Ask the program itself."""
    return version_from([_program(), "-h"], r"version (\S+)")


def command(attack: Attack, port: int, *, connections: int, seconds: int) -> list[str]:
    """Hold so many connections for so long; all are opened within four seconds."""
    return [
        _program(),
        *attack.flags,
        *("-c", str(connections), "-r", str(max(50, connections // 4)), "-l", str(seconds)),
        *("-u", f"http://127.0.0.1:{port}{attack.path}", "-v", "1", "-p", "5"),
    ]


def most_connected(log: str) -> int:
    """Read from its reports how many connections were open at once at most."""
    counts = [int(n) for what, n in _COUNTED.findall(_plain(log)) if what == "connected"]
    return max(counts, default=0)


def left_at_the_end(log: str) -> int:
    """Read from its last report how many connections were still open."""
    counts = [int(n) for what, n in _COUNTED.findall(_plain(log)) if what == "connected"]
    return counts[-1] if counts else 0


def _plain(log: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", log)


def _program() -> str:
    found = shutil.which("slowhttptest")
    if found is None:
        raise NotInstalledError("slowhttptest is not installed (apt-get install slowhttptest)")
    return found
