"""From rounds to a table: the cold round apart from the warm ones, and what was promised."""

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.spread import Spread, quantile, spread
from benchmarks.apparatus.table import table
from benchmarks.crowd.trial import Round
from benchmarks.crowd.users import Sample
from benchmarks.promise.terms import GRACE

# A client this late, once in a hundred, says more about itself than about the gateway.
LATE_CLIENT: Final = GRACE / 2
# A crowd that needs longer than this to connect did not come at once.
LONG_BURST: Final = 0.25
# Above this share of the gateway's core used by other programs its latencies are partly theirs,
DISTURBED: Final = 0.10
# and above this one they say nothing about the gateway.
SPOILED: Final = 0.25

_HEADER: Final = (
    "users", "rounds", "good", "min..max", "error", "expired", "connect", "no answer",
    "mean", "p50", "p99", "max", "late",
)  # fmt: skip
_EXPIRED: Final = "504"
_CONNECT: Final = "connect"
_NO_ANSWER: Final = frozenset({"silent", "cut"})


@dataclass(frozen=True)
class Row:
    """All rounds of one size of crowd, cold or warm; times are seconds from ``connect()``."""

    users: int
    warm: bool
    rounds: int
    requests: int
    good: Spread  # of the shares of good answers, by round
    kinds: dict[str, int]  # of everything that was not good
    mean: float
    p50: float
    p99: float
    max: float
    late: dict[str, int]  # answers later than the deadline and the grace, by kind
    attempts: float  # received by the upstream, a request
    cancelled: float  # of these, a request
    left_running: int
    burst: float  # the longest
    lag: dict[str, float]  # of the client, from the kernel's time of arrival to reading
    cpu: dict[str, float]  # share of one core by part, the busiest round
    broken: list[str]  # what was promised and not kept
    errors: list[str]  # why the row does not count
    notes: list[str]  # what to know when reading it


def rows(rounds: Sequence[Round], *, deadline: float) -> list[Row]:
    """Give a cold and a warm row for each size."""
    groups: dict[tuple[int, bool], list[Round]] = {}
    for one in rounds:
        groups.setdefault((one.users, one.number > 1), []).append(one)
    return [_row(users, warm, own, deadline) for (users, warm), own in groups.items()]


def text(made: Sequence[Row]) -> str:
    """Print-ready: the table, then what is broken, wrong or worth knowing."""
    lines = [table(_HEADER, [_cells(row) for row in made]), ""]
    for row in made:
        name = _name(row)
        lines += [f"! {name}: INVALID: {error}" for error in row.errors]
        lines += [f"! {name}: NOT KEPT: {promise}" for promise in row.broken]
        lag = ", ".join(f"{at} {seconds * 1e3:.1f}ms" for at, seconds in row.lag.items())
        cpu = ", ".join(f"{part} {share:.0%}" for part, share in row.cpu.items())
        lines += [
            f"  {name}: not good: {_listed(row.kinds) or 'none'}; {row.attempts:.2f} attempts "
            f"a request, {row.cancelled:.2f} cancelled, {row.left_running} left running",
            f"  {'':{len(name)}}  client: connected within {row.burst * 1e3:.0f}ms, lag {lag}; "
            f"of a core: {cpu}",
        ]
        lines += [f"  {name}: {note}" for note in row.notes]
    return "\n".join(lines)


