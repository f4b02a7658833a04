"""One contender in one round: a fresh upstream, a fresh gateway, one open-loop load."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apparatus.processes import free_port, running
from benchmarks.peers.contender import Contender, Site
from benchmarks.promise import upstream
from benchmarks.promise.sender import Sample

_WARM_UP: Final = 100  # requests before the count: connections are made, code is loaded
_SETTLE: Final = 0.3  # seconds until cancelled attempts are seen as such by the upstream
_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Load:
    """What every contender of a round gets alike."""

    arrivals: Sequence[float]
    seed: int
    other_upstream: str | None


@dataclass(frozen=True)
class Trial:
    """What the clients saw, and what the upstream counted meanwhile."""

    contender: str
    round: int
    samples: list[Sample]
    attempts: int
    cancelled: int
    left_running: int  # attempts that nobody waits for any more, and that still run


def trial(contender: Contender, number: int, load: Load) -> Trial:
    """Start both, warm up, send, count, stop."""
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-{contender.name}-") as place,
        _upstream(Path(place), load) as upstream_port,
        _gateway(contender, Path(place), upstream_port) as port,
    ):
        _send(port, [at / 100 for at in range(_WARM_UP)])
        time.sleep(_SETTLE)
        before = upstream.stats(upstream_port)
        samples = _send(port, load.arrivals)
        time.sleep(_SETTLE)
        after = upstream.stats(upstream_port)
    return Trial(
        contender=contender.name,
        round=number,
        samples=samples,
        attempts=after.received - before.received,
        cancelled=after.cancelled - before.cancelled,
        left_running=after.in_flight,
    )


@contextlib.contextmanager
def _upstream(place: Path, load: Load) -> Iterator[int]:
    port = free_port()
    command = upstream.command(port, load.seed, load.other_upstream)
    with running("upstream", command, port=port, log=place / "upstream.log"):
        yield port


@contextlib.contextmanager
def _gateway(contender: Contender, place: Path, upstream_port: int) -> Iterator[int]:
    """Give the port that clients call."""
    site = Site(place, free_port(), upstream_port)
    command = contender.command(site)
    if not command:
        yield upstream_port
        return
    with running(contender.name, command, port=site.port, log=place / "gateway.log"):
        yield site.port


def _send(port: int, arrivals: Sequence[float]) -> list[Sample]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.promise.sender", str(port)],
        input=json.dumps(arrivals),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=_ROOT,
    )
    return [tuple(sample) for sample in json.loads(done.stdout)]
