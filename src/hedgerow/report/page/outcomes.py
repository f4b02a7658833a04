"""What came of the requests, as tables: JMeter's summary, percentiles, answers and errors.

One or several runs in each table; the run's name comes first where there are several.
"""

import csv
import io
from collections.abc import Sequence
from typing import Final

from hedgerow.report.document import Distribution, Document, SummaryRow
from hedgerow.report.page import figures, tables
from hedgerow.report.page.markup import Html, tag
from hedgerow.report.page.runs import Run
from hedgerow.report.summary import HEADER, cells, csv_cells

_PERCENTILES: Final = ("p50", "p75", "p90", "p95", "p99", "p99_9", "p99_99")
_TIMES: Final = ("min", "mean", "stdev", *_PERCENTILES, "max")


def key_figures(document: Document) -> Html:
    """The few numbers that everybody looks for first."""
    response, requests, rate = document.latency_us.response, document.requests, document.rate
    failed = requests.failed / requests.total if requests.total else 0.0
    pairs = [
        ("Requests", figures.count(requests.total)),
        ("Rate", figures.rate(rate.completed)),
        ("Failed", figures.share(failed)),
    ]
    pairs += [
        (figures.percentile_name(name), figures.percentile(response, name))
        for name in ("p50", "p95", "p99", "p99_9", "max")
    ]
    tiles = [tag("div", tag("dt", name), tag("dd", shown)) for name, shown in pairs]
    return tag("dl", *tiles, class_="tiles", aria_label="Key figures")


def in_words(document: Document) -> str:
    """The run in two sentences, for those who read rather than look."""
    requests, response = document.requests, document.latency_us.response
    if not requests.total:
        return "No request was sent after the warm-up."
    lasted = figures.seconds(document.duration_s)
    text = f"{figures.count(requests.total)} requests in {lasted}"
    text += f", {figures.rate(document.rate.completed)}"
    if document.rate.asked is not None:
        text += f" where {figures.rate(document.rate.asked)} were asked for"
    failed = requests.failed / requests.total
    text += f"; {figures.count(requests.failed)} of them failed ({figures.share(failed)}). "
    text += f"Half of the answers took at most {figures.percentile(response, 'p50')}"
    if figures.percentile(response, "p99") != figures.NONE:
        text += f", 99 % at most {figures.percentile(response, 'p99')}"
    return text + f", the slowest {figures.percentile(response, 'max')}."


def summary(runs: Sequence[Run]) -> Html:
    """JMeter's Summary Report; TOTAL stays at the foot."""
    rows = [[*run.cell(runs), *_summary_cells(row)] for run in runs for row in _rows(run)]
    foot = [
        [*run.cell(runs), *_summary_cells(run.document.total)]
        for run in runs
        if run.document.total is not None
    ]
    if not rows and not foot:
        nothing = tag("p", "No request was measured.", class_="nothing")
        return tag("section", tag("h2", "Summary"), nothing, id="summary")
    columns = [
        *tables.run_column(len(runs)),
        *tables.words(HEADER[0]),
        *tables.figures(*HEADER[1:]),
    ]
    caption = "Summary Report, as JMeter words it (times in ms)"
    whole = tables.table(caption, columns, rows, foot=foot, sortable=True)
    copy = tag("button", "Copy as CSV", type="button", class_="copy", data_copy=_csv(runs))
    return tag("section", tag("div", tag("h2", "Summary"), copy, class_="bar"), whole, id="summary")


def _rows(run: Run) -> list[SummaryRow]:
    return [label.summary for label in run.document.labels]


def _summary_cells(row: SummaryRow) -> list[tables.Content]:
    keys = [
        None, row.samples, row.average_ms, row.min_ms, row.max_ms, row.stdev_ms, row.error_share,
        row.throughput, row.received_kb_s, row.sent_kb_s, row.average_bytes,
    ]  # fmt: skip
    return [tables.Cell(shown, key) for shown, key in zip(cells(row), keys, strict=True)]


