"""From trials to a table for each file; a row in which anything failed does not count."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.failures import in_words
from benchmarks.apparatus.spread import Spread, ratios, spread
from benchmarks.apparatus.table import table
from benchmarks.static.trial import Trial

# Below this share of its core the server was waiting for the driver: its true rate is higher.
SATURATED: Final = 0.93
# Above this share of the two cores used by other programs a rate says little.
DISTURBED: Final = 0.10

_HEADER: Final = (
    "contender", "requests/s", "min..max", "ratio", "min..max",
    "CPU s/1k", "by CPU", "min..max", "core", "p50", "p99",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """All rounds of one contender with one file; rates are requests a second, times seconds."""

    contender: str
    case: str
    rounds: int
    rate: Spread
    ratio: Spread | None  # of rates, to the reference, round by round
    cpu_ratio: Spread | None  # of requests a CPU second, to the reference, round by round
    cpu_per_thousand: float
    core: float  # share of its core that the server used
    p50: float
    p99: float
    errors: list[str]  # why the row does not count
    notes: list[str]  # what to know when reading it


def rows(trials: Sequence[Trial], case: str, *, reference: str) -> list[Row]:
    """Give one row a contender, fastest first."""
    of_case = [trial for trial in trials if trial.case == case]
    names = dict.fromkeys(trial.contender for trial in of_case)
    by_name = {name: [trial for trial in of_case if trial.contender == name] for name in names}
    base = by_name.get(reference, [])
    return sorted((_row(own, base) for own in by_name.values()), key=lambda row: -row.rate.median)


def text(made: Sequence[Row], *, reference: str) -> str:
    """Print-ready: the table, then what is wrong or worth knowing."""
    header = [cell if cell != "ratio" else f"to {reference}" for cell in _HEADER]
    lines = [table(header, [_cells(row) for row in made])]
    for row in made:
        lines += [f"! {row.contender}: INVALID: {error}" for error in row.errors]
        lines += [f"  {row.contender}: {note}" for note in row.notes]
    return "\n".join(lines)


def _row(trials: list[Trial], base: list[Trial]) -> Row:
    requests = max(1, sum(trial.requests for trial in trials))
    cpu = sum(trial.server_cpu for trial in trials)
    return Row(
        contender=trials[0].contender,
        case=trials[0].case,
        rounds=len(trials),
        rate=spread([trial.rate for trial in trials]),
        ratio=ratios(_rates(trials), _rates(base)),
        cpu_ratio=ratios(_rates_by_cpu(trials), _rates_by_cpu(base)),
        cpu_per_thousand=1000 * cpu / requests,
        core=cpu / sum(trial.seconds for trial in trials),
        p50=spread([trial.p50 for trial in trials]).median,
        p99=spread([trial.p99 for trial in trials]).median,
        errors=_errors(trials),
        notes=_notes(trials),
    )


def _rates(trials: list[Trial]) -> dict[int, float]:
    return {trial.round: trial.rate for trial in trials}


def _rates_by_cpu(trials: list[Trial]) -> dict[int, float]:
    return {trial.round: trial.requests / max(trial.server_cpu, 0.01) for trial in trials}


def _errors(trials: list[Trial]) -> list[str]:
    wrong = "not the file before the load began"
    found = in_words((trial.errors for trial in trials), wrong_answer=wrong)
    return found + ["no request was answered"] * any(trial.requests == 0 for trial in trials)


def _notes(trials: list[Trial]) -> list[str]:
    notes = []
    seconds = sum(trial.seconds for trial in trials)
    server = sum(trial.server_cpu for trial in trials) / seconds
    if server < SATURATED:
        driver = sum(trial.driver_cpu for trial in trials) / seconds
        notes.append(
            f"used only {server:.0%} of its core (driver {driver:.0%}): the rate is a lower"
            " bound, read the ratio by CPU"
        )
    shares = [trial.others_cpu / (2 * trial.seconds) for trial in trials]
    disturbed = [share for share in shares if share > DISTURBED]
    if disturbed:
        notes.append(
            f"in {len(disturbed)} of {len(trials)} rounds other programs used more than "
            f"{DISTURBED:.0%} of the cores (worst {max(disturbed):.0%})"
        )
    return notes


def _cells(row: Row) -> list[str]:
    ratio = None if row.errors else row.ratio  # refusals are quick: no ratio from them
    by_cpu = None if row.errors else row.cpu_ratio
    return [
        row.contender + (" !" if row.errors else ""),
        f"{row.rate.median:,.0f}",
        f"{row.rate.low:,.0f}..{row.rate.high:,.0f}",
        f"{ratio.median:.2f}x" if ratio else "-",
        f"{ratio.low:.2f}..{ratio.high:.2f}" if ratio else "-",
        f"{row.cpu_per_thousand:.4f}",
        f"{by_cpu.median:.2f}x" if by_cpu else "-",
        f"{by_cpu.low:.2f}..{by_cpu.high:.2f}" if by_cpu else "-",
        f"{row.core:.0%}",
        f"{row.p50 * 1e3:.2f}ms",
        f"{row.p99 * 1e3:.2f}ms",
    ]
