"""The probes of a capacity search: each in its turn, and those that questioned the answer.

Must not know curves.
"""

from collections.abc import Sequence
from typing import Final

from hedgerow.report.find_document import By, FindDocument, ProbeRecord, Variant
from hedgerow.report.find_words import load_text, purpose
from hedgerow.report.page import figures, tables
from hedgerow.report.page.markup import Html, tag

#: What each question to the answer should bring.
_QUESTIONS: Final = {
    "confirming": ("Does it hold for longer?", "kept"),
    "above": ("Does what broke it break it again?", "broken"),
    "below": ("Is a clearly lower load kept?", "kept"),
    "far_above": ("Does a clearly higher load break it?", "broken"),
}


def outcome(came: str) -> Html:
    """How a probe came out."""
    signs = {"kept": "\N{CHECK MARK}", "broken": "\N{MULTIPLICATION X}"}
    return tag("span", f"{signs.get(came, '?')} {came}", class_=came)


def probes(document: FindDocument, variant: Variant) -> Html:
    """Every probe, in the order in which they were made."""
    columns = [
        *tables.figures("#"),
        *tables.figures("Users" if document.by == "users" else "Asked"),
        *tables.words("For", "Promises"),
        *tables.figures("Completed", "p50", "p95", "p99", "Errors", "Measured"),
        *tables.words("Why"),
    ]
    rows = [
        _row(number, probe, document.by) for number, probe in enumerate(variant.probes, start=1)
    ]
    return tables.table("All probes, in their order", columns, rows, sortable=True)


def _row(number: int, probe: ProbeRecord, by: By) -> list[tables.Content]:
    cell = tables.Cell
    return [
        cell(str(number), number),
        cell(load_text(probe.load, by), probe.load),
        purpose(probe),
        outcome(probe.came),
        cell(figures.rate(probe.completed), probe.completed),
        *map(_time, (probe.p50_us, probe.p95_us, probe.p99_us)),
        cell(figures.share(probe.error_share), probe.error_share),
        cell(figures.seconds(probe.seconds), probe.seconds),
        tag("div", reason(probe), class_="sample"),
    ]


def _time(us: int) -> tables.Cell:
    return tables.Cell(figures.microseconds(us) if us else figures.NONE, us)


def reason(probe: ProbeRecord) -> str:
    """Say why a probe came out as it did; empty where it was kept undisturbed."""
    if probe.came == "invalid":
        return "; ".join(fact.fact for fact in probe.verdict.reasons)
    why = [
        f"{result.expr}: {figures.in_unit_of(result, result.value)}"
        for result in probe.promises
        if not result.ok
    ]
    if probe.stopped_because:
        why.append(probe.stopped_because)
    if probe.verdict.state != "VALID":
        why += [f"{probe.verdict.state}: {fact.fact}" for fact in probe.verdict.reasons[:1]]
    return "; ".join(why)


def questions(document: FindDocument, variants: Sequence[tuple[str, Variant]]) -> Html:
    """The probes that could have refuted the answer."""
    rows: list[list[tables.Content]] = []
    for name, variant in variants:
        for probe in variant.probes:
            if probe.purpose in _QUESTIONS:
                question, wanted = _QUESTIONS[probe.purpose]
                rows.append([
                    *([name] if name else []), question, load_text(probe.load, document.by),
                    figures.seconds(probe.seconds), wanted, outcome(probe.came),
                ])  # fmt: skip
    if not rows:
        return tag("p", "The search ended before its answer was questioned.", class_="nothing")
    columns = [
        *tables.words(*([document.varied] if variants[0][0] else []), "Question"),
        *tables.figures("Load", "Measured"),
        *tables.words("Expected", "Came out"),
    ]
    return tables.table("Probes that could have refuted the answer", columns, rows)


def promises(document: FindDocument, variants: Sequence[tuple[str, Variant]]) -> Html:
    """Each promise with its figures at the highest load that kept it and the lowest that broke."""
    rows: list[list[tables.Content]] = []
    for name, variant in variants:
        kept = _last_at(variant, variant.capacity.load, "kept")
        broken = _last_at(variant, variant.capacity.broken, "broken")
        for number, expr in enumerate(document.promises):
            at = [_figure_at(probe, number, document.by) for probe in (kept, broken)]
            rows.append([*([name] if name else []), tag("code", expr), *at])
    columns = [
        *tables.words(*([document.varied] if variants and variants[0][0] else []), "Promise"),
        *tables.figures("Where all are kept", "Where one breaks"),
    ]
    return tables.table("Promises, and their figures at either side", columns, rows)


def _last_at(variant: Variant, load: float | None, came: str) -> ProbeRecord | None:
    found = [probe for probe in variant.probes if probe.load == load and probe.came == came]
    return found[-1] if found else None


def _figure_at(probe: ProbeRecord | None, number: int, by: By) -> str:
    if probe is None or number >= len(probe.promises):
        return figures.NONE
    result = probe.promises[number]
    return f"{figures.in_unit_of(result, result.value)} at {load_text(probe.load, by)}"
