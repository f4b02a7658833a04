"""Whole bodies: how fast they flow, in how much memory, and whether they arrive as sent."""

import json
import time
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus import machine
from benchmarks.stream.bench import Bench
from benchmarks.stream.curl import Outcome

KINDS: Final = (
    "download, length", "download, chunked", "upload, length", "upload, chunked",
)  # fmt: skip
DIRECT: Final = " (direct)"


@dataclass(frozen=True)
class Transfer:
    """One body, sent once."""

    kind: str
    direct: bool  # past the gateway: what client and upstream can do without it
    round: int
    size: int
    seconds: float  # as curl tells
    elapsed: float  # as we saw it, with the start of curl
    cpu: float  # seconds of the gateway
    others: float  # seconds that others took from its core; 0 where it has none of its own
    growth: int  # of the gateway's memory, bytes: its peak above what it was before
    resident: list[int]  # samples
    errors: list[str]  # why it does not count

    @property
    def rate(self) -> float:
        """Bytes a second; 0 when it failed."""
        return self.size / self.seconds if self.seconds and not self.errors else 0.0


def transfer(bench: Bench, name: str, number: int, size: int) -> Transfer:
    """Send one body; ``name`` is a kind, with DIRECT behind it for the way past the gateway."""
    kind, is_direct = name.removesuffix(DIRECT), name.endswith(DIRECT)
    watch, cpu, busy = bench.memory(), bench.front.cpu_seconds(), _busy(bench)
    start = time.monotonic()
    with watch.watching():
        outcome, errors = _send(bench, kind, is_direct, size)
    elapsed = time.monotonic() - start
    cpu, busy = bench.front.cpu_seconds() - cpu, _busy(bench) - busy
    return Transfer(
        kind=kind,
        direct=is_direct,
        round=number,
        size=size,
        seconds=outcome.seconds,
        elapsed=elapsed,
        cpu=cpu,
        others=max(0.0, busy - cpu),
        growth=watch.growth,
        resident=watch.samples,
        errors=errors,
    )


def _busy(bench: Bench) -> float:
    core = bench.cores.gateway
    return 0.0 if core is None else machine.busy_seconds(core)


def _send(bench: Bench, kind: str, is_direct: bool, size: int) -> tuple[Outcome, list[str]]:
    url = bench.direct if is_direct else bench.through
    direction, _, framing = kind.partition(", ")
    if direction == "download":
        outcome = bench.curl.download(url(f"/{framing}/{size}?id=whole"))
        return outcome, _errors(outcome, outcome.received, size, outcome.differs_at)
    outcome = bench.curl.upload(url("/upload?id=whole"), bench.file, chunked=framing == "chunked")
    told = json.loads(outcome.answer) if outcome.status == 200 else {}
    return outcome, _errors(outcome, told.get("size", 0), size, told.get("differs_at"))


def _errors(outcome: Outcome, arrived: int, size: int, differs_at: int | None) -> list[str]:
    errors = []
    if outcome.code or outcome.status != 200:
        errors.append(f"curl ended with {outcome.code}, status {outcome.status}: {outcome.said}")
    if arrived != size:
        errors.append(f"{arrived:,} of {size:,} bytes arrived")
    if differs_at is not None:
        errors.append(f"byte {differs_at:,} is not as it was sent")
    return errors
