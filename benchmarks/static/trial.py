"""One contender in one round: started, checked, and asked for each file in terms."""

import http.client
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apparatus import machine
from benchmarks.apparatus.processes import Running, free_port, running
from benchmarks.gateway import wrk
from benchmarks.peers.contender import Contender, Site
from benchmarks.static.contenders import FILES


@dataclass(frozen=True)
class Case:
    """A file, and by how many connections it is fetched."""

    name: str
    size: int  # bytes
    connections: int

    @property
    def content(self) -> bytes:
        """Noise, the same every time: nothing can be saved by compressing it."""
        return random.Random(self.size).randbytes(self.size)


#: 5 MB over 64 connections would only measure how long their queue is.
CASES: Final = (
    Case("1KiB", 1024, 64),
    Case("64KiB", 64 * 1024, 64),
    Case("5MB", 5_000_000, 16),
)


@dataclass(frozen=True)
class Trial:
    """What one round gave for one contender and one file."""

    contender: str
    case: str
    round: int
    requests: int
    seconds: float
    p50: float
    p99: float
    server_cpu: float  # seconds of CPU of the server's processes
    driver_cpu: float  # seconds of CPU of wrk
    others_cpu: float  # seconds of CPU that went to programs outside the trial
    errors: dict[str, int]  # as wrk counts them; "answer" is our own check

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Terms:
    """Which core each part has, and how long each file is fetched, in seconds."""

    driver: int
    server: int
    warm_up: int
    measured: int


def trials(contender: Contender, number: int, cases: list[Case], terms: Terms) -> list[Trial]:
    """Start the contender, then for each file: see that it comes whole, warm up, measure."""
    with tempfile.TemporaryDirectory(prefix=f"bench-{contender.name}-") as place:
        site = Site(Path(place), free_port(), 0)
        site.directory.chmod(0o755)  # nginx that root starts works as somebody else
        files = site.directory / FILES
        files.mkdir()
        for case in cases:
            (files / f"{case.name}.bin").write_bytes(case.content)
        with running(
            contender.name,
            contender.command(site),
            port=site.port,
            log=site.directory / "output.log",
            cpu=terms.server,
        ) as server:
            return [
                _trial(contender.name, number, case, server, site.port, terms) for case in cases
            ]


def _trial(name: str, number: int, case: Case, server: Running, port: int, terms: Terms) -> Trial:
    path = f"/static/{case.name}.bin"
    wrong = {} if _fetched(port, path) == case.content else {"answer": 1}
    load = wrk.Load(f"http://127.0.0.1:{port}{path}", case.connections, terms.driver)
    if terms.warm_up:
        wrk.run(load, terms.warm_up)
    everybody, cpu = machine.busy_seconds(), server.cpu_seconds()
    counted = wrk.run(load, terms.measured)
    cpu, everybody = server.cpu_seconds() - cpu, machine.busy_seconds() - everybody
    return Trial(
        contender=name,
        case=case.name,
        round=number,
        requests=counted.requests,
        seconds=counted.seconds,
        p50=counted.p50,
        p99=counted.p99,
        server_cpu=cpu,
        driver_cpu=counted.cpu_seconds,
        others_cpu=max(0.0, everybody - cpu - counted.cpu_seconds),
        errors={**counted.errors, **wrong},
    )


def _fetched(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return body if answer.status == 200 else b""
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()
