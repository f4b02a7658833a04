"""Percentiles side by side: the same unsaturated server, timed by those who print percentiles.

The server draws each latency from a known law, with the same seed for everybody in a round, and
has far more time than it needs.  What is compared is the measuring, so the law itself stands
below: a server cannot be faster than it, only slower by what it costs to answer.
"""

import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apparatus.spread import Spread, spread
from benchmarks.load.contenders import OURS, Generator, Order
from benchmarks.load.outputs import Told, UnreadableError
from benchmarks.load.speed_report import DISTURBED, Draw
from benchmarks.load.started import OverdueError, started
from benchmarks.load.targets import PATH, Cores, busy, lognormal_on

NAMES: Final = ("wrk", "hey", OURS)  # those that print percentiles finer than a millisecond
MEAN_MS: Final = 20.0
# Narrow on purpose: wrk adds made-up samples for each one above twice its mean interval, and of
# this law 0.2 % are above twice the mean.
DEVIATION_MS: Final = 5.0
SHARES: Final = (0.50, 0.90, 0.99)
#: Closer than this is no difference: hey prints steps of 0.1 ms, and a hundredth of a
#: latency is less than any two of its users would argue about.
STEP: Final = 0.0001
CLOSE: Final = 0.01


@dataclass(frozen=True)
class Trial:
    """One run of one generator."""

    contender: str
    round: int
    told: Told
    others: float  # share of the two cores that went to programs outside the trial
    errors: list[str]


@dataclass(frozen=True)
class Check:
    """One percentile: ours beside what the peers' runs covered; seconds."""

    share: float
    ours: float
    low: float
    high: float

    @property
    def outside(self) -> float:
        """How far beyond the peers' spread, 0 within it."""
        return max(self.low - self.ours, self.ours - self.high, 0.0)

    @property
    def agrees(self) -> bool:
        """Within the spread, or so close to it that it makes no difference."""
        return self.outside <= max(STEP, CLOSE * self.ours)


def trial(
    generator: Generator, number: int, *, connections: int, seconds: int, seed: int, cores: Cores
) -> Trial:
    """Let it time a fresh upstream whose chance begins anew."""
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-load-{generator.name}-") as place,
        lognormal_on(
            cores.server, mean_ms=MEAN_MS, deviation_ms=DEVIATION_MS, seed=seed + number
        ) as (root, server),
    ):
        order = Order(root, PATH, connections, seconds, Path(place))
        command = generator.command(order)
        began, everybody, served = time.perf_counter(), busy(cores), server.cpu_seconds()
        with started(
            generator.name, command, directory=order.directory, cpu=cores.generator
        ) as process:
            try:
                ended = process.finish(seconds)
                told = generator.read(ended.text, order.directory)
            except (OverdueError, UnreadableError) as error:
                return Trial(generator.name, number, Told(requests=0), 0.0, [str(error)])
        used = ended.cpu_seconds + server.cpu_seconds() - served
        others = (busy(cores) - everybody - used) / (2 * (time.perf_counter() - began))
    errors = [f"{count:,} x {kind}" for kind, count in told.errors.items()]
    if ended.code:
        errors.append(f"it ended with code {ended.code}")
    if None in _percentiles(told) or not told.requests:
        errors.append("it told no percentiles")
    return Trial(generator.name, number, told, others, errors)


def checks(trials: Sequence[Trial]) -> list[Check]:
    """Compare each percentile; empty when ours or all peers are missing."""
    good = [trial for trial in trials if not trial.errors]
    ours = [trial for trial in good if trial.contender == OURS]
    peers = [trial for trial in good if trial.contender != OURS]
    if not ours or not peers:
        return []
    found = []
    for share in SHARES:
        theirs = spread(_values(peers, share))
        median = spread(_values(ours, share)).median
        found.append(Check(share, median, theirs.low, theirs.high))
    return found


def text(trials: Sequence[Trial], draw: Draw) -> str:
    """Print-ready: the table, then one line a percentile."""
    names = dict.fromkeys(trial.contender for trial in trials)
    rows = [_cells(name, [one for one in trials if one.contender == name]) for name in names]
    rows.append(["the law itself", "", *_law_cells()])
    header = ["timed by", "requests"]
    for share in SHARES:
        header += [f"p{share * 100:g}", "min..max"]
    lines = [draw(header, rows), ""]
    lines += [
        f"! {trial.contender}: INVALID: round {trial.round}: {error}"
        for trial in trials
        for error in trial.errors
    ]
    disturbed = [trial for trial in trials if trial.others > DISTURBED]
    if disturbed:
        worst = max(trial.others for trial in disturbed)
        lines.append(
            f"  in {len(disturbed)} of {len(trials)} turns other programs used more than "
            f"{DISTURBED:.0%} of the cores (worst {worst:.0%}): tails are then theirs"
        )
    return "\n".join([*lines, *map(_sentence, checks(trials))])


def law_quantile(share: float) -> float:
    """Give the law's own quantile in seconds: lognormal, told by its mean and deviation."""
    variance = math.log1p((DEVIATION_MS / MEAN_MS) ** 2)
    middle = math.log(MEAN_MS / 1e3) - variance / 2
    return math.exp(middle + math.sqrt(variance) * statistics.NormalDist().inv_cdf(share))


def _sentence(check: Check) -> str:
    name = f"p{check.share * 100:g}"
    peers = f"{_shown(check.low)}..{_shown(check.high)}"
    if not check.outside:
        how = "within the peers' spread"
    else:
        how = f"{_shown(check.outside)} ms outside the peers' spread"
        how += ", as little as is allowed" if check.agrees else ": IT DOES NOT AGREE"
    return f"{name}: {OURS} {_shown(check.ours)} ms, peers {peers} ms: {how}"


def _cells(name: str, trials: Sequence[Trial]) -> list[str]:
    good = [trial for trial in trials if not trial.errors]
    if not good:
        return [f"{name} !", *["-"] * (1 + 2 * len(SHARES))]
    marked = name if len(good) == len(trials) else f"{name} !"
    cells = [marked, f"{sum(trial.told.requests for trial in good):,}"]
    for share in SHARES:
        cells += _spread_cells(spread(_values(good, share)))
    return cells


def _law_cells() -> list[str]:
    cells = []
    for share in SHARES:
        cells += [f"{_shown(law_quantile(share))}ms", ""]
    return cells


def _spread_cells(values: Spread) -> list[str]:
    return [f"{_shown(values.median)}ms", f"{_shown(values.low)}..{_shown(values.high)}"]


def _values(trials: Sequence[Trial], share: float) -> list[float]:
    at = SHARES.index(share)
    values = [_percentiles(trial.told)[at] for trial in trials]
    return [value for value in values if value is not None]


def _percentiles(told: Told) -> tuple[float | None, ...]:
    return told.p50, told.p90, told.p99


def _shown(seconds: float) -> str:
    return f"{seconds * 1e3:.2f}"
