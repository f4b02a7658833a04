"""The page of one load run, or of several: its parts in their order."""

from collections.abc import Sequence

from hedgerow.report.document import Document
from hedgerow.report.page import figures, one_run, several_runs
from hedgerow.report.page.chart import Chart
from hedgerow.report.page.circumstances import circumstances
from hedgerow.report.page.comparison import side_by_side
from hedgerow.report.page.embedded import results
from hedgerow.report.page.frame import Frame, drawn, section
from hedgerow.report.page.judgements import promises, verdicts
from hedgerow.report.page.markup import Html, tag
from hedgerow.report.page.outcomes import (
    answers,
    by_label,
    in_words,
    key_figures,
    percentiles,
    summary,
)
from hedgerow.report.page.runs import Run, runs_of


def page(documents: Sequence[Document], *, title: str | None = None) -> str:
    """One HTML file that shows a run, or several drawn over each other."""
    runs = runs_of(documents)
    charts: list[Chart] = []
    body = _one(runs[0], charts) if len(runs) == 1 else _several(runs, charts)
    frame = Frame(heading=title or _heading(runs), facts=_facts(runs), tool=documents[0].tool)
    return frame.around(body, charts, results(documents))


def _one(run: Run, charts: list[Chart]) -> list[Html]:
    document = run.document
    server = one_run.server(document)
    spectrum = [one_run.latency_spectrum(document)]
    if (distribution := one_run.distribution(document)) is not None:
        spectrum.append(distribution)
    return [
        verdicts([run]),
        promises([run]),
        section("figures", "In short", tag("p", in_words(document)), key_figures(document)),
        summary([run]),
        section(
            "over-time",
            "Over time",
            drawn(
                charts,
                one_run.response_time(document),
                one_run.throughput(document),
                one_run.errors(document),
                one_run.concurrency(document),
                one_run.traffic(document),
                one_run.send_lag(document),
                one_run.generator_cpu(document),
            ),
        ),
        section("percentiles", "Percentiles", drawn(charts, *spectrum),
                 percentiles([run]), by_label([run])),
        *([_server_section(document, charts, server)] if server else []),
        answers([run]),
        *circumstances([run]),
    ]  # fmt: skip


def _several(runs: Sequence[Run], charts: list[Chart]) -> list[Html]:
    return [
        verdicts(runs),
        side_by_side(runs),
        promises(runs),
        summary(runs),
        section("charts", "Charts", drawn(charts, *several_runs.charts(runs))),
        section("percentiles", "Percentiles", percentiles(runs), by_label(runs)),
        answers(runs),
        *circumstances(runs),
    ]


def _server_section(document: Document, charts: list[Chart], wanted: Sequence[Chart]) -> Html:
    server = document.server
    assert server is not None
    parts = [tag("p", tag("code", server.name), class_="note")]
    if server.ended_early:
        parts.append(tag("p", "It ended before the run was over.", class_="early"))
    return section("server", "Watched server", *parts, drawn(charts, *wanted))


def _heading(runs: Sequence[Run]) -> str:
    if len(runs) > 1:
        return f"{len(runs)} runs compared"
    document = runs[0].document
    return document.name or f"Load on {document.target}"


def _facts(runs: Sequence[Run]) -> list[str]:
    targets = dict.fromkeys(run.document.target for run in runs)
    times = sorted(run.document.started for run in runs if run.document.started)
    seconds = runs[0].document.duration_s if len(runs) == 1 else 0.0
    lasted = f"{figures.seconds(seconds)} measured" if seconds else ""
    return [", ".join(targets), figures.moment(times[0]) if times else "", lasted]