def _row(users: int, warm: bool, rounds: list[Round], deadline: float) -> Row:
    samples = [sample for one in rounds for sample in one.samples]
    latencies = sorted(sample.answered - sample.began for sample in samples)
    lags = sorted(sample.read - sample.answered for sample in samples)
    kinds = collections.Counter(sample.kind for sample in samples if sample.kind != "good")
    late = collections.Counter(sample.kind for sample in samples if _is_late(sample, deadline))
    lag = {"p50": quantile(lags, 0.5), "p99": quantile(lags, 0.99), "max": lags[-1]}
    burst = max(one.burst for one in rounds)
    return Row(
        users=users,
        warm=warm,
        rounds=len(rounds),
        requests=len(samples),
        good=spread([sum(s.kind == "good" for s in one.samples) / users for one in rounds]),
        kinds=dict(kinds),
        mean=sum(latencies) / len(latencies),
        p50=quantile(latencies, 0.5),
        p99=quantile(latencies, 0.99),
        max=latencies[-1],
        late=dict(late),
        attempts=sum(one.attempts for one in rounds) / len(samples),
        cancelled=sum(one.cancelled for one in rounds) / len(samples),
        left_running=sum(one.left_running for one in rounds),
        burst=burst,
        lag=lag,
        cpu={part: max(one.cpu[part] / one.seconds for one in rounds) for part in rounds[0].cpu},
        broken=_broken(kinds, late, deadline),
        errors=_errors(rounds, lag["p99"], burst),
        notes=_notes(rounds),
    )


def _is_late(sample: Sample, deadline: float) -> bool:
    return _has_answer(sample.kind) and sample.answered - sample.began > deadline + GRACE


def _has_answer(kind: str) -> bool:
    return kind != _CONNECT and kind not in _NO_ANSWER


def _broken(
    kinds: collections.Counter[str], late: collections.Counter[str], deadline: float
) -> list[str]:
    silent = sum(kinds[kind] for kind in _NO_ANSWER)
    limit = f"{(deadline + GRACE) * 1e3:,.0f}ms"
    return (
        [f"{late.total()} answers later than {limit} ({_listed(late)})"] * bool(late)
        + [f"{kinds[_CONNECT]} connections failed"] * bool(kinds[_CONNECT])
        + [f"{silent} requests without an answer"] * bool(silent)
    )


def _errors(rounds: list[Round], lag: float, burst: float) -> list[str]:
    late = f"the client read answers {lag * 1e3:.0f}ms late (p99)"
    slow = f"the crowd needed {burst * 1e3:.0f}ms to connect: it did not come at once"
    return (
        [late] * (lag > LATE_CLIENT)
        + [slow] * (burst > LONG_BURST)
        + _disturbances(rounds, SPOILED)
    )


def _disturbances(rounds: list[Round], limit: float) -> list[str]:
    shares = [one.others for one in rounds if one.others > limit]
    if not shares:
        return []
    return [
        f"in {len(shares)} of {len(rounds)} rounds other programs used more than {limit:.0%} "
        f"of the gateway's core (worst {max(shares):.0%})"
    ]


def _notes(rounds: list[Round]) -> list[str]:
    notes = [] if _disturbances(rounds, SPOILED) else _disturbances(rounds, DISTURBED)
    answers = sum(_has_answer(sample.kind) for one in rounds for sample in one.samples)
    unstamped = answers - sum(one.stamped for one in rounds)
    if unstamped:
        notes.append(
            f"the kernel did not tell when {unstamped} answers arrived: for these the time of "
            "reading counts, and the lag is unknown"
        )
    return notes


def _name(row: Row) -> str:
    return f"{row.users} {'warm' if row.warm else 'cold'}"


def _cells(row: Row) -> list[str]:
    kinds = row.kinds
    special = {_EXPIRED, _CONNECT, *_NO_ANSWER}
    shares = (
        sum(count for kind, count in kinds.items() if kind not in special),
        kinds.get(_EXPIRED, 0),
        kinds.get(_CONNECT, 0),
        sum(kinds.get(kind, 0) for kind in _NO_ANSWER),
    )
    good = row.requests - sum(kinds.values())
    times = (row.mean, row.p50, row.p99, row.max)
    return [
        _name(row) + (" !" if row.errors or row.broken else ""),
        str(row.rounds),
        f"{good / row.requests:.2%}",
        f"{row.good.low:.1%}..{row.good.high:.1%}",
        *(f"{share / row.requests:.2%}" for share in shares),
        *(f"{seconds * 1e3:,.0f}ms" for seconds in times),
        str(sum(row.late.values())),
    ]


def _listed(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {kind}" for kind, count in sorted(kinds.items()))
