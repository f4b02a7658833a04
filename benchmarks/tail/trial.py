"""One contender, one situation, one round: fresh replicas, a fresh proxy, one load."""

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apparatus.cores import Cores
from benchmarks.apparatus.processes import free_port, running
from benchmarks.peers.contender import Contender, Site
from benchmarks.promise.sender import Sample
from benchmarks.tail.contenders import BUDGETS
from benchmarks.tail.drive import drive
from benchmarks.tail.replicas import Replica, replicas
from benchmarks.tail.situations import SITUATIONS
from benchmarks.tail.terms import LAW, REPLICAS

_SETTLE: Final = 0.2  # seconds until a proxy that listens has made its first health checks


@dataclass(frozen=True)
class Load:
    """What every contender of a round gets alike; times are seconds."""

    arrivals: Sequence[float]
    healthy: float  # how long all is well; then it happens
    seed: int
    cores: Cores
    keep: Path | None = None  # the proxy's own words are appended there; Hedgerow tells all


@dataclass(frozen=True)
class Trial:
    """What was seen from the moment on at which the replica went bad."""

    contender: str
    situation: str
    round: int
    samples: list[Sample]  # of requests that had not ended by then
    requests: int  # that were due since
    received: int  # by all replicas, since


def trial(contender: Contender, situation: str, number: int, load: Load) -> Trial:
    """Start, send, let it happen, count, stop."""
    before = [0]

    def happen(all_of_them: list[Replica]) -> None:
        before[0] = total(all_of_them)
        SITUATIONS[situation].happen(all_of_them[-1])

    with tempfile.TemporaryDirectory(prefix="bench-tail-") as directory:
        place = Path(directory)
        with (
            replicas(
                REPLICAS, place, law=LAW.text(), seed=load.seed, cpu=load.cores.upstream
            ) as upstream,
            proxy(contender, place, upstream, load) as port,
        ):
            time.sleep(_SETTLE)
            steps = [(load.healthy, lambda: happen(upstream))]
            driven = drive(port, load.arrivals, steps, load.cores.client)
            received = total(upstream) - before[0]
    [moment] = driven.times
    return Trial(
        contender=contender.name,
        situation=situation,
        round=number,
        samples=[sample for sample in driven.samples if sample[2] >= moment],
        requests=sum(sample[0] >= moment for sample in driven.samples),
        received=received,
    )


@contextlib.contextmanager
def proxy(
    contender: Contender, place: Path, upstream: Sequence[Replica], load: Load
) -> Iterator[int]:
    """Run a contender before these replicas; the port that clients call."""
    first, *others = (replica.port for replica in upstream)
    site = Site(place, free_port(), first, tuple(others))
    command, log = contender.command(site), place / "proxy.log"
    if load.keep is not None and contender.name in BUDGETS:
        command.append("--trace")
    with running(contender.name, command, port=site.port, log=log, cpu=load.cores.gateway):
        yield site.port
    if load.keep is not None:
        with load.keep.open("ab") as kept:
            kept.write(f"--- {contender.name}\n".encode())
            kept.write(log.read_bytes())


def total(upstream: Sequence[Replica]) -> int:
    """Requests that all replicas together have received."""
    return sum(replica.received() for replica in upstream)
