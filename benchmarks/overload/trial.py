"""One contender under one load: a fresh upstream, a fresh gateway, a sender."""

import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apparatus import machine
from benchmarks.apparatus.cores import Cores
from benchmarks.apparatus.processes import free_port, pinned, running
from benchmarks.overload.sender import Sample
from benchmarks.overload.terms import (
    HIGH,
    LOW,
    NOMINAL,
    SERVICE,
    UPSTREAM_QUEUE,
    WORKERS,
    high_rate,
    low_rate,
)
from benchmarks.peers import hedgerow
from benchmarks.peers.contender import Contender, Site
from benchmarks.promise.arrivals import poisson

Arrivals = Sequence[tuple[float, int]]

_CALIBRATION: Final = (1.3, 1.0, 6.0)  # times the nominal capacity; counted from and until
_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Load:
    """What every contender of a round gets alike; seconds."""

    factor: float  # of the capacity
    capacity: float  # requests a second, measured in this round
    warm_up: float  # of the same load, not counted
    seconds: float
    seed: int

    def arrivals(self) -> Arrivals:
        """Both classes, each a Poisson process of its own, in order."""
        length = self.warm_up + self.seconds
        rng = random.Random(self.seed)
        high = poisson(high_rate(self.factor, self.capacity), length, rng)
        low = poisson(low_rate(self.factor, self.capacity), length, rng)
        return sorted([(due, HIGH) for due in high] + [(due, LOW) for due in low])


@dataclass(frozen=True)
class Trial:
    """What the clients saw, and what the gateway spent on it."""

    contender: str
    round: int
    load: Load
    samples: Sequence[Sample]
    core: float  # share of its core that the gateway used, the warm-up included
    others: float  # of that core, whatever else ran there; 0 where nothing is pinned


def capacity(seed: int, cores: Cores) -> float:
    """Answers a second of the upstream itself while more are asked of it than it can give."""
    factor, since, until = _CALIBRATION
    due = poisson(factor * NOMINAL, until, random.Random(seed))
    with (
        tempfile.TemporaryDirectory(prefix="bench-upstream-") as place,
        _upstream(Path(place), seed, cores) as port,
    ):
        samples = _send(port, [(at, LOW) for at in due], cores)
    ended = [ended for _, _, ended, status, _ in samples if status == 200]
    return sum(since <= at < until for at in ended) / (until - since)


def trial(contender: Contender, number: int, load: Load, cores: Cores) -> Trial:
    """Start both, send, stop."""
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-{contender.name}-") as text,
        _upstream(Path(text), load.seed, cores) as upstream_port,
    ):
        place = Path(text)
        site = Site(place, free_port(), upstream_port)
        log = place / "gateway.log"
        command = contender.command(site)
        with running(contender.name, command, port=site.port, log=log, cpu=cores.gateway) as ours:
            since, own, all_work = time.monotonic(), ours.cpu_seconds(), _busy(cores)
            samples = _send(site.port, load.arrivals(), cores)
            length, own = time.monotonic() - since, ours.cpu_seconds() - own
            others = max(0.0, _busy(cores) - all_work - own)
    return Trial(contender.name, number, load, samples, own / length, others / length)


def _busy(cores: Cores) -> float:
    return 0.0 if cores.gateway is None else machine.busy_seconds(cores.gateway)


@contextlib.contextmanager
def _upstream(place: Path, seed: int, cores: Cores) -> Iterator[int]:
    port = free_port()
    low, high = (round(seconds * 1e3) for seconds in SERVICE)
    words = ["-p", str(port), "--latency", f"uniform:{low}ms..{high}ms", "--errors", "off"]
    words += ["--workers", str(WORKERS), "--queue", str(UPSTREAM_QUEUE)]
    words += ["--notices-cancel", "no", "--seed", str(seed)]
    # Nice: the upstream shares a core with the sender, whose punctuality is the measurement.
    command = ["nice", "-n", "10", *hedgerow.command("flaky", *words)]
    with running("upstream", command, port=port, log=place / "upstream.log", cpu=cores.upstream):
        yield port


def _send(port: int, arrivals: Arrivals, cores: Cores) -> list[Sample]:
    command = [sys.executable, "-m", "benchmarks.overload.sender", str(port)]
    done = subprocess.run(
        pinned(command, cores.client),
        input=json.dumps(arrivals),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=_ROOT,
        start_new_session=True,  # Ctrl-C is for us: it is killed with this call
    )
    return [tuple(sample) for sample in json.loads(done.stdout)]
