"""The upstream: ``hedgerow flaky`` processes, changed while they run, killed, counted.

One that was killed keeps the count it had.  A health check of a proxy counts as a request.
"""

import contextlib
import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus.processes import Running, free_port, running
from benchmarks.peers import hedgerow

_PATIENCE: Final = 10.0  # seconds for a control call


class Replica:
    """One running process of the upstream."""

    def __init__(self, port: int, process: Running) -> None:
        self.port = port
        self._process = process
        self._last: int | None = None  # what it had received when it was killed

    def change(self, **behaviour: str) -> None:
        """Behave differently from the next request on."""
        self._call("PATCH", "/__behaviour", behaviour)

    def kill(self) -> None:
        """Give the process no chance to say goodbye."""
        self._last = self.received()
        os.killpg(self._process.pid, signal.SIGKILL)

    def received(self) -> int:
        """Requests so far."""
        return int(self._call("GET", "/__stats")["received"]) if self._last is None else self._last

    def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            told: dict[str, Any] = json.load(answer)
        return told


@contextlib.contextmanager
def replicas(
    count: int, place: Path, *, law: str, seed: int, cpu: int | None, further: tuple[str, ...] = ()
) -> Iterator[list[Replica]]:
    """Run so many, each with draws of its own; ``further`` are more flags of ``flaky``."""
    with contextlib.ExitStack() as stack:
        started = []
        for number in range(count):
            port = free_port()
            words = ["-p", str(port), "--latency", law, "--errors", "off", *further]
            command = hedgerow.command("flaky", *words, "--seed", str(seed * count + number))
            name = f"replica-{number}"
            process = stack.enter_context(
                running(name, command, port=port, log=place / f"{name}.log", cpu=cpu)
            )
            started.append(Replica(port, process))
        yield started
