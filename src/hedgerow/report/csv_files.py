"""CSV files as Locust writes them with ``--csv``, for the scripts that read those.

    PREFIX_stats.csv            a row a label, and "Aggregated"
    PREFIX_stats_history.csv    a row an interval
    PREFIX_failures.csv         a row a label and class of error

Columns and their order are those of ``StatsCSV`` in Locust's ``locust/stats.py``.  Must not
know how the figures came about.

What differs: times are milliseconds with three places, where Locust rounds its percentiles to
two digits; and what a history row cannot know stands as ``N/A``, Locust's word for it.  Like
there, a request count holds good and failed requests alike.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from hedgerow.measure import Histogram
from hedgerow.report.document import Distribution, Document, Label, Point
from hedgerow.report.percentiles import histogram_of

_QUANTILES: Final = {
    "50%": 0.5, "66%": 0.66, "75%": 0.75, "80%": 0.8, "90%": 0.9, "95%": 0.95, "98%": 0.98,
    "99%": 0.99, "99.9%": 0.999, "99.99%": 0.9999, "100%": 1.0,
}  # fmt: skip
_STATS: Final = (
    "Type", "Name", "Request Count", "Failure Count", "Median Response Time",
    "Average Response Time", "Min Response Time", "Max Response Time", "Average Content Size",
    "Requests/s", "Failures/s", *_QUANTILES,
)  # fmt: skip
_HISTORY: Final = (
    "Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s", *_QUANTILES,
    "Total Request Count", "Total Failure Count", "Total Median Response Time",
    "Total Average Response Time", "Total Min Response Time", "Total Max Response Time",
    "Total Average Content Size",
)  # fmt: skip
_FAILURES: Final = ("Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen")
_AGGREGATED: Final = "Aggregated"
_UNKNOWN: Final = "N/A"

_Cells = Sequence[str | int]


def write_csv(document: Document, prefix: Path) -> list[Path]:
    """Write the three files and return their paths."""
    return [
        _write(prefix, "stats", _STATS, _stats(document)),
        _write(prefix, "stats_history", _HISTORY, _history(document)),
        _write(prefix, "failures", _FAILURES, _failures(document)),
    ]


def _write(prefix: Path, what: str, header: Sequence[str], rows: Iterable[_Cells]) -> Path:
    path = prefix.with_name(f"{prefix.name}_{what}.csv")
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


# --- PREFIX_stats.csv ---


def _stats(document: Document) -> Iterator[_Cells]:
    for label in document.labels:
        counts = label.requests.total, label.requests.failed
        size = label.summary.average_bytes
        yield (
            *_type_and_name(label.label),
            *_stats_cells(label.response, counts, size, document.duration_s),
        )
    counts = document.requests.total, document.requests.failed
    response = document.latency_us.response
    yield (
        "",
        _AGGREGATED,
        *_stats_cells(response, counts, document.bytes_in.mean, document.duration_s),
    )


def _stats_cells(
    times: Distribution, counts: tuple[int, int], size: float, duration: float
) -> _Cells:
    total, failed = counts
    return (
        total,
        failed,
        _ms(times.p50),
        _ms(times.mean),
        _ms(times.min),
        _ms(times.max),
        f"{size:.1f}",
        _per_second(total, duration),
        _per_second(failed, duration),
        *_percentiles(times),
    )


def _percentiles(times: Distribution) -> list[str]:
    if not times.count:
        return [_UNKNOWN] * len(_QUANTILES)
    histogram = histogram_of(times)
    if histogram is None:
        return [_told(times, name) for name in _QUANTILES]
    return [_ms(value) for value in _quantiles(histogram)]


def _quantiles(histogram: Histogram) -> list[int]:
    return histogram.quantiles(_QUANTILES.values())


def _told(times: Distribution, name: str) -> str:
    """Return a percentile that stands in the document itself."""
    known = {
        "50%": times.p50, "75%": times.p75, "90%": times.p90, "95%": times.p95,
        "99%": times.p99, "99.9%": times.p99_9, "99.99%": times.p99_99, "100%": times.max,
    }  # fmt: skip
    return _ms(known[name]) if name in known else _UNKNOWN


# --- PREFIX_stats_history.csv ---


def _history(document: Document) -> Iterator[_Cells]:
    began = datetime.fromisoformat(document.started).timestamp() if document.started else 0.0
    total = _Total()
    for point in document.timeseries:
        if point.phase != "warm-up":
            total.add(point)
        yield (
            int(began + point.t),
            point.users,
            "",
            _AGGREGATED,
            _per_second(point.ok + point.failed, point.seconds),
            _per_second(point.failed, point.seconds),
            *_point_percentiles(point),
            *total.cells(),
        )


def _point_percentiles(point: Point) -> list[str]:
    if not point.ok + point.failed:
        return [_UNKNOWN] * len(_QUANTILES)
    known = {
        "50%": point.p50_us, "95%": point.p95_us, "99%": point.p99_us, "99.9%": point.p99_9_us,
        "100%": point.max_us,
    }  # fmt: skip
    return [_ms(known[name]) if name in known else _UNKNOWN for name in _QUANTILES]


class _Total:
    """What the measured part of the run holds so far; intervals tell no more than this."""

    def __init__(self) -> None:
        self._count = 0
        self._failed = 0
        self._microseconds = 0.0
        self._bytes = 0
        self._max = 0

    def add(self, point: Point) -> None:
        count = point.ok + point.failed
        self._count += count
        self._failed += point.failed
        self._microseconds += point.mean_us * count
        self._bytes += point.bytes_in
        self._max = max(self._max, point.max_us)

    def cells(self) -> _Cells:
        some = max(1, self._count)
        average, size = _ms(self._microseconds / some), f"{self._bytes / some:.1f}"
        return (
            self._count, self._failed, _UNKNOWN, average, _UNKNOWN, _ms(self._max), size,
        )  # fmt: skip


# --- PREFIX_failures.csv ---


def _failures(document: Document) -> Iterator[_Cells]:
    for label in document.labels:
        for kind, count in label.errors.items():
            yield (*_type_and_name(label.label), _error(document, kind), count, "", "")
    for kind, count in _errors_of_no_label(document).items():
        yield ("", "", _error(document, kind), count, "", "")


def _errors_of_no_label(document: Document) -> dict[str, int]:
    """Return those that no label tells of: a scenario's own failures."""
    told: dict[str, int] = {}
    for label in document.labels:
        _add(told, label)
    rest = {kind: count - told.get(kind, 0) for kind, count in document.errors.items()}
    return {kind: count for kind, count in rest.items() if count > 0}


def _add(told: dict[str, int], label: Label) -> None:
    for kind, count in label.errors.items():
        told[kind] = told.get(kind, 0) + count


def _error(document: Document, kind: str) -> str:
    sample = document.error_samples.get(kind, "")
    return f"{kind}: {sample}" if sample else kind


# --- cells ---


def _type_and_name(label: str) -> tuple[str, str]:
    """Take ``GET /path`` apart; a label of another form has no type."""
    method, space, name = label.partition(" ")
    if space and method.isascii() and method.isalpha() and method.isupper():
        return method, name
    return "", label


def _ms(microseconds: float) -> str:
    return f"{microseconds / 1000:.3f}"


def _per_second(count: int, seconds: float) -> str:
    return f"{count / seconds if seconds else 0.0:.6f}"
