"""The whole page: its parts in their order, its charts as data, the results themselves.

Everything is in one file and nothing is fetched.  Without JavaScript all but the charts is
there; what a chart shows is also said in words.
"""

from collections.abc import Sequence

from hedgerow.report.document import Document
from hedgerow.report.page import figures, inlined, one_run, several_runs
from hedgerow.report.page.chart import Chart
from hedgerow.report.page.circumstances import circumstances
from hedgerow.report.page.comparison import side_by_side
from hedgerow.report.page.embedded import json_script, results
from hedgerow.report.page.judgements import promises, verdicts
from hedgerow.report.page.markup import Html, joined, tag
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
    heading = title or _heading(runs)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        inlined.policy(),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content=documents[0].tool or "hedgerow"),
        tag("link", rel="icon", href="data:,"),
        tag("title", heading),
        inlined.styles(),
    )
    whole = tag(
        "body",
        _header(heading, runs),
        tag("main", *body),
        tag("footer", tag("p", _footer(runs))),
        json_script(charts, id="chart-data"),
        *results(documents),
        *inlined.scripts(),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, whole, lang='en')}\n"


def _one(run: Run, charts: list[Chart]) -> list[Html]:
    document = run.document
    server = one_run.server(document)
    spectrum = [one_run.latency_spectrum(document)]
    if (distribution := one_run.distribution(document)) is not None:
        spectrum.append(distribution)
    return [
        verdicts([run]),
        promises([run]),
        _section("figures", "In short", tag("p", in_words(document)), key_figures(document)),
        summary([run]),
        _section(
            "over-time",
            "Over time",
            _drawn(
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
        _section("percentiles", "Percentiles", _drawn(charts, *spectrum),
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
        _section("charts", "Charts", _drawn(charts, *several_runs.charts(runs))),
        _section("percentiles", "Percentiles", percentiles(runs), by_label(runs)),
        answers(runs),
        *circumstances(runs),
    ]


def _server_section(document: Document, charts: list[Chart], drawn: Sequence[Chart]) -> Html:
    server = document.server
    assert server is not None
    parts = [tag("p", tag("code", server.name), class_="note")]
    if server.ended_early:
        parts.append(tag("p", "It ended before the run was over.", class_="early"))
    return _section("server", "Watched server", *parts, _drawn(charts, *drawn))


def _section(key: str, title: str, *parts: Html | None) -> Html:
    return tag("section", tag("h2", title), *parts, id=key)


def _drawn(charts: list[Chart], *wanted: Chart) -> Html:
    """The places of charts that have data; it is added to ``charts``."""
    there = [chart for chart in wanted if not chart.is_empty]
    if not there:
        return tag("p", "Nothing was measured, so there is nothing to draw.", class_="nothing")
    charts += there
    return tag("div", *map(_figure, there), class_="charts")


def _figure(chart: Chart) -> Html:
    about = tag("p", chart.about, class_="note") if chart.about else None
    said = tag("p", chart.spoken, class_="said", id=f"{chart.key}-said") if chart.spoken else None
    plot = tag("div", class_="plot", data_chart=chart.key)
    title = tag("h3", chart.title, id=f"{chart.key}-title")
    return tag(
        "figure",
        tag("figcaption", tag("div", title, tag("div", class_="tools"), class_="bar"), about, said),
        plot,
        class_="chart wide" if chart.wide else "chart",
        id=chart.key,
        aria_labelledby=f"{chart.key}-title",
        aria_describedby=f"{chart.key}-said" if chart.spoken else None,
    )


def _heading(runs: Sequence[Run]) -> str:
    if len(runs) > 1:
        return f"{len(runs)} runs compared"
    document = runs[0].document
    return document.name or f"Load on {document.target}"


def _header(heading: str, runs: Sequence[Run]) -> Html:
    targets = dict.fromkeys(run.document.target for run in runs)
    times = sorted(run.document.started for run in runs if run.document.started)
    seconds = runs[0].document.duration_s if len(runs) == 1 else 0.0
    lasted = f"{figures.seconds(seconds)} measured" if seconds else ""
    facts = [", ".join(targets), figures.moment(times[0]) if times else "", lasted]
    items = [tag("li", fact) for fact in facts if fact]
    toggle = tag("button", "Light or dark", type="button", id="theme")
    return tag(
        "header",
        tag("div", tag("h1", heading), toggle, class_="bar"),
        tag("ul", *items, class_="meta"),
    )


def _footer(runs: Sequence[Run]) -> Html:
    tool = runs[0].document.tool
    made = f"Made by {tool}. " if tool else ""
    return joined(
        made,
        "The results are in this file: ",
        tag("code", "hedgerow report"),
        " reads it, alone or together with others. Charts: uPlot (MIT).",
    )
