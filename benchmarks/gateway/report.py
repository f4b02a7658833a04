"""From trials to a table; a row in which anything failed does not count, and says why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.failures import in_words
from benchmarks.apparatus.spread import Spread, ratios, spread
from benchmarks.apparatus.table import table
from benchmarks.gateway.trial import Cores, Trial

# Below this share of its core the proxy was waiting for the driver: its true rate is higher.
SATURATED: Final = 0.93
# Above this share of all cores used by other programs a rate says little.
DISTURBED: Final = 0.10
# More connections a request than this is not keep-alive.
REUSING: Final = 0.01

_HEADER: Final = (
    "contender", "requests/s", "min..max", "ratio", "min..max",
    "CPU s/1k", "by CPU", "core", "p50", "p99",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """All rounds of one contender; rates are requests a second, times are seconds."""

    contender: str
    rounds: int
    rate: Spread
    ratio: Spread | None  # of rates, to the reference, round by round
    cpu_ratio: Spread | None  # of requests a CPU second, to the reference, round by round
    cpu_per_thousand: float
    core: float  # share of its core that the proxy used
    p50: float
    p99: float
    errors: list[str]  # why the row does not count
    notes: list[str]  # what to know when reading it


def rows(trials: Sequence[Trial], *, reference: str, cores: Cores) -> list[Row]:
    """Give one row a contender, fastest first."""
    names = dict.fromkeys(trial.contender for trial in trials)
    by_name = {name: [trial for trial in trials if trial.contender == name] for name in names}
    base = by_name.get(reference, [])
    made = [_row(own, base, cores) for own in by_name.values()]
    return sorted(made, key=lambda row: -row.rate.median)


def text(made: Sequence[Row], *, reference: str) -> str:
    """Print-ready: the table, then what is wrong or worth knowing."""
    header = [cell if cell != "ratio" else f"to {reference}" for cell in _HEADER]
    lines = [table(header, [_cells(row) for row in made])]
    for row in made:
        lines += [f"! {row.contender}: INVALID: {error}" for error in row.errors]
        lines += [f"  {row.contender}: {note}" for note in row.notes]
    return "\n".join(lines)


def _row(trials: list[Trial], base: list[Trial], cores: Cores) -> Row:
    seconds = sum(trial.seconds for trial in trials)
    requests = max(1, sum(trial.requests for trial in trials))
    cpu = sum(trial.proxy_cpu for trial in trials)
    return Row(
        contender=trials[0].contender,
        rounds=len(trials),
        rate=spread([trial.rate for trial in trials]),
        ratio=ratios(_rates(trials), _rates(base)),
        cpu_ratio=ratios(_rates_by_cpu(trials), _rates_by_cpu(base)),
        cpu_per_thousand=1000 * cpu / requests,
        core=cpu / seconds,
        p50=spread([trial.p50 for trial in trials]).median,
        p99=spread([trial.p99 for trial in trials]).median,
        errors=_errors(trials),
        notes=_notes(trials, seconds, cores),
    )


def _rates(trials: list[Trial]) -> dict[int, float]:
    return {trial.round: trial.rate for trial in trials}


def _rates_by_cpu(trials: list[Trial]) -> dict[int, float]:
    return {trial.round: trial.requests / max(trial.proxy_cpu, 0.01) for trial in trials}


def _errors(trials: list[Trial]) -> list[str]:
    wrong = "not the backend's answer before the load began"
    found = in_words((trial.errors for trial in trials), wrong_answer=wrong)
    return found + ["no request was answered"] * any(trial.requests == 0 for trial in trials)


def _notes(trials: list[Trial], seconds: float, cores: Cores) -> list[str]:
    notes = []
    proxy = sum(trial.proxy_cpu for trial in trials) / seconds
    if proxy < SATURATED:
        driver = sum(trial.driver_cpu for trial in trials) / seconds
        backend = sum(trial.backend_cpu for trial in trials) / seconds
        shared = " on one core" if cores.driver == cores.backend else ""
        notes.append(
            f"used only {proxy:.0%} of its core (driver {driver:.0%}, backend {backend:.0%}"
            f"{shared}): the rate is a lower bound, read the ratio by CPU"
        )
    disturbed = [trial for trial in trials if _others(trial, cores) > DISTURBED]
    if disturbed:
        worst = max(_others(trial, cores) for trial in disturbed)
        notes.append(
            f"in {len(disturbed)} of {len(trials)} rounds other programs used more than "
            f"{DISTURBED:.0%} of the cores (worst {worst:.0%})"
        )
    opened = sum(trial.upstream_connections for trial in trials)
    if opened > REUSING * sum(trial.requests for trial in trials):
        notes.append(f"opened {opened} upstream connections: it hardly reuses them")
    return notes


def _others(trial: Trial, cores: Cores) -> float:
    used = len({cores.driver, cores.backend, cores.proxy})
    return trial.others_cpu / (trial.seconds * used)


def _cells(row: Row) -> list[str]:
    ratio = None if row.errors else row.ratio  # refusals are quick: no ratio from them
    return [
        row.contender + (" !" if row.errors else ""),
        f"{row.rate.median:,.0f}",
        f"{row.rate.low:,.0f}..{row.rate.high:,.0f}",
        f"{ratio.median:.2f}x" if ratio else "-",
        f"{ratio.low:.2f}..{ratio.high:.2f}" if ratio else "-",
        f"{row.cpu_per_thousand:.4f}",
        f"{row.cpu_ratio.median:.2f}x" if ratio and row.cpu_ratio else "-",
        f"{row.core:.0%}",
        f"{row.p50 * 1e3:.2f}ms",
        f"{row.p99 * 1e3:.2f}ms",
    ]
