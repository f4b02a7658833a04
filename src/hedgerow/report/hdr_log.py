"""HdrHistogram's log: one histogram an interval, for its log processor and analyser.

Format 1.3 as ``HistogramLogWriter`` of HdrHistogram writes it: comments, a legend, and a line
an interval with its start (seconds since the log's), its length, its highest value and its
histogram in HDR V2.  Must not know what was measured.

Our histograms hold microseconds.  The third column tells the highest value in milliseconds,
as other logs do; a processor must be told what a unit is: ``HistogramLogProcessor
-outputValueUnitRatio 1000``.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hedgerow.measure import Histogram, encode_hdr

_LEGEND: Final = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'
_US_PER_MS: Final = 1000.0
_NOT_IN_A_TAG: Final = re.compile(r"[,\s]+")


class HdrLogWriter:
    """Writes a log; a context manager.  Every line is whole in the file when it is written."""

    __slots__ = ("_file",)

    def __init__(self, path: Path, started_at_epoch: float) -> None:
        self._file = path.open(
            "w", encoding="utf-8", errors="backslashreplace", newline="\n", buffering=1
        )
        started = f"{datetime.fromtimestamp(started_at_epoch, UTC):%Y-%m-%d %H:%M:%S} UTC"
        self._file.write(
            "#[Logged by hedgerow load, values in microseconds]\n"
            "#[Histogram log format version 1.3]\n"
            f"#[StartTime: {started_at_epoch:.3f} (seconds since epoch), {started}]\n"
            f"#[BaseTime: {started_at_epoch:.3f} (seconds since epoch)]\n"
            f"{_LEGEND}\n"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def write(
        self, start_s: float, length_s: float, histogram: Histogram, tag: str | None = None
    ) -> None:
        """Append an interval; commas and white space in a tag become ``_``, as readers need."""
        label = "" if tag is None else f"Tag={_NOT_IN_A_TAG.sub('_', tag)},"
        most = histogram.max / _US_PER_MS
        self._file.write(
            f"{label}{start_s:.3f},{length_s:.3f},{most:.3f},{encode_hdr(histogram)}\n"
        )

    def close(self) -> None:
        """Close the file; harmless when repeated."""
        self._file.close()
