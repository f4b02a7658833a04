"""What the load is sent to: nginx with a counter, or an upstream with a known law of latency."""

import contextlib
import http.client
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typing_extensions import override

from benchmarks.apparatus import machine
from benchmarks.apparatus.processes import Running, free_port, running
from benchmarks.peers import hedgerow, nginx
from benchmarks.peers.contender import NotInstalledError, Site

PATH: Final = "/api/plants/4711"
_BODY: Final = (
    '{"id": 4711, "name": "hawthorn", "height_cm": 412, '
    '"planted": "2019-11-02", "tags": ["hedge", "edible"]}'
)
_STATUS_PATH: Final = "/__status"
_LOOK_EVERY: Final = 0.02
_FIRST_WITHIN: Final = 30.0  # Locust needs seconds on a busy machine


@dataclass(frozen=True)
class Cores:
    """The generator, all of it, on one core; its server on another."""

    generator: int
    server: int

    @override
    def __str__(self) -> str:
        return f"generator {self.generator}, server {self.server}"


def cores() -> Cores:
    """Two are needed."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise NotInstalledError("two cores are needed, one of them for the generator alone")
    return Cores(generator=usable[0], server=usable[1])


class Nginx:
    """A running nginx that answers everything from memory, and counts."""

    def __init__(self, process: Running, port: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.process = process
        self._asked = 0
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def requests(self) -> int:
        """Requests so far, ours left out."""
        self._asked += 1
        return self._counts()[2] - self._asked

    def accepted(self) -> int:
        """Connections so far; ours, which are few, are in it."""
        self._asked += 1
        return self._counts()[0]

    def wait_for_requests(self, before: int, is_running: Callable[[], bool]) -> bool:
        """Return as soon as somebody has asked for something; False if nobody does."""
        give_up_at = time.monotonic() + _FIRST_WITHIN
        while self.requests() <= before:
            if time.monotonic() > give_up_at or not is_running():
                return False
            time.sleep(_LOOK_EVERY)
        return True

    def _counts(self) -> tuple[int, int, int]:
        self._connection.request("GET", _STATUS_PATH)
        text = self._connection.getresponse().read().decode()
        match = re.search(r"requests\s+(\d+) (\d+) (\d+)", text)
        assert match is not None  # stub_status has had this form from the beginning
        return int(match[1]), int(match[2]), int(match[3])


def busy(where: Cores) -> float:
    """All work done on both cores since boot, by anybody."""
    return sum(machine.busy_seconds(one) for one in (where.generator, where.server))


@contextlib.contextmanager
def nginx_on(cpu: int) -> Iterator[Nginx]:
    """Run nginx for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="bench-load-nginx-") as place:
        site = Site(Path(place), free_port(), 0)
        command = nginx.backend(site, body=_BODY, status_path=_STATUS_PATH)
        log = site.directory / "output.log"
        with running("nginx", command, port=site.port, log=log, cpu=cpu) as process:
            yield Nginx(process, site.port)


@contextlib.contextmanager
def lognormal_on(
    cpu: int, *, mean_ms: float, deviation_ms: float, seed: int
) -> Iterator[tuple[str, Running]]:
    """Run an upstream that draws each latency from that law; gives its address, and itself."""
    with tempfile.TemporaryDirectory(prefix="bench-load-flaky-") as place:
        port = free_port()
        law = f"lognormal:{mean_ms:g}ms,{deviation_ms:g}ms"
        words = ["-p", str(port), "--latency", law, "--errors", "off", "--seed", str(seed)]
        log = Path(place) / "output.log"
        command = hedgerow.command("flaky", *words)
        with running("flaky", command, port=port, log=log, cpu=cpu) as process:
            yield f"http://127.0.0.1:{port}", process
