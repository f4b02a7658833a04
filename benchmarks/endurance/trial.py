"""The run: upstream, gateway, clients, and a look at all of them every few seconds."""

import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus.cores import Cores
from benchmarks.apparatus.footprint import Footprint, footprint
from benchmarks.apparatus.processes import Running, free_port, pinned, running
from benchmarks.endurance.terms import ERRORS, IDLE_WITHIN, LATENCY, SETTINGS
from benchmarks.peers import hedgerow
from benchmarks.peers.contender import Site

_ROOT: Final = Path(__file__).parents[2]
_STATS_TRIES: Final = 20  # the upstream refuses one connection in a hundred, ours too
_TOLD: Final = ("received", "answered", "broken", "cancelled", "in_flight", "connections")


@dataclass(frozen=True)
class Look:
    """Gateway and upstream at one moment."""

    seconds: float  # since the clients started
    done: int  # requests that ended
    gateway: Footprint
    upstream: dict[str, int]  # its counters


@dataclass
class Run:
    """All that was seen; looks are added while it lasts."""

    requests: int
    start: Look
    looks: list[Look]  # while clients were there; the last one just before they left
    ends: dict[str, int]  # requests by "manner:end"
    idle: Look | None = None  # after everybody had left


@dataclass(frozen=True)
class Terms:
    """What the user may choose."""

    requests: int
    seed: int
    cores: Cores


@contextlib.contextmanager
def gateway(terms: Terms) -> Iterator["Trial"]:
    """Start upstream and gateway, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="bench-endurance-") as name:
        site = Site(Path(name), free_port(), free_port())
        words = ["-p", str(site.upstream_port), "--latency", LATENCY, "--errors", ERRORS]
        behind = hedgerow.command("flaky", *words, "--seed", str(terms.seed))
        text = SETTINGS.format(port=site.port, upstream_port=site.upstream_port)
        front = hedgerow.command("serve", "-c", str(site.write("hedgerow.toml", text)))
        with (
            running(
                "upstream",
                behind,
                port=site.upstream_port,
                log=site.directory / "upstream.log",
                cpu=terms.cores.upstream,
            ),
            running(
                "hedgerow",
                front,
                port=site.port,
                log=site.directory / "gateway.log",
                cpu=terms.cores.gateway,
            ) as started,
        ):
            yield Trial(terms, site, started)


class Trial:
    """One run against a gateway that has served nobody yet."""

    def __init__(self, terms: Terms, site: Site, front: Running) -> None:
        self._terms = terms
        self._site = site
        self._front = front
        time.sleep(0.5)  # the connection that asked whether it listens is gone
        self._began = time.monotonic()
        self.run = Run(terms.requests, self._look(0), [], {})

    def looks(self) -> Iterator[Look]:
        """Send everything, and look each time when the clients say how far they are."""
        self._began = time.monotonic()
        with self._clients() as process:
            assert process.stdout is not None  # we asked for a pipe
            for line in process.stdout:
                self.run.ends = json.loads(line)
                look = self._look(sum(self.run.ends.values()))
                self.run.looks.append(look)
                yield look
        self.run.idle = self._idle()

    @contextlib.contextmanager
    def _clients(self) -> Iterator[subprocess.Popen[bytes]]:
        module = [sys.executable, "-m", "benchmarks.endurance.clients"]
        words = [str(self._site.port), str(self._terms.requests), str(self._terms.seed)]
        process = subprocess.Popen(
            pinned([*module, *words], self._terms.cores.client),
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            start_new_session=True,  # Ctrl-C reaches us, and we end it
        )
        try:
            yield process
        finally:
            process.kill()  # it may have ended by itself: then this does nothing
            process.wait()

    def _idle(self) -> Look:
        """Wait until nothing is left, or for as long as that may take."""
        give_up_at = time.monotonic() + IDLE_WITHIN
        while True:
            look = self._look(sum(self.run.ends.values()))
            left = look.gateway.descriptors - self.run.start.gateway.descriptors
            if (left <= 0 and not look.upstream["in_flight"]) or time.monotonic() > give_up_at:
                return look
            time.sleep(0.25)

    def _look(self, done: int) -> Look:
        return Look(
            seconds=time.monotonic() - self._began,
            done=done,
            gateway=footprint(self._front.pid),
            upstream=_stats(self._site.upstream_port),
        )


def _stats(port: int) -> dict[str, int]:
    for left in reversed(range(_STATS_TRIES)):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/__stats", timeout=10) as answer:
                told: dict[str, Any] = json.load(answer)
            return {name: told[name] for name in _TOLD}
        except (OSError, http.client.HTTPException):
            if not left:
                raise
    raise AssertionError("unreachable")
