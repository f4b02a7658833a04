from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from hedgerow.measure import BucketLayout, Histogram
from hedgerow.report.hdr_log import HdrLogWriter
from tests.measure.oracle import counts_of

STARTED = 1_551_783_627.25
SMALL = BucketLayout(highest=100_000, digits=2)


def of(*values: int) -> Histogram:
    histogram = Histogram(SMALL)
    histogram.record_all(values)
    return histogram


def intervals(path: Path) -> list[Any]:
    """Everything that another tool's reader finds."""
    reader = HistogramLogReader(str(path), HdrHistogram(1, 100_000, 2))
    found = list(iter(reader.get_next_interval_histogram, None))
    reader.close()
    return found


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run.hlog"
    with HdrLogWriter(path, STARTED) as writer:
        writer.write(0.0, 1.0, of(100, 200))
        writer.write(1.0, 0.5, of(300), tag="GET /a, b")
    return path


class TestLog:
    def test_is_read_by_hdrhistogram(self, log: Path) -> None:
        counts = [sum(counts_of(histogram).values()) for histogram in intervals(log)]
        assert counts == [2, 1]

    def test_keeps_the_values(self, log: Path) -> None:
        assert [histogram.get_max_value() for histogram in intervals(log)] == [200, 301]

    def test_keeps_the_times(self, log: Path) -> None:
        (_, second) = intervals(log)
        times = (second.get_start_time_stamp(), second.get_end_time_stamp())
        assert times == ((STARTED + 1) * 1000, (STARTED + 1.5) * 1000)

    def test_keeps_a_tag_without_what_readers_cannot_take(self, log: Path) -> None:
        assert [histogram.get_tag() for histogram in intervals(log)] == [None, "GET_/a_b"]

    def test_begins_as_the_format_says(self, log: Path) -> None:
        assert log.read_text().splitlines()[1:5] == [
            "#[Histogram log format version 1.3]",
            "#[StartTime: 1551783627.250 (seconds since epoch), 2019-03-05 11:00:27 UTC]",
            "#[BaseTime: 1551783627.250 (seconds since epoch)]",
            '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
        ]

    def test_tells_the_highest_value_in_milliseconds(self, log: Path) -> None:
        assert log.read_text().splitlines()[5].startswith("0.000,1.000,0.200,HISTF")

    def test_has_whole_lines_while_it_is_written(self, tmp_path: Path) -> None:
        path = tmp_path / "live.hlog"
        with HdrLogWriter(path, STARTED) as writer:
            writer.write(0.0, 1.0, of(100))
            assert len(intervals(path)) == 1

    def test_may_hold_an_empty_interval(self, tmp_path: Path) -> None:
        path = tmp_path / "idle.hlog"
        with HdrLogWriter(path, STARTED) as writer:
            writer.write(0.0, 1.0, of())
        assert [counts_of(histogram) for histogram in intervals(path)] == [{}]
