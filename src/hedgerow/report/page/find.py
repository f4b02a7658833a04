"""The page of a capacity search: the answer, what it rests on, and how to search again."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from hedgerow.report.document import Config, Document
from hedgerow.report.find_document import FindDocument, Variant
from hedgerow.report.find_words import answer, load_text, scalability
from hedgerow.report.page import circumstances, figures, find_tables, tables
from hedgerow.report.page.chart import Chart
from hedgerow.report.page.embedded import json_script
from hedgerow.report.page.find_charts import curves, scaling
from hedgerow.report.page.frame import Frame, drawn, section
from hedgerow.report.page.markup import Html, tag
from hedgerow.report.page.runs import runs_of

Named = tuple[str, Variant]

#: The badge of an answer, and how it looks.
_BADGES: Final = {
    "found": ("\N{CHECK MARK} FOUND", "valid"),
    "above": ("\N{CHECK MARK} KEPT TO THE END", "valid"),
    "below": ("\N{MULTIPLICATION X} BROKEN FROM THE START", "invalid"),
    "unstable": ("! UNSTABLE", "suspect"),
    "generator": ("! LIMIT OF THE GENERATOR", "suspect"),
    "unfinished": ("! UNFINISHED", "suspect"),
}


def find_page(document: FindDocument, *, title: str | None = None) -> str:
    """One HTML file that shows a search, or one for each variant of the server."""
    charts: list[Chart] = []
    named = [(variant.value if document.varied else "", variant) for variant in document.variants]
    sections = [
        _answer(document, named),
        *([_scaling(document, charts)] if document.varied and named else []),
        section("slo", "Promises", find_tables.promises(document, named)),
        *_searches(document, named, charts),
        *_circumstances(document),
    ]
    frame = Frame(
        heading=title or f"Capacity of {document.target or 'a server'}",
        facts=[" and ".join(document.promises), figures.moment(document.started)],
        tool=document.tool,
    )
    return frame.around(sections, charts, [json_script(document, id="result")])


def _answer(document: FindDocument, named: Sequence[Named]) -> Html:
    if not named:
        nothing = "The search was interrupted before anything was measured."
        return section("answer", "Answer", tag("p", nothing, class_="nothing"))
    cards = [_card(document, name, variant) for name, variant in named]
    return section("answer", "Answer", tag("div", *cards, class_="cards"))


def _card(document: FindDocument, name: str, variant: Variant) -> Html:
    sign, look = _BADGES[variant.capacity.kind]
    heading = tag("h3", f"{document.varied} = {name}") if name else None
    return tag(
        "div",
        heading,
        tag("p", tag("span", sign, class_="badge"), " ", answer(variant.capacity, document)),
        class_=f"card verdict {look}",
    )


def _scaling(document: FindDocument, charts: list[Chart]) -> Html:
    rows: list[list[tables.Content]] = []
    for variant in document.variants:
        capacity = variant.capacity
        loads = [
            tables.Cell(load_text(load, document.by), load)
            if load is not None and capacity.kind != "unstable"
            else figures.NONE
            for load in (capacity.load, capacity.broken)
        ]
        rows.append([variant.value, *loads, capacity.kind])
    columns = [*tables.words(document.varied), *tables.figures("Capacity", "Broken at")]
    table = tables.table("Capacities", [*columns, *tables.words("Answer")], rows)
    words = [tag("p", sentence) for sentence in scalability(document)]
    title = f"Capacity by {document.varied}"
    return section("scaling-law", title, *words, _law(document), drawn(charts, scaling(document)),
                   table)  # fmt: skip


def _law(document: FindDocument) -> Html | None:
    fit = document.scalability
    if fit is None:
        return None
    at = "" if fit.peak_n is None else f" at {document.varied} = {fit.peak_n:.1f}"
    peak = None if fit.peak_x is None else load_text(fit.peak_x, document.by, digits=3) + at
    return tables.facts([
        ("One alone (lambda)", load_text(fit.lam, document.by, digits=3)),
        ("Contention (sigma)", f"{fit.sigma:.3g}"),
        ("Coherency (kappa)", f"{fit.kappa:.3g}"),
        ("Most" if fit.peak_n is not None else "Levels off at", peak),
        ("Variance explained (r2)", f"{fit.r2:.3f}"),
    ])  # fmt: skip


def _searches(document: FindDocument, named: Sequence[Named], charts: list[Chart]) -> list[Html]:
    sections = []
    for number, (name, variant) in enumerate(named):
        title = f"Curve at {document.varied} = {name}" if name else "Curve"
        key = f"curve-{number}" if number else "curve"
        sections.append(section(key, title, drawn(charts, *curves(document, variant, number))))
    if named:
        questions = find_tables.questions(document, named)
        sections.append(section("questions", "Confirmation", questions))
    for number, (name, variant) in enumerate(named):
        title = f"Probes at {document.varied} = {name}" if name else "Probes"
        key = f"probes-{number}" if number else "probes"
        sections.append(section(key, title, find_tables.probes(document, variant)))
    return sections


def _circumstances(document: FindDocument) -> list[Html]:
    """The plan and the machine; how much was sent is the probes' matter, not the plan's."""
    config = replace(document.config, rate="", users=None, connections=None)
    run = runs_of([_as_a_run(document, config)])[0]
    facts = [
        ("Searched by", "requests a second" if document.by == "rate" else "users"),
        ("Tolerance", figures.share(document.tolerance)),
        *(
            ("A probe measures" if name == "Duration" else name, value)
            for name, value in circumstances.plan_facts(run.document)
        ),
    ]
    command = document.config.command
    again = circumstances.command(command, "To search again:") if command else None
    return [section("plan", "Plan", again, tables.facts(facts)), circumstances.machine([run])]


def _as_a_run(document: FindDocument, config: Config) -> Document:
    return Document(
        target=document.target, tool=document.tool, config=config, machine=document.machine
    )
