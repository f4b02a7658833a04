"""From trials to a table, and to a verdict; a row that the sender itself spoiled does not count."""

import collections
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.spread import Spread, quantile, spread
from benchmarks.apparatus.table import table
from benchmarks.promise.sender import Sample
from benchmarks.tail.terms import DEADLINE, LATE_SENDER
from benchmarks.tail.trial import Trial

_HEADER: Final = (
    "contender", "in time", "min..max", "p50", "p99", "min..max", "p99.9", "extra load", "min..max",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """All rounds of a contender in a situation; times are seconds from the due time."""

    contender: str
    situation: str
    rounds: int
    requests: int
    success: float  # share with a good answer within the deadline
    successes: Spread  # by round
    p50: float  # of all requests, whatever became of them
    p99: float
    p99s: Spread  # by round
    p999: float
    extra: float  # requests at the replicas a request of the clients, less one
    extras: Spread  # by round
    failures: dict[str, int]
    errors: list[str]  # why the row does not count


def rows(trials: Sequence[Trial]) -> list[Row]:
    """Give one row a situation and contender, in the order in which they are named first."""
    groups: dict[tuple[str, str], list[Trial]] = collections.defaultdict(list)
    for one in trials:
        groups[one.situation, one.contender].append(one)
    return [_row(group) for group in groups.values()]


def text(title: str, made: Sequence[Row]) -> str:
    """One situation, best first."""
    ordered = sorted(made, key=lambda row: (-row.success, row.p99))
    lines = [title, table(_HEADER, [_cells(row) for row in ordered])]
    for row in ordered:
        lines += [f"! {row.contender}: INVALID: {error}" for error in row.errors]
        if row.failures:
            kinds = ", ".join(f"{count} x {kind}" for kind, count in row.failures.items())
            lines.append(f"  {row.contender}: of {row.requests} requests {kinds}")
    return "\n".join(lines)


def verdict(made: Sequence[Row], ours: Sequence[str]) -> tuple[list[str], bool]:
    """Say of each of our contenders whether no peer was better in any row, and where one was."""
    lines, won = [], True
    for name in ours:
        mine = {row.situation: row for row in made if row.contender == name}
        peers = [row for row in made if row.contender not in ours and row.situation in mine]
        if not peers:
            continue
        lost = [line for peer in peers for line in _better(mine[peer.situation], peer)]
        won = won and not lost
        answer = "NO" if lost else "yes"
        lines.append(f"{name}: ahead of every peer on success and p99 in each row: {answer}")
        lines += [f"  {line}" for line in lost]
    return lines, won


def latencies(samples: Sequence[Sample]) -> list[float]:
    """Sorted, from the due time."""
    return sorted(ended - due for due, _, ended, _ in samples)


def in_time(samples: Sequence[Sample]) -> float:
    """Share of good answers within the deadline."""
    return sum(not _failure(sample) for sample in samples) / len(samples)


def _better(mine: Row, peer: Row) -> list[str]:
    """In what the peer was better; the same success is none.

    Where the rounds of both overlap, that may be chance: it is said, and counts all the same.
    """
    found = []
    if peer.success > mine.success:
        chance = _chance(peer.successes.low, mine.successes.high)
        found.append(
            f"{mine.situation}: {peer.contender} served {peer.success:.3%}, {mine.contender} "
            f"{mine.success:.3%}{chance}"
        )
    if peer.p99 <= mine.p99:
        chance = _chance(mine.p99s.low, peer.p99s.high)
        found.append(
            f"{mine.situation}: {peer.contender} has p99 {_ms(peer.p99)}, {mine.contender} "
            f"{_ms(mine.p99)}{chance}"
        )
    return found


def _chance(worst_of_better: float, best_of_worse: float) -> str:
    return " (their rounds overlap)" if worst_of_better <= best_of_worse else ""


def _row(trials: list[Trial]) -> Row:
    samples = [sample for one in trials for sample in one.samples]
    by_round = [latencies(one.samples) for one in trials]
    pooled = latencies(samples)
    requests = sum(one.requests for one in trials)
    lag = quantile(sorted(sent - due for due, sent, _, _ in samples), 0.99)
    return Row(
        contender=trials[0].contender,
        situation=trials[0].situation,
        rounds=len(trials),
        requests=requests,
        success=in_time(samples),
        successes=spread([in_time(one.samples) for one in trials]),
        p50=quantile(pooled, 0.5),
        p99=quantile(pooled, 0.99),
        p99s=spread([quantile(ordered, 0.99) for ordered in by_round]),
        p999=quantile(pooled, 0.999),
        extra=sum(one.received for one in trials) / requests - 1,
        extras=spread([one.received / one.requests - 1 for one in trials]),
        failures=dict(collections.Counter(filter(None, map(_failure, samples)))),
        errors=[f"the sender was late by {_ms(lag)} (p99)"] * (lag > LATE_SENDER),
    )


def _failure(sample: Sample) -> str:
    """Name what went wrong; empty when nothing did."""
    due, _, ended, kind = sample
    if kind != "good":
        return kind
    return "late" if ended - due > DEADLINE else ""


def _cells(row: Row) -> list[str]:
    return [
        row.contender + (" !" if row.errors else ""),
        f"{row.success:.2%}",
        f"{row.successes.low:.2%}..{row.successes.high:.2%}",
        _ms(row.p50),
        _ms(row.p99),
        f"{row.p99s.low * 1e3:.0f}..{_ms(row.p99s.high)}",
        _ms(row.p999),
        f"{row.extra:+.1%}",
        f"{row.extras.low:+.1%}..{row.extras.high:+.1%}",
    ]


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.0f}ms"
