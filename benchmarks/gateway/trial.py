"""One contender in one round: started, checked, warmed up, measured, stopped."""

import http.client
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apparatus import machine
from benchmarks.apparatus.processes import Running, free_port, running
from benchmarks.gateway import wrk
from benchmarks.peers import nginx
from benchmarks.peers.contender import Contender, Site

BODY: Final = (
    '{"id": 4711, "name": "hawthorn", "height_cm": 412, '
    '"planted": "2019-11-02", "tags": ["hedge", "edible"]}'
)
_STATUS_PATH: Final = "/__status"
_PATH: Final = "/api/plants/4711"


@dataclass(frozen=True)
class Cores:
    """Which core each part has; the backend may share the driver's."""

    driver: int
    backend: int
    proxy: int


@dataclass(frozen=True)
class Trial:
    """What one round gave for one contender."""

    contender: str
    round: int
    requests: int
    seconds: float
    p50: float
    p99: float
    proxy_cpu: float  # seconds of CPU of the proxy's processes
    driver_cpu: float  # seconds of CPU of wrk
    backend_cpu: float
    others_cpu: float  # seconds of CPU that went to programs outside the trial
    upstream_connections: int  # opened by the proxy in the measured part
    errors: dict[str, int]  # as wrk counts them; "answer" is our own check

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class LoadShape:
    """What all trials of a run have in common."""

    connections: int
    fresh_heads: bool


class Bench:
    """The backend, and the trials against it."""

    def __init__(self, backend: Running, port: int, cores: Cores, load: LoadShape) -> None:
        self._backend = backend
        self._port = port
        self._cores = cores
        self._load_shape = load

    def direct(self, seconds: int) -> float:
        """Requests a second without any proxy: what driver and backend can do at most."""
        return self._load(self._port, seconds, lambda: 0.0, "", 0).rate

    def trial(
        self, contender: Contender, round_number: int, *, warm_up: int, seconds: int
    ) -> Trial:
        """Start the contender, see that it answers right, then measure."""
        with tempfile.TemporaryDirectory(prefix=f"bench-{contender.name}-") as place:
            site = Site(Path(place), free_port(), self._port)
            with running(
                contender.name,
                contender.command(site),
                port=site.port,
                log=site.directory / "output.log",
                cpu=self._cores.proxy,
            ) as proxy:
                wrong = {} if _get(site.port, _PATH) == (200, BODY) else {"answer": 1}
                self._send(site.port, warm_up)
                trial = self._load(
                    site.port, seconds, proxy.cpu_seconds, contender.name, round_number
                )
        trial.errors.update(wrong)
        return trial

    def _load(
        self, port: int, seconds: int, proxy_cpu: Callable[[], float], name: str, number: int
    ) -> Trial:
        connections, everybody = self._accepted(), machine.busy_seconds()
        proxy, backend = proxy_cpu(), self._backend.cpu_seconds()
        counted = self._send(port, seconds)
        proxy, backend = proxy_cpu() - proxy, self._backend.cpu_seconds() - backend
        everybody = machine.busy_seconds() - everybody
        return Trial(
            contender=name,
            round=number,
            requests=counted.requests,
            seconds=counted.seconds,
            p50=counted.p50,
            p99=counted.p99,
            proxy_cpu=proxy,
            driver_cpu=counted.cpu_seconds,
            backend_cpu=backend,
            others_cpu=max(0.0, everybody - proxy - backend - counted.cpu_seconds),
            upstream_connections=self._accepted() - connections - 1,  # less our own question
            errors=counted.errors,
        )

    def _send(self, port: int, seconds: int) -> wrk.Counted:
        url = f"http://127.0.0.1:{port}{_PATH}"
        shape = self._load_shape
        load = wrk.Load(url, shape.connections, self._cores.driver, shape.fresh_heads)
        return wrk.run(load, seconds)

    def _accepted(self) -> int:
        text = _get(self._port, _STATUS_PATH)[1]
        match = re.search(r"requests\s+(\d+)", text)
        return int(match[1]) if match else 0


@contextmanager
def bench(cores: Cores, load: LoadShape) -> Iterator[Bench]:
    """Run the backend for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="bench-backend-") as place:
        site = Site(Path(place), free_port(), 0)
        command = nginx.backend(site, body=BODY, status_path=_STATUS_PATH)
        log = site.directory / "output.log"
        with running("backend", command, port=site.port, log=log, cpu=cores.backend) as backend:
            yield Bench(backend, site.port, cores, load)


def _get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()
