"""One attack on one server, and what a fast client and the server's memory had to say."""

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.apparatus.footprint import MemoryWatch, footprint
from benchmarks.apparatus.processes import Running, free_port, pinned, running
from benchmarks.peers.hedgerow import command as hedgerow
from benchmarks.siege import attacks
from benchmarks.siege.attacks import Attack

PEACE = "none"
LARGE = 4 << 20  # bytes of the file that slow readers ask for
_ENDS_BY_ITSELF = 15.0  # seconds after the fast client
_SETTINGS = """\
[server]
listen = "127.0.0.1:{port}"

[upstream.backend]
replicas = ["http://127.0.0.1:{behind}"]

[[route]]
path = "/"
upstream = "backend"

[[route]]
path = "/files/"
root = "{root}"
"""


@dataclass(frozen=True)
class Terms:
    """What each trial has."""

    connections: int
    seconds: int
    rate: int  # requests a second of the fast client
    server_core: int | None
    other_core: int | None


@dataclass(frozen=True)
class Outcome:
    """What came of one attack; times in milliseconds, memory in bytes."""

    attack: str
    requests: int
    failed: int
    p50: float
    p99: float
    worst: float
    lag: float  # 99th percentile of what was the fast client's own lateness
    memory_before: int
    memory_growth: int
    slow_at_most: int
    held: int  # connections that the server had open after a third of it
    left: int  # and at its end


@contextlib.contextmanager
def besieged(terms: Terms, directory: Path) -> Iterator[tuple[int, Running]]:
    """Run a server with a small upstream and a directory of files."""
    root = directory / "site"
    root.mkdir()
    (root / "large.bin").write_bytes(bytes(LARGE))
    port, behind = free_port(), free_port()
    settings = directory / "hedgerow.toml"
    settings.write_text(_SETTINGS.format(port=port, behind=behind, root=root))
    words = ("--latency", "constant:1ms", "--errors", "off")
    flaky = hedgerow("flaky", "--port", str(behind), *words)
    serve = hedgerow("serve", "-c", str(settings))
    with (
        running("upstream", flaky, port=behind, log=directory / "up", cpu=terms.other_core),
        running("server", serve, port=port, log=directory / "log", cpu=terms.server_core) as it,
    ):
        yield port, it


def tried(attack: Attack | None, terms: Terms) -> Outcome:
    """Attack a fresh server; None: leave it in peace, to compare with."""
    with tempfile.TemporaryDirectory(prefix="hedgerow-bench-") as name:
        directory = Path(name)
        with besieged(terms, directory) as (port, server):
            return _endured(attack, terms, directory, port, server)


def _endured(
    attack: Attack | None, terms: Terms, directory: Path, port: int, server: Running
) -> Outcome:
    watch = MemoryWatch(server.pid, every=0.25)
    told, log = directory / "load.json", directory / "attack.log"
    with watch.watching(), contextlib.ExitStack() as stack:
        if attack is not None:
            words = attacks.command(
                attack, port, connections=terms.connections, seconds=terms.seconds
            )
            stack.enter_context(_in_background(pinned(words, terms.other_core), log))
        fast = subprocess.Popen(
            pinned(_fast_client(port, terms, told), terms.other_core),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            fast.wait(terms.seconds / 3)
        held = footprint(server.pid).established
        fast.wait()
    return _outcome(
        attack,
        json.loads(told.read_text()),
        watch,
        held=held,
        left=footprint(server.pid).established,
        slow=attacks.most_connected(log.read_text(errors="replace")) if attack else 0,
    )


def _fast_client(port: int, terms: Terms, told: Path) -> list[str]:
    seconds = max(5, terms.seconds - 2)
    words = ("-R", str(terms.rate), "-d", f"{seconds}s", "--json", str(told))
    return hedgerow("load", f"http://127.0.0.1:{port}/", *words)


@contextlib.contextmanager
def _in_background(words: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_ENDS_BY_ITSELF)  # ended from outside it would not report
    finally:
        process.terminate()
        process.wait()


def _outcome(
    attack: Attack | None,
    document: dict[str, Any],
    watch: MemoryWatch,
    *,
    held: int,
    left: int,
    slow: int,
) -> Outcome:
    taken, requests = document["latency_us"]["response"], document["requests"]
    return Outcome(
        attack=PEACE if attack is None else attack.name,
        requests=requests["total"],
        failed=requests["failed"],
        p50=taken["p50"] / 1000,
        p99=taken["p99"] / 1000,
        worst=taken["max"] / 1000,
        lag=document["latency_us"]["send_lag"]["p99"] / 1000,
        memory_before=watch.before,
        memory_growth=watch.growth,
        slow_at_most=slow,
        held=held,
        left=left,
    )
