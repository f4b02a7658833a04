"""JMeter's Summary Report: one row a label, in its own units and with its own rounding.

Makes a row of exact sums, and a row into cells.  Must not know where the samples came
from, nor how a table is drawn.

The rules are those of Apache JMeter's ``org.apache.jmeter.util.Calculator`` (figures),
``org.apache.jmeter.visualizers.SummaryReport`` (columns and formats) and
``org.apache.jorphan.gui.RateRenderer`` (units of a rate), read in its sources:

- the average is cut to whole milliseconds when shown, not rounded;
- the deviation is the population's, sqrt(sum of squares / n - mean^2);
- a rate counts over the label's own span, from its first start to its last end, and not
  over the whole test; where that span is 0 every rate is 0, as in ``getRatePerSecond``;
- a KB is 1,024 bytes;
- minimum and maximum of a row without samples are ``#N/A``.

Two differences, both on purpose.  JMeter sums in floating point and can lose the deviation
of large, nearly equal times; we sum in integers.  JMeter's span depends on the order of the
samples where a later row of the file began before all earlier ones and ended before them
too; ours does not.
"""

import math
from typing import Final

from hedgerow.measure import Tally
from hedgerow.report.document import SummaryRow

#: The columns, as JMeter spells them.
HEADER: Final = (
    "Label", "# Samples", "Average", "Min", "Max", "Std. Dev.", "Error %", "Throughput",
    "Received KB/sec", "Sent KB/sec", "Avg. Bytes",
)  # fmt: skip

#: The label of the last row.
TOTAL: Final = "TOTAL"

_KB: Final = 1024
# Of a clock since 1970 a float holds a quarter of a microsecond: what is finer is noise.
_SPAN_DIGITS: Final = 6
_NOTHING: Final = "#N/A"


def summary_row(label: str, tally: Tally, *, bytes_in: int, bytes_out: int) -> SummaryRow:
    """Work out a row; everything is 0 where there are no samples."""
    count = tally.count
    if not count:
        return SummaryRow(
            label=label, samples=0, average_ms=0.0, min_ms=0, max_ms=0, stdev_ms=0.0,
            error_share=0.0, throughput=0.0, received_kb_s=0.0, sent_kb_s=0.0, average_bytes=0.0,
        )  # fmt: skip
    span = round(tally.span, _SPAN_DIGITS)
    return SummaryRow(
        label=label,
        samples=count,
        average_ms=tally.total / count,
        min_ms=tally.minimum,
        max_ms=tally.maximum,
        stdev_ms=math.sqrt(count * tally.squares - tally.total * tally.total) / count,
        error_share=tally.errors / count,
        throughput=_rate(count, span),
        received_kb_s=_rate(bytes_in, span) / _KB,
        sent_kb_s=_rate(bytes_out, span) / _KB,
        average_bytes=bytes_in / count,
    )


def cells(row: SummaryRow) -> list[str]:
    """Return a row as JMeter shows it on screen: ``38.6/sec``, ``0.25%``."""
    return [
        *_first_cells(row, nothing=_NOTHING),
        f"{row.error_share:.2%}",
        throughput_text(row.throughput),
        *_last_cells(row),
    ]


def csv_cells(row: SummaryRow) -> list[str]:
    """Return a row as JMeter's "Save Table Data" writes it: rates are always a second.

    Minimum and maximum of a row without samples are 0, where JMeter writes the ends of its
    64-bit integers.
    """
    return [
        *_first_cells(row, nothing="0"),
        f"{row.error_share:.3%}",
        _bare(row.throughput, 5),
        *_last_cells(row),
    ]


def throughput_text(rate: float) -> str:
    """Return a rate in the first of /sec, /min and /hour in which it is at least 1.0."""
    for unit in ("sec", "min"):
        if rate >= 1.0:
            return f"{_bare(rate, 1)}/{unit}"
        rate *= 60.0
    return f"{_bare(rate, 1)}/hour"


def _first_cells(row: SummaryRow, *, nothing: str) -> list[str]:
    least, most = (str(row.min_ms), str(row.max_ms)) if row.samples else (nothing, nothing)
    average = str(int(row.average_ms))
    return [row.label, str(row.samples), average, least, most, f"{row.stdev_ms:.2f}"]


def _last_cells(row: SummaryRow) -> list[str]:
    return [f"{row.received_kb_s:.2f}", f"{row.sent_kb_s:.2f}", _bare(row.average_bytes, 1)]


def _bare(value: float, digits: int) -> str:
    """Format as Java's ``#.0`` does: no 0 before the point, ``.5`` and ``.0``.

    Both languages round half to even on the exact binary value.
    """
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("0.") else text


def _rate(amount: int, span: float) -> float:
    return amount / span if span else 0.0
