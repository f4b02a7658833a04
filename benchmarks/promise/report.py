"""From samples to a table; a row that the sender itself spoiled does not count."""

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.spread import Spread, quantile, spread
from benchmarks.apparatus.table import table
from benchmarks.promise.expected import Expected
from benchmarks.promise.sender import Sample
from benchmarks.promise.terms import DEADLINE, GRACE
from benchmarks.promise.trial import Trial

# A sender that is late by this much, once in a hundred, decides by itself who is in time.
LATE_SENDER: Final = GRACE / 2
QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}

_HEADER: Final = (
    "contender", "in time", "min..max", *QUANTILES, "max", "late", "attempts", "cancelled",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """All rounds of one contender together; times are seconds from the due time."""

    contender: str
    rounds: int
    requests: int
    success: float  # share of requests with a good answer within the deadline
    by_round: Spread  # of the same share
    latency: dict[str, float]  # of all requests, whatever became of them
    late: int  # ended later than the deadline and the grace
    attempts: float  # received by the upstream, a request
    cancelled: float  # of these, a request
    left_running: int
    failures: dict[str, int]  # by kind; "late" is a good answer after the deadline
    sender_lag: float  # p99
    errors: list[str]  # why the row does not count


def rows(trials: Sequence[Trial]) -> list[Row]:
    """Give one row a contender, best first."""
    names = dict.fromkeys(trial.contender for trial in trials)
    made = [_row([trial for trial in trials if trial.contender == name]) for name in names]
    return sorted(made, key=lambda row: -row.success)


def text(made: Sequence[Row], theory: Mapping[str, Expected]) -> str:
    """Print-ready: measured rows, theoretical rows, then the failures."""
    blank = [""] * (len(QUANTILES) + 2)
    expected = [
        [name, f"{one.success:.2%}", "", *blank, f"{one.attempts:.2f}", ""]
        for name, one in theory.items()
    ]
    lines = [table(_HEADER, [*(_cells(row) for row in made), *expected]), ""]
    for row in made:
        lines += [f"! {row.contender}: INVALID: {error}" for error in row.errors]
        kinds = ", ".join(f"{count} x {kind}" for kind, count in row.failures.items())
        lines.append(
            f"  {row.contender}: {row.requests} requests; failed: {kinds or 'none'}; attempts left "
            f"running {row.left_running}; sender late by {row.sender_lag * 1e3:.1f}ms (p99)"
        )
    return "\n".join(lines)


def _row(trials: list[Trial]) -> Row:
    samples = [sample for trial in trials for sample in trial.samples]
    requests = len(samples)
    latencies = sorted(ended - due for due, _, ended, _ in samples)
    lag = quantile(sorted(sent - due for due, sent, _, _ in samples), 0.99)
    return Row(
        contender=trials[0].contender,
        rounds=len(trials),
        requests=requests,
        success=sum(map(_in_time, samples)) / requests,
        by_round=spread([sum(map(_in_time, one.samples)) / len(one.samples) for one in trials]),
        latency={name: quantile(latencies, share) for name, share in QUANTILES.items()}
        | {"max": latencies[-1]},
        late=sum(latency > DEADLINE + GRACE for latency in latencies),
        attempts=sum(trial.attempts for trial in trials) / requests,
        cancelled=sum(trial.cancelled for trial in trials) / requests,
        left_running=sum(trial.left_running for trial in trials),
        failures=dict(collections.Counter(filter(None, map(_failure, samples)))),
        sender_lag=lag,
        errors=[f"the sender was late by {lag * 1e3:.0f}ms (p99)"] * (lag > LATE_SENDER),
    )


def _in_time(sample: Sample) -> bool:
    due, _, ended, kind = sample
    return kind == "good" and ended - due <= DEADLINE


def _failure(sample: Sample) -> str:
    """Name what went wrong; empty when nothing did."""
    if _in_time(sample):
        return ""
    return "late" if sample[3] == "good" else sample[3]


def _cells(row: Row) -> list[str]:
    return [
        row.contender + (" !" if row.errors else ""),
        f"{row.success:.2%}",
        f"{row.by_round.low:.1%}..{row.by_round.high:.1%}",
        *(f"{seconds * 1e3:,.0f}ms" for seconds in row.latency.values()),
        str(row.late),
        f"{row.attempts:.2f}",
        f"{row.cancelled:.2f}",
    ]
