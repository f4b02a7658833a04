"""Whole bodies: how fast they flow, in how much memory, and whether they arrive as sent."""

import json
from dataclasses import dataclass
from typing import Final

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
    cpu: float  # seconds of the gateway
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
    watch, cpu = bench.memory(), bench.front.cpu_seconds()
    with watch.watching():
        outcome, errors = _send(bench, kind, is_direct, size)
    return Transfer(
        kind=kind,
        direct=is_direct,
        round=number,
        size=size,
        seconds=outcome.seconds,
        cpu=bench.front.cpu_seconds() - cpu,
        growth=watch.growth,
        resident=watch.samples,
        errors=errors,
    )


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
