"""A table, and for each contender whether it holds what was asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.table import table
from benchmarks.overload.figures import LATE_SENDER, Cell
from benchmarks.overload.terms import GOODPUT_BAR, HIGH_BAR, REFUSAL_BAR

_HEADER: Final = (
    "offered", "contender", "goodput", "min..max", "high", "worst", "low", "refused",
    "no: p50", "p99", "yes: p50", "p99", "start", "core",
)  # fmt: skip
#: More than that of the gateway's core used by others is worth a remark.
_MOST_OTHERS: Final = 0.1


@dataclass(frozen=True)
class Verdict:
    """One line: a bar, and what a contender reached.  ``holds`` None: nothing to judge."""

    contender: str
    bar: str
    reached: str
    holds: bool | None


def text(made: Sequence[Cell]) -> str:
    """Print-ready: the table, remarks, verdicts."""
    lines, previous = [], None
    for cell in made:
        lines.append(_cells(cell, is_first=cell.factor != previous))
        previous = cell.factor
    remarks = [remark for cell in made for remark in _remarks(cell)]
    judged = [
        f"{one.contender:12} {one.bar}: {_word(one.holds):7} ({one.reached})"
        for one in verdicts(made)
    ]
    return "\n".join([table(_HEADER, lines), "", *remarks, *([""] * bool(remarks)), *judged])


def verdicts(made: Sequence[Cell]) -> list[Verdict]:
    """Judge each contender: goodput under the highest load, the others under every load."""
    found = []
    for name in dict.fromkeys(cell.contender for cell in made):
        own = [cell for cell in made if cell.contender == name]
        found += [_goodput(own), _refusals(own), _high(own)]
    return found


def _goodput(own: Sequence[Cell]) -> Verdict:
    most = own[-1]
    share = most.goodput.median
    bar = f"goodput at {most.factor:g}x >= {GOODPUT_BAR:.0%} of capacity"
    return Verdict(most.contender, bar, f"{share:.1%}", share >= GOODPUT_BAR)


def _refusals(own: Sequence[Cell]) -> Verdict:
    bar = f"refusals p99 < {REFUSAL_BAR * 1e3:g} ms"
    refusing = [cell for cell in own if cell.refusal]
    if not refusing:
        return Verdict(own[0].contender, bar, "nobody was refused", None)
    late = [f"{cell.factor:g}x" for cell in refusing if cell.sender_is_late]
    said = [cell for cell in refusing if not cell.sender_is_late]
    if not said:
        reached = f"not shown: the sender was late at {', '.join(late)}"
        return Verdict(own[0].contender, bar, reached, None)
    worst = max(said, key=lambda cell: cell.refusal["p99"].median)
    p99 = worst.refusal["p99"]
    reached = f"{_ms(p99.median)} at {worst.factor:g}x, rounds {_ms(p99.low)}..{_ms(p99.high)}"
    holds = p99.median < REFUSAL_BAR
    if late:
        reached += f"; not shown at {', '.join(late)}, where the sender was late"
    # One valid row decides against it, but not for all the others.
    return Verdict(worst.contender, bar, reached, None if holds and late else holds)


def _high(own: Sequence[Cell]) -> Verdict:
    bar = f"high priority >= {HIGH_BAR:.0%}"
    asked = [(cell.high, cell.factor) for cell in own if cell.high is not None]
    if not asked:
        return Verdict(own[0].contender, bar, "none was sent", None)
    share, factor = min(asked)
    return Verdict(own[0].contender, bar, f"{share:.2%} at {factor:g}x", share >= HIGH_BAR)


def _cells(cell: Cell, *, is_first: bool) -> list[str]:
    said, got = cell.refusal, cell.accepted
    return [
        f"{cell.factor:g}x" if is_first else "",
        cell.contender + (" !" if cell.sender_is_late else ""),
        f"{cell.goodput.median:.1%}",
        f"{cell.goodput.low:.0%}..{cell.goodput.high:.0%}",
        _share(cell.high),
        _share(cell.high_lowest),
        _share(cell.low),
        f"{cell.refused:.1%}",
        *(_ms(said[name].median) if said else "-" for name in ("p50", "p99")),
        *(_ms(got[name]) if got else "-" for name in ("p50", "p99")),
        f"{cell.start:.0%}",
        f"{cell.core:.0%}",
    ]


def _remarks(cell: Cell) -> list[str]:
    where = f"{cell.contender} at {cell.factor:g}x"
    found = []
    if cell.sender_is_late:
        late = f"{_ms(cell.sender_lag)} (p99), more than {_ms(LATE_SENDER)}"
        found.append(f"! {where}: the sender was late by {late}: its refusals do not count")
    if cell.others > _MOST_OTHERS:
        found.append(f"  {where}: other programs used {cell.others:.0%} of the gateway's core")
    if cell.lost:
        kinds = ", ".join(f"{count} x {kind}" for kind, count in cell.lost.items())
        found.append(f"  {where}: of {cell.requests} requests neither good nor refused: {kinds}")
    return found


def _word(holds: bool | None) -> str:
    return {True: "yes", False: "NO", None: "-"}[holds]


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}" if share > 0.9 else f"{share:.1%}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}ms" if seconds < 0.1 else f"{seconds * 1e3:,.0f}ms"
