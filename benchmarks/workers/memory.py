"""What a worker holds: at rest, and with ten thousand idle connections."""

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apparatus.table import table
from benchmarks.workers.site import Model, served

IDLE: Final = 10_000
_MEBIBYTE: Final = 1 << 20
_ASKS: Final = b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass(frozen=True)
class Held:
    """One worker; bytes.  Proportional: what is shared among processes is counted by shares."""

    moment: str
    resident: int
    proportional: int


def measured() -> Iterator[Held]:
    """Look at a worker of a supervisor, before and while clients sit on it."""
    with served(Model("memory", ("-w", "2"))) as server:
        time.sleep(1.5)
        for number, pid in enumerate(server.workers(), 1):
            yield _held(f"worker {number} of 2, at rest", pid)
    with served(Model("memory", ())) as server:
        time.sleep(1.0)
        yield _held("one process, at rest", server.running.pid)
        with contextlib.ExitStack() as stack:
            for _ in range(IDLE):
                client = socket.create_connection(("127.0.0.1", server.port))
                stack.callback(client.close)
                client.sendall(_ASKS)
                client.recv(1 << 16)
            yield _held(f"one process, {IDLE:,} idle connections", server.running.pid)


def report(found: list[Held]) -> str:
    """Return the table, in MiB."""
    rows = [
        (one.moment, f"{one.resident / _MEBIBYTE:.1f}", f"{one.proportional / _MEBIBYTE:.1f}")
        for one in found
    ]
    return table(("who", "resident MiB", "proportional MiB"), rows)


def _held(moment: str, pid: int) -> Held:
    sums = {"Rss": 0, "Pss": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in sums:
            sums[name] = int(rest.split()[0]) * 1024
    return Held(moment, sums["Rss"], sums["Pss"])
