import csv
from pathlib import Path

import pytest

from hedgerow.measure import Histogram, encode_hdr
from hedgerow.report.csv_files import write_csv
from hedgerow.report.document import (
    Bytes,
    Distribution,
    Document,
    Label,
    Latencies,
    Point,
    Requests,
    SummaryRow,
)

STATS_HEADER = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,"
    "Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,"
    "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
)
HISTORY_HEADER = (
    "Timestamp,User Count,Type,Name,Requests/s,Failures/s,"
    "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,"
    "Total Request Count,Total Failure Count,Total Median Response Time,"
    "Total Average Response Time,Total Min Response Time,Total Max Response Time,"
    "Total Average Content Size"
)


def times(*milliseconds: int, encoded: bool = True) -> Distribution:
    histogram = Histogram()
    histogram.record_all(ms * 1000 for ms in milliseconds)
    return Distribution(
        count=len(milliseconds),
        min=min(milliseconds) * 1000,
        mean=sum(milliseconds) * 1000 / len(milliseconds),
        p50=histogram.quantile(0.5),
        max=max(milliseconds) * 1000,
        histogram=encode_hdr(histogram) if encoded else None,
    )


def label(name: str, response: Distribution, *, failed: int = 0, **errors: int) -> Label:
    summary = SummaryRow(
        label=name, samples=0, average_ms=0, min_ms=0, max_ms=0, stdev_ms=0, error_share=0,
        throughput=0, received_kb_s=0, sent_kb_s=0, average_bytes=123.4,
    )  # fmt: skip
    return Label(
        label=name,
        requests=Requests(total=response.count, failed=failed),
        response=response,
        service=response,
        summary=summary,
        errors=errors,
    )


def document(*labels: Label, points: tuple[Point, ...] = ()) -> Document:
    return Document(
        started="1970-01-01T00:16:40Z",
        duration_s=2.0,
        requests=Requests(total=3, ok=2, failed=1),
        bytes_in=Bytes(total=30, mean=10.0),
        latency_us=Latencies(response=times(1, 2, 3)),
        errors={"timeout": 1, "exception": 2},
        error_samples={"timeout": "no answer in 2s, sorry"},
        labels=list(labels),
        timeseries=list(points),
    )


def written(result: Document, tmp_path: Path, number: int) -> list[dict[str, str]]:
    """The rows of one of the three files."""
    path = write_csv(result, tmp_path / "run")[number]
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestFiles:
    def test_are_named_as_by_locust(self, tmp_path: Path) -> None:
        names = [path.name for path in write_csv(document(), tmp_path / "v1.run")]
        assert names == ["v1.run_stats.csv", "v1.run_stats_history.csv", "v1.run_failures.csv"]

    def test_have_locusts_columns(self, tmp_path: Path) -> None:
        headers = [
            path.read_text().splitlines()[0] for path in write_csv(document(), tmp_path / "run")
        ]
        failures = "Method,Name,Error,Occurrences,First Seen,Last Seen"
        assert headers == [STATS_HEADER, HISTORY_HEADER, failures]


