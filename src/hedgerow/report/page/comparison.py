"""Several runs side by side: one row a run."""

from collections.abc import Sequence
from typing import Final

from hedgerow.report.document import Document
from hedgerow.report.page import figures, tables
from hedgerow.report.page.markup import Html, tag
from hedgerow.report.page.runs import Run

_PERCENTILES: Final = ("p50", "p95", "p99", "p99_9", "max")


def side_by_side(runs: Sequence[Run]) -> Html:
    """The table of figures that are compared."""
    has_server = any(run.document.server is not None for run in runs)
    rows = [
        [_name(run), *_load(run.document), *_times(run.document),
         *(_server(run.document) if has_server else [])]
        for run in runs
    ]  # fmt: skip
    columns = [*tables.words("Run", "Verdict", "SLO"), *tables.figures("Asked", "Rate", "Good")]
    columns += tables.figures("Failed", "Mean", *map(figures.percentile_name, _PERCENTILES))
    if has_server:
        columns += tables.figures("CPU mean", "CPU max", "RSS max")
    whole = tables.table("Figures side by side (CPU in cores)", columns, rows, sortable=True)
    return tag("section", tag("h2", "Side by side"), whole, id="side-by-side")


def _name(run: Run) -> Html:
    return tag("span", tag("span", class_=f"swatch s{run.colour}"), run.name, class_="run")


def _load(document: Document) -> list[tables.Content]:
    rate, requests = document.rate, document.requests
    kept = sum(slo.ok for slo in document.slo)
    failed = requests.failed / requests.total if requests.total else 0.0
    state = document.verdict.state
    return [
        tag("span", state, class_=f"state {state.lower()}"),
        tag("span", f"{kept} of {len(document.slo)} kept", class_="run")
        if document.slo
        else figures.NONE,
        figures.NONE if rate.asked is None else tables.Cell(figures.rate(rate.asked), rate.asked),
        tables.Cell(figures.rate(rate.completed), rate.completed),
        tables.Cell(figures.rate(rate.ok), rate.ok),
        tables.Cell(figures.share(failed), failed),
    ]


def _times(document: Document) -> list[tables.Content]:
    of = document.latency_us.response
    return [
        tables.Cell(figures.percentile(of, name), getattr(of, name))
        for name in ("mean", *_PERCENTILES)
    ]


def _server(document: Document) -> list[tables.Content]:
    server = document.server
    if server is None:
        return [figures.NONE] * 3
    return [
        tables.Cell(f"{server.cpu_mean:.2f}", server.cpu_mean),
        tables.Cell(f"{server.cpu_max:.2f}", server.cpu_max),
        tables.Cell(figures.size(server.rss_max), server.rss_max),
    ]
