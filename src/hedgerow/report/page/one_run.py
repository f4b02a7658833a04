"""The charts of one run.

Chooses what is drawn, and words what each chart shows.  Must not know HTML.
"""

from collections.abc import Callable
from typing import Final

from hedgerow.report.document import Document, Server, ServerPoint
from hedgerow.report.page import figures, series
from hedgerow.report.page.chart import Chart, Series, Zone
from hedgerow.report.page.spectrum import Bins, bin_table, histogram_of, spectrum

#: Red first, and no other that the colour-blind take for it before there is no choice.
_ERROR_COLOURS: Final = ("bad", "1", "2", "4", "6", "7", "8", "5", "3")
_TIMES: Final = ("mean_us", "p50_us", "p95_us", "p99_us", "max_us")

_OPEN: Final = (
    "The response time counts from when a request was due, the service time from when it was "
    "sent. Where they part, users waited before their request was sent."
)
_CLOSED: Final = (
    "Closed model: users ask again only after their answer, so both times are alike, and a slow "
    "server is asked less often. What users feel at a given rate shows only under a rate."
)


def response_time(document: Document) -> Chart:
    """Mean and percentiles of each second."""
    highest = series.worst(document.timeseries, "p99_us")
    said = "No request was answered."
    if highest is not None:
        said = (
            f"The p99 was highest at {figures.seconds(highest.t)}: "
            f"{figures.microseconds(highest.p99_us)}, with a mean of "
            f"{figures.microseconds(highest.mean_us)}."
        )
    return Chart(
        key="response-time",
        title="Response time over time",
        about="Of the requests that ended in each interval, good and failed alike.",
        spoken=said,
        axis="time",
        unit="us",
        log=False,
        wide=True,
        series=[
            Series(label="mean", colour="ink", bold=True),
            Series(label="p50", colour="1"),
            Series(label="p95", colour="2"),
            Series(label="p99", colour="3"),
            Series(label="max", colour="4", dashed=True),
        ],
        tables=[series.table(document.timeseries, [series.time_of(name) for name in _TIMES])],
        zones=series.zones(document),
    )


def throughput(document: Document) -> Chart:
    """What was asked for, sent, answered well and failed, a second."""
    rate = document.rate
    lines = [
        Series(label="sent", colour="ink", dashed=True),
        Series(label="ok", colour="1", bold=True),
        Series(label="failed", colour="bad"),
    ]
    values = [series.per_second(name) for name in ("sent", "ok", "failed")]
    if rate.asked is not None:
        lines.insert(0, Series(label="asked", colour="faint", dashed=True))
        values.insert(0, series.state("asked"))
    asked = f"; {figures.rate(rate.asked)} were asked for" if rate.asked is not None else ""
    return Chart(
        key="throughput",
        title="Throughput",
        about="Requests a second.",
        spoken=f"On average {figures.rate(rate.sent)} were sent and {figures.rate(rate.ok)} "
        f"answered well{asked}.",
        axis="time",
        unit="rate",
        series=lines,
        tables=[series.table(document.timeseries, values)],
        zones=series.zones(document),
    )


def errors(document: Document) -> Chart:
    """Failed requests a second, by class."""
    kinds = series.error_kinds(document)
    failed = document.requests.failed
    said = "No request failed."
    if kinds:
        said = f"{figures.count(failed)} requests failed after the warm-up, most often: {kinds[0]}."
    return Chart(
        key="errors",
        title="Errors by class",
        about="Failed requests a second.",
        spoken=said,
        axis="time",
        unit="rate",
        series=[
            Series(label=kind, colour=_ERROR_COLOURS[number % len(_ERROR_COLOURS)])
            for number, kind in enumerate(kinds)
        ],
        tables=[
            series.table(document.timeseries, [series.errors_per_second(kind) for kind in kinds])
        ],
        zones=series.zones(document),
    )


def concurrency(document: Document) -> Chart:
    """Users, requests in flight, backlog and connections."""
    names = ("users", "in_flight", "backlog", "connections")
    points = document.timeseries
    shown = [name for name in names if name == "in_flight" or any(getattr(p, name) for p in points)]
    styles = {
        "users": Series(label="users", colour="ink", bold=True),
        "in_flight": Series(label="in flight", colour="1"),
        "backlog": Series(label="backlog", colour="bad"),
        "connections": Series(label="connections", colour="2", dashed=True),
    }
    most = max((p.backlog for p in points), default=0)
    flying = max((p.in_flight for p in points), default=0)
    return Chart(
        key="concurrency",
        title="Users and requests under way",
        about="At each interval's end. The backlog is due, and waits for a connection.",
        spoken=f"At most {figures.count(flying)} requests were in flight, and "
        f"{figures.count(most)} waited.",
        axis="time",
        unit="count",
        series=[styles[name] for name in shown],
        tables=[series.table(points, [series.state(name) for name in shown])],
        zones=series.zones(document),
    )


def traffic(document: Document) -> Chart:
    """Bytes a second."""
    return Chart(
        key="traffic",
        title="Traffic",
        about="Bytes a second on the wire, heads included.",
        spoken=f"Received {figures.size(document.bytes_in.total)} and sent "
        f"{figures.size(document.bytes_out.total)} in all.",
        axis="time",
        unit="bytes",
        series=[Series(label="received", colour="1"), Series(label="sent", colour="2")],
        tables=[
            series.table(
                document.timeseries,
                [series.per_second("bytes_in"), series.per_second("bytes_out")],
            )
        ],
        zones=series.zones(document),
    )


