"""All replicas slow at once, at a load near what they can do: copies cannot help, only harm.

Replicas with a few workers and a queue carry four fifths of what they can, then each
request takes them five times as long, so that four times as much comes as they can do; after some
seconds they are well again.  What must hold: over no ten seconds do the replicas get more
than the budget allows, and latency is what it was once they have worked off what waited.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apparatus.spread import quantile
from benchmarks.apparatus.table import table
from benchmarks.peers.contender import Contender
from benchmarks.promise.sender import Sample
from benchmarks.tail.drive import Step, drive
from benchmarks.tail.replicas import Replica, replicas
from benchmarks.tail.report import in_time, latencies
from benchmarks.tail.terms import DEADLINE, REPLICAS, Law
from benchmarks.tail.trial import Load, proxy, total

NAME: Final = "storm"
TEXT: Final = "all replicas take 5 times as long for a while, at 0.8 of what they can do"
WORKERS: Final = 3  # of a replica
SLOWER: Final = 5
BUSY: Final = 0.8  # load before and after, as a share of the capacity
WARM_UP: Final = 3  # seconds: a proxy that learns has learnt
WINDOW: Final = 10  # seconds that a budget is held against
MARGIN: Final = 0.005  # over the budget: requests that were counted on the other side of a second
RECOVERED: Final = 2.0  # times the p99 of before
_SETTLE: Final = 0.2


@dataclass(frozen=True)
class Phases:
    """Whole seconds: all is well, the storm, all is well again."""

    before: int
    storm: int
    after: int

    @property
    def length(self) -> int:
        return self.before + self.storm + self.after

    def of(self, second: int) -> str:
        """Name the phase that a second belongs to."""
        if second < self.before:
            return "before" if second >= WARM_UP else "warm-up"
        return "STORM" if second < self.before + self.storm else "after"


@dataclass(frozen=True)
class Second:
    """What happened to the requests that were due in one second."""

    phase: str
    requests: int
    received: int  # by the replicas, meanwhile
    success: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Storm:
    """One contender, one round."""

    contender: str
    round: int
    seconds: list[Second]
    highest: float  # extra load of the worst window after the warm-up
    recovered_after: int | None  # whole seconds after the storm until p99 stays near that of before


def storm(contender: Contender, number: int, load: Load, phases: Phases) -> Storm:
    """Start, send, let it come and go, count every second, stop."""
    law = _law(len(load.arrivals) / phases.length)
    further = ("--workers", str(WORKERS))
    looks: list[int] = []
    with tempfile.TemporaryDirectory(prefix="bench-tail-") as directory:
        place = Path(directory)
        with (
            replicas(
                REPLICAS, place, law=law.text(), seed=load.seed, cpu=load.cores.upstream,
                further=further,
            ) as upstream,
            proxy(contender, place, upstream, load) as port,
        ):  # fmt: skip
            time.sleep(_SETTLE)
            steps = _steps(upstream, looks, law, phases)
            driven = drive(port, load.arrivals, steps, load.cores.client)
    seconds = _seconds(driven.samples, driven.times, looks, phases)
    return Storm(
        contender.name, number, seconds, highest=_highest(seconds), recovered_after=_calm(seconds)
    )


def text(storms: Sequence[Storm], budgets: Mapping[str, float]) -> tuple[str, bool]:
    """Print-ready, second by second; and whether what must hold did, for those with a budget."""
    names = list(dict.fromkeys(one.contender for one in storms))
    runs = {name: [one for one in storms if one.contender == name] for name in names}
    header = ["extra load, p99, in time", *names]
    lines = [
        [f"{number:2} {storms[0].seconds[number].phase}", *_cells(runs, number)]
        for number in range(len(storms[0].seconds))
    ]
    said, kept = [], True
    for name in names:
        line, fine = _judged(runs[name], budgets.get(name))
        said.append(line)
        kept = kept and fine
    return "\n".join([table(header, lines), *said]), kept


def _law(rate: float) -> Law:
    """How long a request takes so that ``rate`` of them keep the workers so busy."""
    mean = BUSY * REPLICAS * WORKERS / rate
    return Law(mean=mean, deviation=mean / 2)


def _steps(upstream: Sequence[Replica], looks: list[int], law: Law, phases: Phases) -> list[Step]:
    """Look at the start of every second; change in between two looks, at once after one."""

    def look() -> None:
        looks.append(total(upstream))

    def change(slower: float) -> Callable[[], None]:
        def everywhere() -> None:
            look()
            for replica in upstream:
                replica.change(latency=law.text(slower))

        return everywhere

    changes = {phases.before: change(SLOWER), phases.before + phases.storm: change(1.0)}
    return [(float(at), changes.get(at, look)) for at in range(phases.length + 1)]


def _seconds(
    samples: Sequence[Sample], times: Sequence[float], looks: Sequence[int], phases: Phases
) -> list[Second]:
    """Cut at the moments of the looks, which are late by some milliseconds."""
    made = []
    for number in range(phases.length):
        begin, end = times[number], times[number + 1]
        mine = [sample for sample in samples if begin <= sample[0] < end]
        ordered = latencies(mine)
        made.append(
            Second(
                phase=phases.of(number),
                requests=len(mine),
                received=looks[number + 1] - looks[number],
                success=in_time(mine),
                p50=quantile(ordered, 0.5),
                p99=quantile(ordered, 0.99),
            )
        )
    return made


def _highest(seconds: Sequence[Second]) -> float:
    warm = [second for second in seconds if second.phase != "warm-up"]
    windows = [warm[at : at + WINDOW] for at in range(max(1, len(warm) - WINDOW + 1))]
    return max(
        sum(one.received for one in window) / sum(one.requests for one in window) - 1
        for window in windows
    )


def _calm(seconds: Sequence[Second]) -> int | None:
    """Whole seconds after the storm from which on p99 is near that of before; None: never.

    Who had not been calm before cannot become it again.
    """
    usual = statistics.median(second.p99 for second in seconds if second.phase == "before")
    if usual > DEADLINE:
        return None
    after = [second.p99 <= RECOVERED * usual for second in seconds if second.phase == "after"]
    wild = [number for number, calm in enumerate(after) if not calm]
    first = wild[-1] + 1 if wild else 0
    return first if first < len(after) else None


def _cells(runs: Mapping[str, Sequence[Storm]], number: int) -> list[str]:
    """Medians of the rounds."""
    cells = []
    for name in runs:
        seconds = [one.seconds[number] for one in runs[name]]
        extra = statistics.median(one.received / one.requests - 1 for one in seconds)
        p99 = statistics.median(one.p99 for one in seconds) * 1e3
        success = statistics.median(one.success for one in seconds)
        cells.append(f"{extra:+.1%} {p99:4.0f}ms {success:4.0%}")
    return cells


def _judged(rounds: Sequence[Storm], budget: float | None) -> tuple[str, bool]:
    """Say how the worst round did; without a budget there is nothing to keep but calm."""
    name, highest = rounds[0].contender, max(one.highest for one in rounds)
    calm = [one.recovered_after for one in rounds]
    whole = [seconds for seconds in calm if seconds is not None]
    slept = f"calm {max(whole)}s after it" if len(whole) == len(calm) else "NOT CALM after it"
    line = f"{name}: extra load over any {WINDOW}s at most {highest:+.2%}, {slept}"
    if budget is None:
        return line, True
    kept = highest <= budget + MARGIN and len(whole) == len(calm)
    return f"{line}; budget {budget:.0%}: {'kept' if kept else 'NOT KEPT'}", kept
