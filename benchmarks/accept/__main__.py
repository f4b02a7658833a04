"""The command: ``python -m benchmarks.accept``; see README.md.

So many connections come at once and stay; how many has each of four workers?  For each way to
accept: without load, and with all of them asking as fast as they can (wrk).
"""

import argparse
import contextlib
import json
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apparatus import machine
from benchmarks.apparatus.table import facts, table
from benchmarks.peers.hedgerow import command, version

_SETTINGS: Final = """\
[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
workers = 4
accept = "{accept}"
[[route]]
path = "/"
respond = {{status = 200, text = "hello"}}
"""
_SECONDS: Final = 3
_REQUEST: Final = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"


@dataclass(frozen=True)
class Server:
    """One that runs."""

    port: int
    admin: int

    def clients(self) -> list[int]:
        """How many connections each worker has."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/workers") as answer:
            return [one["clients"] for one in json.load(answer) if "pid" in one]


@contextlib.contextmanager
def serving(accept: str) -> Iterator[Server]:
    """Serve while the context lasts."""
    with tempfile.TemporaryDirectory() as folder:
        settings, log = Path(folder) / "hedgerow.toml", Path(folder) / "stderr"
        settings.write_text(_SETTINGS.format(accept=accept))
        with log.open("wb") as errors:
            process = subprocess.Popen(command("serve", "-c", str(settings)), stderr=errors)
        try:
            while "serving on" not in (said := log.read_text()):
                if process.poll() is not None:
                    sys.exit(said)
                time.sleep(0.05)
            ports = dict(re.findall(r"(serving|health and metrics) on http://\S+:(\d+)", said))
            yield Server(int(ports["serving"]), int(ports["health and metrics"]))
        finally:
            process.terminate()
            process.wait()


def quiet(server: Server, connections: int) -> list[int]:
    """All come, ask once, and stay."""
    address = ("127.0.0.1", server.port)
    clients = [socket.create_connection(address) for _ in range(connections)]
    for client in clients:
        client.sendall(_REQUEST)
    for client in clients:
        client.recv(4096)
    time.sleep(0.6)  # the board is written four times a second
    counts = server.clients()
    for client in clients:
        client.close()
    return counts


def busy(server: Server, connections: int) -> list[int]:
    """All come and ask as fast as they can."""
    url = f"http://127.0.0.1:{server.port}/"
    words = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{_SECONDS}s", url]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as wrk:
        time.sleep(_SECONDS - 1)
        counts = server.clients()
        wrk.wait()
    return counts


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accept", description=__doc__)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    print(facts("machine", {**machine.describe(), "hedgerow": version()}), end="\n\n")
    ways: dict[str, Callable[[Server, int], list[int]]] = {"quiet": quiet, "busy": busy}
    found: dict[tuple[str, str], list[list[int]]] = {}
    for _ in range(options.rounds):
        for accept in ("reuseport", "shared"):
            for name, way in ways.items():
                with serving(accept) as server:
                    found.setdefault((accept, name), []).append(way(server, options.connections))
    print(f"{options.connections} connections over 4 workers, {options.rounds} rounds\n")
    print(table(("accept", "clients", "busiest/mean", "worst", "idle", "one round"), rows(found)))
    return 0


def rows(found: dict[tuple[str, str], list[list[int]]]) -> list[tuple[str, ...]]:
    """How much more than its part the busiest has, and how many have nobody."""
    made = []
    for (accept, name), rounds in found.items():
        skews = [max(counts) / statistics.mean(counts) for counts in rounds]
        idle = sum(count == 0 for counts in rounds for count in counts)
        shown = "/".join(map(str, sorted(rounds[0], reverse=True)))
        skew, worst = f"{statistics.median(skews):.2f}", f"{max(skews):.2f}"
        made.append((accept, name, skew, worst, f"{idle} of {4 * len(rounds)}", shown))
    return made


if __name__ == "__main__":
    sys.exit(main())
