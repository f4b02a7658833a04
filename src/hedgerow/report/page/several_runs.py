"""The charts of several runs, each drawn over the others: one colour a run.

Must not know HTML.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from hedgerow.report.document import Server, ServerPoint
from hedgerow.report.page import figures, series
from hedgerow.report.page.chart import Chart, Column, Series, Unit
from hedgerow.report.page.runs import Run
from hedgerow.report.page.series import PointValue
from hedgerow.report.page.spectrum import Bins, bin_table, histogram_of, spectrum

_TIMES: Final = {
    "mean": "mean_us", "p50": "p50_us", "p95": "p95_us", "p99": "p99_us", "p99.9": "p99_9_us",
    "max": "max_us",
}  # fmt: skip


class Words(NamedTuple):
    """What a chart is called, and what is said of it."""

    key: str
    title: str
    about: str
    spoken: str = ""


def charts(runs: Sequence[Run]) -> list[Chart]:
    """Every chart that some run has data for, in the page's order."""
    found = [response_time(runs), throughput(runs), failures(runs), in_flight(runs)]
    found += [send_lag(runs), latency_spectrum(runs), *distribution(runs), *servers(runs)]
    return [chart for chart in found if not chart.is_empty]


def response_time(runs: Sequence[Run]) -> Chart:
    """One line a run, of the mean or of the percentile that is chosen."""
    values = [series.time_of(name) for name in _TIMES.values()]
    said = "; ".join(
        f"{run.name}: {figures.microseconds(run.document.latency_us.response.mean)}" for run in runs
    )
    return Chart(
        key="response-time",
        title="Response time over time",
        about="Of the requests that ended in each interval, good and failed alike.",
        spoken=f"Mean of the whole run: {said}.",
        axis="time",
        unit="us",
        log=False,
        wide=True,
        picks=list(_TIMES),
        series=[run.line(pick=pick) for run in runs for pick in _TIMES],
        tables=[series.table(run.document.timeseries, values) for run in runs],
        zones=series.common_zones([run.document for run in runs]),
    )


def throughput(runs: Sequence[Run]) -> Chart:
    """Good answers a second."""
    said = "; ".join(f"{run.name}: {figures.rate(run.document.rate.ok)}" for run in runs)
    words = Words("throughput", "Throughput", "Good answers a second.", f"On average: {said}.")
    return _over_time(runs, words, unit="rate", value=series.per_second("ok"))


def failures(runs: Sequence[Run]) -> Chart:
    """Failed requests a second."""
    said = "; ".join(f"{run.name}: {figures.count(run.document.requests.failed)}" for run in runs)
    words = Words("errors", "Errors", "Failed requests a second.", f"In all: {said}.")
    return _over_time(runs, words, unit="rate", value=series.per_second("failed"))


def in_flight(runs: Sequence[Run]) -> Chart:
    """Requests under way, and those that wait."""
    about = "At each interval's end: sent and not answered, or due and not yet sent."
    words = Words("concurrency", "Requests in flight and waiting", about)
    return _over_time(runs, words, unit="count", value=lambda p: p.in_flight + p.backlog)


def send_lag(runs: Sequence[Run]) -> Chart:
    """How late requests were sent."""
    about = (
        "The p99 of how long after it was due a request was sent: time its user waited, but not "
        "for the server's work."
    )
    words = Words("send-lag", "Send lag", about)
    return _over_time(runs, words, unit="us", value=series.lag_of("lag_p99_us"))


def latency_spectrum(runs: Sequence[Run]) -> Chart:
    """Response time at every percentile, and service time when chosen."""
    there = [
        (run.line(pick=pick), found)
        for run in runs
        for pick, of in (
            ("response time", run.document.latency_us.response),
            ("service time", run.document.latency_us.service),
        )
        if (found := histogram_of(of)) is not None
    ]
    return Chart(
        key="spectrum",
        title="Percentile spectrum",
        about="The response time counts from when a request was due, the service time from when "
        "it was sent.",
        axis="percentile",
        unit="us",
        log=False,
        picks=["response time", "service time"],
        series=[line for line, _ in there],
        tables=[spectrum(found) for _, found in there],
    )


def distribution(runs: Sequence[Run]) -> list[Chart]:
    """How large a share of the requests had which response time."""
    there = [
        (run, found)
        for run in runs
        if (found := histogram_of(run.document.latency_us.response)) is not None
    ]
    if not there:
        return []
    bins = Bins([found for _, found in there])
    shares = [[count / found.count for count in bins.counts(found)] for _, found in there]
    return [
        Chart(
            key="distribution",
            title="Distribution of response times",
            about="Share of a run's requests by response time.",
            axis="bins",
            unit="share",
            log=False,
            series=[
                Series(label=run.name, colour=run.line().colour, kind="steps") for run, _ in there
            ],
            tables=[bin_table(column) for column in shares],
            edges=[float(f"{edge:.5g}") for edge in bins.edges],
        )
    ]


def servers(runs: Sequence[Run]) -> list[Chart]:
    """What the watched servers used."""
    watched = [(run, run.document.server) for run in runs if run.document.server is not None]
    if not watched:
        return []
    cpu = "; ".join(f"{run.name}: {server.cpu_max:.2f}" for run, server in watched)
    rss = "; ".join(f"{run.name}: {figures.size(server.rss_max)}" for run, server in watched)
    zones = series.common_zones([run.document for run in runs])

    def chart(key: str, title: str, about: str, unit: Unit, tables: list[list[Column]]) -> Chart:
        lines = [run.line() for run, _ in watched]
        return Chart(
            key=key, title=title, about=about, axis="time", unit=unit, series=lines,
            tables=tables, zones=zones,
            spoken=f"At most: {cpu if unit == 'cores' else rss}.",
        )  # fmt: skip

    return [
        chart("server-cpu", "CPU of the server", "Cores, all its processes together.", "cores",
              _of_servers([server for _, server in watched], lambda p: p.cpu)),
        chart("server-memory", "Memory of the server", "RSS of all its processes.", "bytes",
              _of_servers([server for _, server in watched], lambda p: p.rss)),
    ]  # fmt: skip


def _of_servers(
    servers: Sequence[Server], value: Callable[[ServerPoint], float | None]
) -> list[list[Column]]:
    return [series.server_table(server.points, [value]) for server in servers]


def _over_time(runs: Sequence[Run], words: Words, *, unit: Unit, value: PointValue) -> Chart:
    """One value, one line a run."""
    return Chart(
        key=words.key,
        title=words.title,
        about=words.about,
        spoken=words.spoken,
        axis="time",
        unit=unit,
        log=False if unit == "us" else None,
        series=[run.line() for run in runs],
        tables=[series.table(run.document.timeseries, [value]) for run in runs],
        zones=series.common_zones([run.document for run in runs]),
    )