def _csv(runs: Sequence[Run]) -> str:
    """JMeter's "Save Table Data", with the run's name first where there are several."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Run", *HEADER] if len(runs) > 1 else HEADER)
    for run in runs:
        total = [run.document.total] if run.document.total is not None else []
        writer.writerows([*run.cell(runs), *csv_cells(row)] for row in [*_rows(run), *total])
    return text.getvalue()


def percentiles(runs: Sequence[Run]) -> Html:
    """Every distribution; with several runs only the two that are compared."""
    rows = [
        [*run.cell(runs), name, tables.Cell(figures.count(of.count), of.count), *_times(of)]
        for run in runs
        for name, of in _distributions(run.document, is_only=len(runs) == 1)
        if of.count
    ]
    if not rows:
        return tag("p", "No time was measured.", class_="nothing")
    columns = [*tables.run_column(len(runs)), *tables.words("Time"), *tables.figures("Count")]
    columns += tables.figures(*(figures.percentile_name(name) for name in _TIMES))
    whole = tables.table("Percentiles", columns, rows, sortable=True)
    note = tag(
        "p", "A dash stands where too few requests were measured for such a percentile: 100 for "
        "a p99, 1,000 for a p99.9, 10,000 for a p99.99.", class_="note",
    )  # fmt: skip
    return tag("div", whole, note)


def _distributions(document: Document, *, is_only: bool) -> list[tuple[str, Distribution]]:
    times = document.latency_us
    found = [("Response time", times.response), ("Service time", times.service)]
    if not is_only:
        return found
    if document.requests.failed:
        found[1:1] = [
            ("Response time, ok", times.response_ok),
            ("Response time, failed", times.response_failed),
        ]
    return [
        *found,
        ("Time to first byte", times.ttfb),
        ("Connect", times.connect),
        ("Send lag", times.send_lag),
        ("\N{EN DASH} generator woke late", times.lateness),
        ("\N{EN DASH} waited for a connection", times.backlog),
        ("Iteration", document.iterations_us),
    ]


def _times(of: Distribution) -> list[tables.Content]:
    return [tables.Cell(figures.percentile(of, name), getattr(of, name)) for name in _TIMES]


def by_label(runs: Sequence[Run]) -> Html | None:
    """Percentiles of each label; None where no run has two of them."""
    if all(len(run.document.labels) < 2 for run in runs):
        return None
    names = ("p50", "p90", "p95", "p99", "p99_9", "max")
    rows: list[list[tables.Content]] = [
        [
            *run.cell(runs),
            label.label,
            tables.Cell(figures.count(label.requests.total), label.requests.total),
            tables.Cell(figures.count(label.requests.failed), label.requests.failed),
            *(
                tables.Cell(figures.percentile(label.response, name), getattr(label.response, name))
                for name in names
            ),
        ]
        for run in runs
        for label in run.document.labels
    ]
    columns = [*tables.run_column(len(runs)), *tables.words("Label")]
    columns += tables.figures("Requests", "Failed", *map(figures.percentile_name, names))
    return tables.table("Response time by label", columns, rows, sortable=True)


def answers(runs: Sequence[Run]) -> Html:
    """Status codes, and errors with a message of each."""
    parts = [_status_codes(runs), _errors(runs)]
    return tag(
        "section", tag("h2", "Answers and errors"), tag("div", *parts, class_="side"), id="answers"
    )


def _status_codes(runs: Sequence[Run]) -> Html:
    rows: list[list[tables.Content]] = []
    for run in runs:
        codes = run.document.status_codes
        whole = sum(codes.values()) or 1
        for code, count in sorted(codes.items()):
            shown = tables.Cell(figures.count(count), count)
            rows.append(
                [*run.cell(runs), code, shown, tables.Cell(figures.share(count / whole), count)]
            )
    if not rows:
        return tag("p", "No answer came, so there are no status codes.", class_="nothing")
    columns = [*tables.run_column(len(runs)), *tables.words("Status")]
    return tables.table("Status codes", [*columns, *tables.figures("Answers", "Share")], rows)


def _errors(runs: Sequence[Run]) -> Html:
    rows: list[list[tables.Content]] = []
    for run in runs:
        document = run.document
        whole = document.requests.total or 1
        for kind, count in sorted(document.errors.items(), key=lambda item: (-item[1], item[0])):
            shown = tables.Cell(figures.count(count), count)
            share = tables.Cell(figures.share(count / whole), count)
            sample = tag("span", document.error_samples.get(kind, ""), class_="sample")
            rows.append([*run.cell(runs), tag("code", kind), shown, share, sample])
    if not rows:
        return tag("p", "No request failed.", class_="nothing")
    columns = [*tables.run_column(len(runs)), *tables.words("Error")]
    columns += [*tables.figures("Requests", "Share"), *tables.words("One of the messages")]
    return tables.table("Errors", columns, rows)
