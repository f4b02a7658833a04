"""From trials to the table and the bar; a row in which anything failed does not count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.spread import Spread, ratios, spread
from benchmarks.load.contenders import OURS, REFERENCE
from benchmarks.load.speed import Trial

BAR: Final = 0.6  # of the reference, requests a CPU second over the whole run
AIM: Final = 1.0
# Below this share of its core the generator was waiting for nginx: its true rate is higher.
SATURATED: Final = 0.93
# Above this share of the two cores used by other programs a figure says little.
DISTURBED: Final = 0.10

_HEADER: Final = (
    "generator", "requests/s", "min..max", f"to {REFERENCE}", "CPU s/1k", "by CPU", "min..max",
    "running", "min..max", "core", "p50", "p99",
)  # fmt: skip

Draw = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


@dataclass(frozen=True)
class Row:
    """All rounds of one generator; rates are requests a second, times are seconds."""

    contender: str
    rounds: int
    rate: Spread
    ratio: Spread | None  # of rates, to the reference, round by round
    cpu_per_thousand: float  # over the whole run
    cpu_ratio: Spread | None  # of requests a CPU second over the whole run, round by round
    window_ratio: Spread | None  # the same within the window
    core: float  # share of its core, in the window
    p50: float | None
    p99: float | None
    errors: list[str]  # why the row does not count
    notes: list[str]  # what to know when reading it


@dataclass(frozen=True)
class Verdict:
    """Whether the bar is kept; None where it was not measured."""

    is_kept: bool | None
    text: str


def rows(trials: Sequence[Trial]) -> list[Row]:
    """Give one row a generator, cheapest first."""
    names = dict.fromkeys(trial.contender for trial in trials)
    by_name = {name: [trial for trial in trials if trial.contender == name] for name in names}
    base = by_name.get(REFERENCE, [])
    made = [_row(own, base) for own in by_name.values()]
    return sorted(made, key=lambda row: row.cpu_per_thousand)


def text(made: Sequence[Row], draw: Draw) -> str:
    """Print-ready: the table, then what is wrong or worth knowing."""
    lines = [draw(_HEADER, [_cells(row) for row in made]), ""]
    for row in made:
        lines += [f"! {row.contender}: INVALID: {error}" for error in row.errors]
        lines += [f"  {row.contender}: {note}" for note in row.notes]
    return "\n".join(lines)


def verdict(made: Sequence[Row]) -> Verdict:
    """Hold the row of ours against the bar."""
    ours = next((row for row in made if row.contender == OURS), None)
    base = next((row for row in made if row.contender == REFERENCE), None)
    if ours is None or base is None or ours.errors or base.errors or ours.cpu_ratio is None:
        return Verdict(None, f"the bar ({BAR:g}x {REFERENCE} by CPU) was not measured")
    ratio = ours.cpu_ratio
    is_kept = ratio.median >= BAR
    reached = "reached" if ratio.median >= AIM else "not reached"
    return Verdict(
        is_kept,
        f"{OURS} carries {ratio.median:.2f}x ({ratio.low:.2f}..{ratio.high:.2f}) the requests of "
        f"{REFERENCE} in a CPU second: the bar of {BAR:g}x is {'kept' if is_kept else 'NOT KEPT'}, "
        f"the aim of {AIM:g}x is {reached}",
    )


def _row(trials: list[Trial], base: list[Trial]) -> Row:
    requests = max(1, sum(trial.whole_requests for trial in trials))
    return Row(
        contender=trials[0].contender,
        rounds=len(trials),
        rate=spread([trial.rate for trial in trials]),
        ratio=_to_reference(trials, base, lambda trial: trial.rate),
        cpu_per_thousand=1000 * sum(trial.whole_cpu for trial in trials) / requests,
        cpu_ratio=_to_reference(trials, base, lambda trial: trial.whole_by_cpu),
        window_ratio=_to_reference(trials, base, lambda trial: trial.window_by_cpu),
        core=_share(trials, lambda trial: trial.window.cpu),
        p50=_median([trial.p50 for trial in trials]),
        p99=_median([trial.p99 for trial in trials]),
        errors=_errors(trials),
        notes=_notes(trials),
    )


def _to_reference(
    trials: list[Trial], base: list[Trial], figure: Callable[[Trial], float]
) -> Spread | None:
    ours = {trial.round: figure(trial) for trial in trials}
    return ratios(ours, {trial.round: figure(trial) for trial in base})


def _share(trials: list[Trial], used: Callable[[Trial], float]) -> float:
    return sum(map(used, trials)) / sum(trial.window.seconds for trial in trials)


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return spread(known).median if known else None


def _errors(trials: list[Trial]) -> list[str]:
    return [f"round {trial.round}: {error}" for trial in trials for error in trial.errors]


def _notes(trials: list[Trial]) -> list[str]:
    notes = []
    own = _share(trials, lambda trial: trial.window.cpu)
    server = _share(trials, lambda trial: trial.window.server_cpu)
    if own < SATURATED:
        notes.append(
            f"used only {own:.0%} of its core (nginx {server:.0%} of the other): the rate is a "
            "lower bound, read the ratios by CPU"
        )
    disturbed = [trial for trial in trials if _others(trial) > DISTURBED]
    if disturbed:
        worst = max(map(_others, disturbed))
        notes.append(
            f"in {len(disturbed)} of {len(trials)} rounds other programs used more than "
            f"{DISTURBED:.0%} of the cores (worst {worst:.0%})"
        )
    remarks = sorted({trial.remark for trial in trials if trial.remark})
    return notes + [f"says of its own measurement: {remark}" for remark in remarks]


def _others(trial: Trial) -> float:
    return trial.window.others_cpu / (2 * trial.window.seconds)


def _cells(row: Row) -> list[str]:
    ratio = None if row.errors else row.ratio
    return [
        row.contender + (" !" if row.errors else ""),
        f"{row.rate.median:,.0f}",
        f"{row.rate.low:,.0f}..{row.rate.high:,.0f}",
        f"{ratio.median:.2f}x" if ratio else "-",
        f"{row.cpu_per_thousand:.4f}",
        *_ratio_cells(None if row.errors else row.cpu_ratio),
        *_ratio_cells(None if row.errors else row.window_ratio),
        f"{row.core:.0%}",
        _milliseconds(row.p50),
        _milliseconds(row.p99),
    ]


def _ratio_cells(ratio: Spread | None) -> list[str]:
    if ratio is None:
        return ["-", "-"]
    return [f"{ratio.median:.2f}x", f"{ratio.low:.2f}..{ratio.high:.2f}"]


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e3:.2f}ms"
