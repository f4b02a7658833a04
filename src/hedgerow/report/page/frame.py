"""What every page is: head, heading, footer, charts as places, the scripts and the results.

Everything is in one file and nothing is fetched.  Without JavaScript all but the charts is
there; what a chart shows is also said in words.  Must not know what a page is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hedgerow.report.page import inlined
from hedgerow.report.page.chart import Chart
from hedgerow.report.page.embedded import json_script
from hedgerow.report.page.markup import Html, joined, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around the sections."""

    heading: str
    facts: Sequence[str]  # below it; the empty ones are left out
    tool: str  # that made it

    def around(
        self, sections: Sequence[Html], charts: Sequence[Chart], data: Sequence[Html]
    ) -> str:
        """Return the whole page; ``data`` are the results, for whoever reads the file again."""
        head = tag(
            "head",
            tag("meta", charset="utf-8"),
            inlined.policy(),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="generator", content=self.tool or "hedgerow"),
            tag("link", rel="icon", href="data:,"),
            tag("title", self.heading),
            inlined.styles(),
        )
        body = tag(
            "body",
            self._header(),
            tag("main", *sections),
            tag("footer", tag("p", self._footer())),
            json_script(charts, id="chart-data"),
            *data,
            *inlined.scripts(),
        )
        return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"

    def _header(self) -> Html:
        items = [tag("li", fact) for fact in self.facts if fact]
        toggle = tag("button", "Light or dark", type="button", id="theme")
        return tag(
            "header",
            tag("div", tag("h1", self.heading), toggle, class_="bar"),
            tag("ul", *items, class_="meta"),
        )

    def _footer(self) -> Html:
        made = f"Made by {self.tool}. " if self.tool else ""
        return joined(
            made,
            "The results are in this file: ",
            tag("code", "hedgerow report"),
            " reads it again. Charts: uPlot (MIT).",
        )


def section(key: str, title: str, *parts: Html | None) -> Html:
    """One section under its heading."""
    return tag("section", tag("h2", title), *parts, id=key)


def drawn(charts: list[Chart], *wanted: Chart) -> Html:
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