def send_lag(document: Document) -> Chart:
    """How late requests were sent."""
    lag = document.latency_us.send_lag
    return Chart(
        key="send-lag",
        title="Send lag",
        about="How long after it was due a request was sent: time its user waited, but not for "
        "the server's work.",
        spoken=f"Half of the requests were sent within {figures.percentile(lag, 'p50')} of their "
        f"due time, 99 % within {figures.percentile(lag, 'p99')}, the last within "
        f"{figures.percentile(lag, 'max')}.",
        axis="time",
        unit="us",
        log=False,
        series=[
            Series(label="p99", colour="3"),
            Series(label="max", colour="4", dashed=True),
        ],
        tables=[
            series.table(
                document.timeseries, [series.lag_of("lag_p99_us"), series.lag_of("lag_max_us")]
            )
        ],
        zones=series.zones(document),
    )


def generator_cpu(document: Document) -> Chart:
    """What the busiest generator process needed."""
    return Chart(
        key="generator-cpu",
        title="CPU of the generator",
        about="Of its busiest process; at 1 it could not have sent more.",
        spoken=f"At most {document.generator.cpu_max:.2f} of a core.",
        axis="time",
        unit="cores",
        series=[Series(label="busiest process", colour="2")],
        tables=[series.table(document.timeseries, [series.state("generator_cpu")])],
        zones=series.zones(document),
    )


def latency_spectrum(document: Document) -> Chart:
    """Response and service time at every percentile."""
    latencies = document.latency_us
    named = [
        ("response time", "3", histogram_of(latencies.response)),
        ("service time", "1", histogram_of(latencies.service)),
    ]
    there = [(label, colour, found) for label, colour, found in named if found is not None]
    return Chart(
        key="spectrum",
        title="Percentile spectrum",
        about=_CLOSED if document.config.model == "closed" else _OPEN,
        spoken=f"p99: {figures.percentile(latencies.response, 'p99')} of response time, "
        f"{figures.percentile(latencies.service, 'p99')} of service time.",
        axis="percentile",
        unit="us",
        log=False,
        series=[
            Series(label=label, colour=colour, bold=colour == "3", dashed=colour == "1")
            for label, colour, _ in there
        ],
        tables=[spectrum(found) for _, _, found in there],
    )


def distribution(document: Document) -> Chart | None:
    """How often which response times came."""
    histogram = histogram_of(document.latency_us.response)
    if histogram is None:
        return None
    bins = Bins([histogram])
    response = document.latency_us.response
    return Chart(
        key="distribution",
        title="Distribution of response times",
        about="Requests by response time.",
        spoken=f"From {figures.microseconds(response.min)} to "
        f"{figures.microseconds(response.max)}; half were within "
        f"{figures.microseconds(response.p50)}.",
        axis="bins",
        unit="count",
        log=False,
        series=[Series(label="requests", colour="1", kind="bars")],
        tables=[bin_table(bins.counts(histogram))],
        edges=[float(f"{edge:.5g}") for edge in bins.edges],
    )


def server(document: Document) -> list[Chart]:
    """What the watched server used, on the same time axis as all else."""
    watched = document.server
    if watched is None:
        return []
    zones = series.zones(document)
    return [_cpu(watched, zones), _memory(watched, zones), _descriptors(watched, zones)]


def _cpu(watched: Server, zones: list[Zone]) -> Chart:
    return Chart(
        key="server-cpu",
        title="CPU of the server",
        about="Cores, all its processes together.",
        spoken=f"{watched.cpu_mean:.2f} cores on average, {watched.cpu_max:.2f} at most.",
        axis="time",
        unit="cores",
        series=[Series(label="CPU", colour="1", kind="area")],
        tables=[series.server_table(watched.points, [lambda p: p.cpu])],
        zones=zones,
    )


def _memory(watched: Server, zones: list[Zone]) -> Chart:
    lines = [Series(label="RSS", colour="1", bold=True)]
    values: list[Callable[[ServerPoint], float | None]] = [lambda p: p.rss]
    if any(p.pss is not None for p in watched.points):
        lines.append(Series(label="PSS", colour="2"))
        values.append(lambda p: p.pss)
    return Chart(
        key="server-memory",
        title="Memory of the server",
        about="RSS counts shared pages in each process, PSS once.",
        spoken=f"RSS of at most {figures.size(watched.rss_max)}.",
        axis="time",
        unit="bytes",
        series=lines,
        tables=[series.server_table(watched.points, values)],
        zones=zones,
    )


def _descriptors(watched: Server, zones: list[Zone]) -> Chart:
    return Chart(
        key="server-descriptors",
        title="Descriptors, threads and processes of the server",
        about="Open file descriptors (connections are among them), threads and processes.",
        spoken=f"At most {figures.count(watched.fds_max)} descriptors and "
        f"{figures.count(watched.threads_max)} threads.",
        axis="time",
        unit="count",
        series=[
            Series(label="descriptors", colour="1"),
            Series(label="threads", colour="2"),
            Series(label="processes", colour="3", dashed=True),
        ],
        tables=[
            series.server_table(
                watched.points, [lambda p: p.fds, lambda p: p.threads, lambda p: p.processes]
            )
        ],
        zones=zones,
    )