class TestStats:
    def stats(self, tmp_path: Path, *labels: Label) -> list[dict[str, str]]:
        return written(document(*labels), tmp_path, 0)

    def test_have_a_row_a_label_and_the_whole(self, tmp_path: Path) -> None:
        rows = self.stats(tmp_path, label("GET /a b", times(1)), label("login", times(1)))
        names = [(row["Type"], row["Name"]) for row in rows]
        assert names == [("GET", "/a b"), ("", "login"), ("", "Aggregated")]

    def test_count_failures_among_requests(self, tmp_path: Path) -> None:
        (row, _) = self.stats(tmp_path, label("login", times(1, 2, 3, 4), failed=1))
        assert (row["Request Count"], row["Failure Count"]) == ("4", "1")

    def test_tell_rates_over_the_run(self, tmp_path: Path) -> None:
        (row, _) = self.stats(tmp_path, label("login", times(1, 2, 3, 4), failed=1))
        assert (row["Requests/s"], row["Failures/s"]) == ("2.000000", "0.500000")

    def test_tell_times_in_milliseconds(self, tmp_path: Path) -> None:
        (row, _) = self.stats(tmp_path, label("login", times(1, 2, 6)))
        found = [
            row[f"{name} Response Time"] for name in ("Median", "Average", "Min", "Max")
        ]  # fmt: skip
        assert found == ["2.000", "3.000", "1.000", "6.000"]

    def test_take_percentiles_from_the_labels_histogram(self, tmp_path: Path) -> None:
        (row, _) = self.stats(tmp_path, label("login", times(*range(1, 101))))
        found = [float(row[name]) for name in ("50%", "66%", "98%", "100%")]
        assert found == pytest.approx([50, 66, 98, 100], rel=0.002)

    def test_without_a_histogram_tell_what_the_document_knows(self, tmp_path: Path) -> None:
        (row, _) = self.stats(tmp_path, label("login", times(1, 2, 3, encoded=False)))
        assert (row["50%"], row["66%"], row["100%"]) == ("2.000", "N/A", "3.000")

    def test_of_no_requests_have_no_percentiles(self, tmp_path: Path) -> None:
        (row, _) = self.stats(tmp_path, label("login", Distribution()))
        assert (row["50%"], row["100%"], row["Requests/s"]) == ("N/A", "N/A", "0.000000")

    def test_of_the_whole_are_the_documents(self, tmp_path: Path) -> None:
        (row,) = self.stats(tmp_path)
        found = [row[name] for name in ("Request Count", "Failure Count", "Average Content Size")]
        assert found == ["3", "1", "10.0"]

    def test_survive_a_run_of_no_time(self, tmp_path: Path) -> None:
        (row,) = written(Document(), tmp_path, 0)
        assert row["Requests/s"] == "0.000000"


class TestHistory:
    POINTS = (
        Point(t=1, seconds=1, phase="warm-up", ok=9, users=2, mean_us=5000, max_us=9000),
        Point(t=2, seconds=2, phase="measured", ok=3, failed=1, users=4, mean_us=2000,
              p50_us=1500, p99_us=3000, max_us=4000, bytes_in=40),
        Point(t=3, seconds=1, phase="drain", ok=4, mean_us=4000, max_us=3000, bytes_in=40),
    )  # fmt: skip

    def rows(self, tmp_path: Path) -> list[dict[str, str]]:
        return written(document(points=self.POINTS), tmp_path, 1)

    def test_has_the_time_of_each_interval(self, tmp_path: Path) -> None:
        assert [row["Timestamp"] for row in self.rows(tmp_path)] == ["1001", "1002", "1003"]

    def test_tells_the_rates_of_the_interval(self, tmp_path: Path) -> None:
        row = self.rows(tmp_path)[1]
        assert (row["Requests/s"], row["Failures/s"]) == ("2.000000", "0.500000")

    def test_tells_the_percentiles_that_an_interval_knows(self, tmp_path: Path) -> None:
        row = self.rows(tmp_path)[1]
        found = [row[name] for name in ("50%", "66%", "99%", "100%")]
        assert found == ["1.500", "N/A", "3.000", "4.000"]

    def test_counts_the_measured_part_only(self, tmp_path: Path) -> None:
        counts = [row["Total Request Count"] for row in self.rows(tmp_path)]
        assert counts == ["0", "4", "8"]

    def test_averages_by_requests_and_not_by_intervals(self, tmp_path: Path) -> None:
        last = self.rows(tmp_path)[-1]
        names = ("Average Response Time", "Max Response Time", "Average Content Size")
        found = [last[f"Total {name}"] for name in names]
        assert found == ["3.000", "4.000", "10.0"]


class TestFailures:
    def test_are_told_by_label_with_a_message(self, tmp_path: Path) -> None:
        result = document(label("GET /", times(1), failed=1, timeout=1))
        row = written(result, tmp_path, 2)[0]
        found = [row[name] for name in ("Method", "Name", "Error", "Occurrences")]
        assert found == ["GET", "/", "timeout: no answer in 2s, sorry", "1"]

    def test_of_no_label_are_told_too(self, tmp_path: Path) -> None:
        result = document(label("GET /", times(1), failed=1, timeout=1))
        row = written(result, tmp_path, 2)[1]
        assert (row["Name"], row["Error"], row["Occurrences"]) == ("", "exception", "2")
