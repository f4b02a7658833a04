"""What was judged: the measurement itself, and the promises made of the server."""

from collections.abc import Sequence
from typing import Final

from hedgerow.report.document import SloResult, Verdict
from hedgerow.report.page import figures, tables
from hedgerow.report.page.markup import Child, Html, tag
from hedgerow.report.page.runs import Run

_SIGNS: Final = {"VALID": "\N{CHECK MARK}", "SUSPECT": "!", "INVALID": "\N{MULTIPLICATION X}"}
_MEANINGS: Final = {
    "VALID": "Nothing disturbed the measurement: its figures can be trusted.",
    "SUSPECT": "Something disturbed the measurement: read its figures with the reasons in mind.",
    "INVALID": "The figures do not tell what the server did: measure again.",
}


def verdicts(runs: Sequence[Run]) -> Html:
    """One card a run."""
    title = "Verdict on the measurement" if len(runs) == 1 else "Verdicts on the measurements"
    cards = [_card(run, is_named=len(runs) > 1) for run in runs]
    return tag("section", tag("h2", title), tag("div", *cards, class_="cards"), id="verdict")


def _card(run: Run, *, is_named: bool) -> Html:
    verdict = run.document.verdict
    state = verdict.state
    badge = tag("span", tag("span", _SIGNS[state], aria_hidden="true"), " ", state, class_="badge")
    name = tag("h3", tag("span", class_=f"swatch s{run.colour}"), run.name) if is_named else None
    return tag(
        "div",
        name,
        tag("p", badge, " ", _MEANINGS[state]),
        *_early_end(run),
        _reasons(verdict),
        class_=f"card verdict {state.lower()}",
    )


def _early_end(run: Run) -> list[Html]:
    document = run.document
    if not document.interrupted and not document.stopped_because:
        return []
    why = document.stopped_because or "it was interrupted"
    return [tag("p", tag("strong", "Ended early: "), why, ".", class_="early")]


def _reasons(verdict: Verdict) -> Html | None:
    if not verdict.reasons:
        return None
    items = [
        tag(
            "li",
            tag("strong", _sentence(reason.fact)),
            " ",
            reason.hint,
            tag("span", reason.kind, class_="kind"),
        )
        for reason in verdict.reasons
    ]
    return tag("ul", *items, class_="reasons")


def promises(runs: Sequence[Run]) -> Html:
    """The SLO table of all runs."""
    detailed = any(slo.detail for run in runs for slo in run.document.slo)
    rows = [
        [*run.cell(runs), *_promise(slo), *([slo.detail] if detailed else [])]
        for run in runs
        for slo in run.document.slo
    ]
    content: Child = tag(
        "p", "No SLO was asked for. Add one with ", tag("code", "--slo 'p99<250ms'"), ".",
        class_="nothing",
    )  # fmt: skip
    if rows:
        columns = [
            *tables.run_column(len(runs)),
            *tables.words("Promise"),
            *tables.figures("Measured", "Limit"),
        ]
        columns += tables.words("Kept", *(["Detail"] if detailed else []))
        content = tables.table("Promises and what came of them", columns, rows)
    return tag("section", tag("h2", "SLO"), content, id="slo")


def _promise(slo: SloResult) -> list[tables.Content]:
    kept = tag("span", "\N{CHECK MARK} kept", class_="kept")
    broken = tag("span", "\N{MULTIPLICATION X} broken", class_="broken")
    return [
        tag("code", slo.expr),
        figures.in_unit_of(slo, slo.value),
        figures.in_unit_of(slo, slo.limit),
        kept if slo.ok else broken,
    ]


def _sentence(text: str) -> str:
    """Begin with a capital and end with a stop, whatever the text was made for."""
    return text[:1].upper() + text[1:].rstrip(".") + "."
