"""Curves from histograms: the percentile spectrum, and how often which times came.

The spectrum's x is 1 / (1 - percentile): 2 is the median, 100 the p99, 1,000 the p99.9, so
that each further nine has the same width (HdrHistogram's percentile plot).  It ends where
one request decides: beyond the count there is only the maximum.
"""

import math
from collections.abc import Sequence
from typing import Final

from hedgerow.measure import Histogram, decode_hdr
from hedgerow.report.document import Distribution
from hedgerow.report.page.chart import Column, compact

_STEPS_A_DECADE: Final = 40
_BINS: Final = 44


def histogram_of(distribution: Distribution) -> Histogram | None:
    """The distribution's histogram; None where there is none, or none that can be read."""
    if not distribution.histogram or not distribution.count:
        return None
    try:
        return decode_hdr(distribution.histogram)
    except ValueError:
        return None


def spectrum(histogram: Histogram) -> list[Column]:
    """Return x and the time at each percentile, from the least to the most."""
    decades = math.log10(2 * max(1, histogram.count))
    steps = math.floor(decades * _STEPS_A_DECADE)
    xs = [10 ** (step / _STEPS_A_DECADE) for step in range(steps + 1)]
    times = histogram.quantiles([1 - 1 / x for x in xs] + [1.0])
    return [compact([*xs, 10 ** ((steps + 1) / _STEPS_A_DECADE)]), compact(times)]


class Bins:
    """Times from the least to the most, in steps of equal ratio, or of equal width if few."""

    def __init__(self, histograms: Sequence[Histogram]) -> None:
        low = max(1, min(histogram.min for histogram in histograms))
        high = max(low + 1, *(histogram.max for histogram in histograms))
        if high / low > 8:
            ratio = (high / low) ** (1 / _BINS)
            self.edges = [low * ratio**n for n in range(_BINS + 1)]
        else:
            self.edges = [low + (high - low) * n / _BINS for n in range(_BINS + 1)]

    def counts(self, histogram: Histogram) -> list[int]:
        """How many values fell into each bin, by the middle of their bucket."""
        counts = [0] * _BINS
        for bucket in histogram.buckets():
            counts[self._bin_of((bucket.low + bucket.high) / 2)] += bucket.count
        return counts

    def _bin_of(self, value: float) -> int:
        low, high = self.edges[0], self.edges[-1]
        if value <= low:
            return 0
        if high / low > 8:
            place = math.log(value / low) / math.log(high / low)
        else:
            place = (value - low) / (high - low)
        return min(_BINS - 1, int(place * _BINS))


def bin_table(counts: Sequence[float]) -> list[Column]:
    """Return x, the middle of each bin counted in bins, and how many values it holds."""
    return [compact(n + 0.5 for n in range(len(counts))), compact(counts)]
