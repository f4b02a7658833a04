"""Memory over minutes: a closed run and an open one, looked at from outside every second.

Resident memory of the generator process and of the process that counts (its parent), each with
a straight line laid through it by least squares once the start is over.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus.footprint import MEBIBYTE
from benchmarks.load import outputs
from benchmarks.load.outputs import UnreadableError
from benchmarks.load.speed_report import Draw
from benchmarks.load.started import Ended, Memory, OverdueError, Started, started
from benchmarks.load.targets import PATH, Cores, Nginx
from benchmarks.peers import hedgerow

EVERY: Final = 1.0  # seconds between two looks
SETTLED: Final = 0.2  # share of the run after which memory should have found its level
#: The allocator moves by hundreds of KiB.  A list of all latencies, which is what this is to
#: find, would grow by 8 bytes a request: 100 MiB in five minutes at 40,000 a second.
FLAT: Final = MEBIBYTE
CERTAIN: Final = 60  # looks after the start; with fewer a slope is a guess
OPEN_RATE: Final = 5_000  # a second: much, and far from all that a core can send
_KIBIBYTE: Final = 1024

_HEADER: Final = (
    "run", "process", "requests", "RSS at 20%", "at the end", "growth", "slope", "",
)  # fmt: skip


@dataclass(frozen=True)
class Trend:
    """One process over one run; bytes."""

    process: str
    settled: int  # when the start was over
    last: int
    slope: float  # bytes a second, by least squares
    looks: int

    @property
    def growth(self) -> int:
        return self.last - self.settled

    @property
    def is_flat(self) -> bool:
        return self.growth < FLAT


@dataclass(frozen=True)
class Soak:
    """One run."""

    model: str
    requests: int
    memory: list[Memory]
    trends: list[Trend]
    errors: list[str]

    @property
    def is_clean(self) -> bool:
        return not self.errors and bool(self.trends) and all(one.is_flat for one in self.trends)


def runs(connections: int, seconds: float, cores: Cores, target: Nginx) -> Iterator[Soak]:
    """Let both models run, one after the other."""
    for model, words in (("closed", []), ("open", ["-R", str(OPEN_RATE)])):
        yield _run(model, ["-c", str(connections), *words], seconds, cores=cores, target=target)


def watch(
    process: Started, seconds: float, directory: Path
) -> tuple[list[Memory], Ended, dict[str, Any]]:
    """Look once a second until it ends, and read its result; raises what those two raise."""
    looks: list[Memory] = []
    give_up_at = process.began + seconds + 60
    while process.is_running and time.monotonic() < give_up_at:
        look = process.memory()
        if look is not None and look.children:  # without children it is still starting, or ending
            looks.append(look)
        time.sleep(EVERY)
    ended = process.finish()
    try:
        return looks, ended, outputs.read_result(directory)
    except UnreadableError as error:
        raise UnreadableError(f"{error}: {ended.last_words}") from error


def trend(name: str, looks: Sequence[Memory], value: Callable[[Memory], int]) -> Trend:
    """Lay a line through what came after the start; at least two looks are needed."""
    begin, end = looks[0].at, looks[-1].at
    settled = [look for look in looks if look.at >= begin + SETTLED * (end - begin)]
    points = [(look.at, value(look)) for look in settled]
    return Trend(name, points[0][1], points[-1][1], _slope(points), len(points))


def text(soaks: Sequence[Soak], draw: Draw) -> str:
    """Print-ready: two rows a run, and what is wrong."""
    lines = [draw(_HEADER, [_cells(soak, one) for soak in soaks for one in soak.trends]), ""]
    for soak in soaks:
        lines += [f"! {soak.model}: INVALID: {error}" for error in soak.errors]
        fewest = min((one.looks for one in soak.trends), default=0)
        if fewest < CERTAIN:
            lines.append(
                f"  {soak.model}: only {fewest} looks after the first {SETTLED:.0%}: too short to "
                "tell a leak from a start"
            )
    return "\n".join(lines)


def _run(model: str, words: list[str], seconds: float, *, cores: Cores, target: Nginx) -> Soak:
    with tempfile.TemporaryDirectory(prefix="bench-load-soak-") as place:
        directory = Path(place)
        file = str(directory / outputs.HEDGEROW_RESULT)
        options = [*words, "-d", f"{seconds:g}s", "--json", file]
        command = hedgerow.command("load", target.root + PATH, *options)
        with started("hedgerow", command, directory=directory, cpu=cores.generator) as process:
            try:
                looks, ended, document = watch(process, seconds, directory)
            except (OverdueError, UnreadableError) as error:
                return Soak(model, 0, [], [], [str(error)])
    # The last second belongs to the summary, not to the run.
    looks = [look for look in looks if look.at <= looks[0].at + seconds - EVERY / 2]
    return Soak(
        model=model,
        requests=document["requests"]["total"],
        memory=looks,
        trends=_trends(looks),
        errors=_errors(document, ended, looks),
    )


def _trends(looks: Sequence[Memory]) -> list[Trend]:
    if len(looks) < 2:
        return []
    return [
        trend("generator", looks, lambda look: look.children),
        trend("parent", looks, lambda look: look.parent),
    ]


def _errors(document: dict[str, Any], ended: Ended, looks: Sequence[Memory]) -> list[str]:
    errors = [f"{count:,} x {kind}" for kind, count in document["errors"].items()]
    if ended.code:
        errors.append(f"it ended with code {ended.code}")
    if len(looks) < 2:
        errors.append("it was too short for two looks at its memory")
    return errors


def _slope(points: Sequence[tuple[float, int]]) -> float:
    middle_at = sum(at for at, _ in points) / len(points)
    middle = sum(value for _, value in points) / len(points)
    spread_at = sum((at - middle_at) ** 2 for at, _ in points)
    together = sum((at - middle_at) * (value - middle) for at, value in points)
    return together / spread_at if spread_at else 0.0


def _cells(soak: Soak, one: Trend) -> list[str]:
    return [
        soak.model,
        one.process,
        f"{soak.requests:,}",
        f"{one.settled / MEBIBYTE:.1f} MiB",
        f"{one.last / MEBIBYTE:.1f} MiB",
        f"{one.growth / _KIBIBYTE:+,.0f} KiB",
        f"{60 * one.slope / _KIBIBYTE:+,.1f} KiB/min",
        "flat" if one.is_flat else "GROWS",
    ]
