"""A distribution as HdrHistogram's text: a line a percentile, ever finer towards 100 %.

The form that ``outputPercentileDistribution`` of HdrHistogram and wrk2's ``--latency`` print,
and that the HdrHistogram plotters read::

    Value     Percentile TotalCount 1/(1-Percentile)

    1.023 0.000000000000          1           1.00
    ...
    #[Mean    =        1.500, StdDeviation   =        0.500]

Values are milliseconds, our histograms' microseconds by 1,000.  Must not know what was
measured.

Each halving of the distance to 100 % has the same number of steps (*ticks*), so that p99 and
p99.9 are as well covered as p50.
"""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from hedgerow.errors import ConfigError
from hedgerow.measure import Histogram, decode_hdr
from hedgerow.report.document import Distribution

_US_PER_MS: Final = 1000.0
#: As many as wrk2 and HdrHistogram print by default.
TICKS: Final = 5


class Level(NamedTuple):
    """``total`` values, this share of all or a little more, are at most ``value``."""

    value: int
    share: float
    total: int


def levels(histogram: Histogram, *, ticks: int = TICKS) -> Iterator[Level]:
    """Yield the spectrum, from 0 to 1; nothing when empty."""
    count = histogram.count
    percent = 0.0  # and not a share: steps of 20 / 2^n add up without a rounding error
    so_far = 0
    for bucket in histogram.buckets():
        so_far += bucket.count
        while 100 * so_far >= percent * count:
            yield Level(bucket.high, percent / 100, so_far)
            percent += _step(percent, ticks)
            if so_far == count:
                yield Level(bucket.high, 1.0, so_far)
                return


def percentile_text(histogram: Histogram, *, ticks: int = TICKS) -> str:
    """Return the whole text: header, a line a level, and the footer."""
    octaves = list(histogram.layout.octaves())
    sub_buckets = octaves[0][0].stop
    mean, deviation = histogram.mean / _US_PER_MS, histogram.stddev / _US_PER_MS
    most = histogram.max / _US_PER_MS
    return "\n".join(
        (
            f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}",
            "",
            *map(_line, levels(histogram, ticks=ticks)),
            f"#[Mean    = {mean:12.3f}, StdDeviation   = {deviation:12.3f}]",
            f"#[Max     = {most:12.3f}, Total count    = {histogram.count:12d}]",
            f"#[Buckets = {len(octaves):12d}, SubBuckets     = {sub_buckets:12d}]",
            "",
        )
    )


def histogram_of(distribution: Distribution) -> Histogram | None:
    """Return the histogram of a distribution, None where it has none; raises ConfigError."""
    if distribution.histogram is None:
        return None
    try:
        return decode_hdr(distribution.histogram)
    except ValueError as error:
        raise ConfigError(
            "histogram",
            got=distribution.histogram[:20],
            must="HdrHistogram's V2 encoding in base64",
            fix=f"({error})",
        ) from error


def _line(level: Level) -> str:
    line = f"{level.value / _US_PER_MS:12.3f} {level.share:.12f} {level.total:10d}"
    return line if level.share == 1.0 else f"{line} {1 / (1 - level.share):14.2f}"


def _step(percent: float, ticks: int) -> float:
    """Return the distance to the next level: half as long in each half-distance to 100."""
    halvings = math.floor(math.log2(100 / (100 - percent))) + 1
    return 100 / math.ldexp(ticks, halvings)
