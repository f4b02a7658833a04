"""The part of a result's text that tells how long requests took.

Percentiles beside each other, a histogram of eleven bars as hey draws it, the send lag and,
where asked for, the whole spectrum.  Must not know how times were measured.

A percentile that the number of samples cannot carry is not shown.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from rich.text import Text

from hedgerow.measure import Histogram
from hedgerow.report.document import SAMPLES_NEEDED, Distribution, Document
from hedgerow.report.percentiles import histogram_of, percentile_text
from hedgerow.report.text_look import ASIDE, HEADING, Look, columns, line
from hedgerow.units import format_duration

_BARS: Final = 11
_LONGEST_BAR: Final = 40


class _Percentile(NamedTuple):
    name: str
    field: str
    needs: int  # samples


_PERCENTILES: Final = tuple(
    _Percentile(f"{field[1:].replace('_', '.')}%", field, needs)
    for field, needs in SAMPLES_NEEDED.items()
)
_OTHERS: Final = (("max", "max"), ("mean", "mean"), ("stdev", "stdev"))


def latency_lines(document: Document, look: Look, *, full: bool) -> Iterator[Text]:
    """Yield everything about times, an empty line before each part."""
    response = document.latency_us.response
    if not response.count:
        return
    yield line()
    yield from _percentile_lines(document)
    if document.config.model == "closed":
        yield line(
            "  closed model: times count from when each request could be sent;"
            " a slow server slows its own measurement",
            ASIDE,
        )
    else:
        yield from _send_lag(document)
    histogram = histogram_of(response)
    if histogram is not None and histogram.is_used:
        yield line()
        yield line("Response time histogram:", HEADING)
        yield from map(line, bars(histogram, look))
    if full:
        yield from _spectra(document)


def _shown(microseconds: float) -> str:
    return format_duration(microseconds / 1e6)


# --- percentiles ---


def _percentile_lines(document: Document) -> Iterator[Text]:
    found = dict(_columns(document))
    carried = [p for p in _PERCENTILES if document.latency_us.response.count >= p.needs]
    rows = [["  ", *found]]
    rows += [[f"  {p.name}", *(_cell(of, p) for of in found.values())] for p in carried]
    for name, field in _OTHERS:
        rows.append([f"  {name}", *(_shown(getattr(of, field)) for of in found.values())])
    yield line("Latency distribution:", HEADING)
    yield from map(line, columns(rows, gap=4))
    if len(carried) < len(_PERCENTILES):
        lacking = _PERCENTILES[len(carried)]
        count = document.latency_us.response.count
        yield line(f"  {lacking.name} needs {lacking.needs} requests, there were {count}", ASIDE)


def _columns(document: Document) -> Iterator[tuple[str, Distribution]]:
    """Yield what stands beside each other; good and failed ones apart where there are both."""
    latencies = document.latency_us
    yield "response time", latencies.response
    if document.config.model == "open" and latencies.service.count:
        yield "service time", latencies.service
    if latencies.response_failed.count and latencies.response_ok.count:
        yield "only ok", latencies.response_ok
        yield "only failed", latencies.response_failed


def _cell(times: Distribution, percentile: _Percentile) -> str:
    if times.count < percentile.needs:
        return "-"
    return _shown(getattr(times, percentile.field))


def _send_lag(document: Document) -> Iterator[Text]:
    latencies = document.latency_us
    if not latencies.send_lag.count:
        return
    name, field = ("p99", "p99") if latencies.send_lag.count >= 100 else ("max", "max")
    whole, late, waited = (
        _shown(getattr(times, field))
        for times in (latencies.send_lag, latencies.lateness, latencies.backlog)
    )
    most = f", max {_shown(latencies.send_lag.max)}" if field != "max" else ""
    yield line(
        f"  send lag: {name} {whole}{most}"
        f" (generator late {name} {late}, no free connection {name} {waited})"
    )


# --- the histogram ---


def bars(histogram: Histogram, look: Look) -> list[str]:
    """Return hey's histogram: values up to each mark, the first mark being the least value."""
    least, most = histogram.min, histogram.max
    steps = _BARS - 1 if most > least else 0
    marks = [least + (most - least) * n // steps for n in range(steps)] + [most]
    counts = _counts_up_to(histogram, marks)
    longest = max(1, min(_LONGEST_BAR, look.width - 30))
    highest = max(counts)
    rows = [
        (f"  {_shown(mark):>8}", f"[{count}]", look.bar * ((count * longest * 2 + highest)
                                                          // (2 * highest)))
        for mark, count in zip(marks, counts, strict=True)
    ]  # fmt: skip
    width = max(len(count) for _, count, _ in rows)
    return [f"{mark} {count:<{width}} |{bar}" for mark, count, bar in rows]


def _counts_up_to(histogram: Histogram, marks: list[int]) -> list[int]:
    counts = [0] * len(marks)
    number = 0
    for bucket in histogram.buckets():
        while bucket.low > marks[number]:
            number += 1
        counts[number] += bucket.count
    return counts


# --- the spectrum ---


def _spectra(document: Document) -> Iterator[Text]:
    latencies = document.latency_us
    parts = [("response time", latencies.response)]
    if document.config.model == "open":
        parts.append(("service time", latencies.service))
    for name, times in parts:
        histogram = histogram_of(times)
        if histogram is None or not histogram.is_used:
            continue
        yield line()
        yield line(f"Detailed percentile spectrum, {name} in ms:", HEADING)
        yield from map(line, percentile_text(histogram).splitlines())
