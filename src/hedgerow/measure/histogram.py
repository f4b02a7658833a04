"""How a large number of integers was distributed, in constant memory.

Counts values and answers quantiles, mean and spread.  It must not know what the
values mean: here they are usually latencies in **microseconds**, and whoever
records them converts (seconds * 1e6) and whoever shows them converts back.

Buckets are HdrHistogram's (see ``layout``), and so is the meaning of a quantile:
*the highest value equivalent to the one at that rank*, the rank being the share of
the count rounded half up.  So what stands at a rank is never told too low, is at most
one part in 10**digits too high, and equals what other HDR tools say of the same counts.

Measuring must not break what is measured: a value outside the range is never
refused.  Below 0 it counts as 0 and in ``too_low`` (which tells of a bug in the
caller's clock arithmetic); beyond the range it counts in the last bucket and in
``too_high`` (which tells that the range is too short).

Budget of ``record``: one look-up and one addition, no object kept.  All else is
worked out when asked, in one pass over all buckets: read once a second, not once a
request.

Why not keep count, minimum and maximum while recording: a record would cost half as
much again, and the buckets know them (to the width of a bucket).
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, compress
from operator import add, mul, sub
from typing import Final

from typing_extensions import override

from hedgerow.measure.layout import BucketLayout

DEFAULT_LAYOUT: Final = BucketLayout()


@dataclass(frozen=True, slots=True)
class Bucket:
    """Values from ``low`` to ``high``, both included, were recorded ``count`` times."""

    low: int
    high: int
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a report says of a distribution, in the unit of its values; all 0 when empty."""

    count: int
    min: int
    mean: float
    stddev: float
    p50: int
    p90: int
    p95: int
    p99: int
    p999: int
    max: int
    clamped: int


class Histogram:
    """Counts of integers by bucket; constant memory, any number of values."""

    __slots__ = ("_counts", "_steps", "layout", "too_high", "too_low")

    def __init__(self, layout: BucketLayout = DEFAULT_LAYOUT) -> None:
        self.layout = layout
        self.too_low = 0
        self.too_high = 0
        self._counts: list[int] = []  # as long as the largest value needs, see _grow()
        self._steps = layout.steps  # copied: read once a record

    @classmethod
    def from_indexed_counts(
        cls, layout: BucketLayout, indexed_counts: Iterable[tuple[int, int]]
    ) -> "Histogram":
        """The inverse of :meth:`indexed_counts`."""
        histogram = cls(layout)
        counts = dict(indexed_counts)
        histogram._grow(max(counts, default=-1) + 1)
        for index, count in counts.items():
            histogram._counts[index] = count
        return histogram

    @override
    def __repr__(self) -> str:
        shape = f"{self.layout.lowest}..{self.layout.highest}, {self.layout.digits} digits"
        return f"<Histogram {shape}: {self.count} values>"

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        mine, theirs = dict(self.indexed_counts()), dict(other.indexed_counts())
        return self.layout == other.layout and mine == theirs

    # --- recording ---

    def record(self, value: int) -> None:
        """Count one value; outside the range it is clamped, and counted as such."""
        if value < 0:
            self.record_many(value, 1)
            return
        try:
            shift, base = self._steps[value.bit_length()]
            self._counts[base + (value >> shift)] += 1
        except IndexError:
            self.record_many(value, 1)

    def record_all(self, values: Iterable[int]) -> None:
        """Count many values."""
        for value in values:
            self.record(value)

    def record_counts(self, counts: Mapping[int, int]) -> None:
        """Count each value as often as its count says; 0.3 us a value less than one by one."""
        steps = self._steps
        longest = max(counts, default=0).bit_length()
        if longest >= len(steps) or min(counts, default=0) < 0:
            for value, count in counts.items():
                self.record_many(value, count)
            return
        self._grow(self.layout.index_of((1 << longest) - 1) + 1)
        mine = self._counts
        for value, count in counts.items():
            shift, base = steps[value.bit_length()]
            mine[base + (value >> shift)] += count

    def record_many(self, value: int, count: int) -> None:
        """Count one value ``count`` times."""
        if count < 0:
            raise ValueError(f"count = {count}: must be 0 or more. To take values away, subtract.")
        if value < 0 or value.bit_length() >= len(self._steps):
            self._record_clamped(value, count)
        else:
            index = self.layout.index_of(value)
            self._grow(index + 1)
            self._counts[index] += count

    def merge(self, other: "Histogram") -> None:
        """Add all that the other counted.  With the same layout nothing is lost.

        With another layout each bucket is recorded anew, at its lowest value.
        """
        if self.layout == other.layout:
            theirs = other._counts
            self._grow(len(theirs))
            self._counts[: len(theirs)] = map(add, self._counts, theirs)
            self.too_high += other.too_high
        else:
            before = self.too_high
            for index, count in other.indexed_counts():
                self.record_many(other.layout.low(index), count)
            # What the other clamped lies in its last bucket: if that lies beyond our
            # range too, it has just been counted as clamped once more.
            self.too_high = max(self.too_high, before + other.too_high)
        self.too_low += other.too_low

    def subtract(self, other: "Histogram") -> None:
        """Take away what the other counted, which must be a part of this one."""
        if self.layout != other.layout:
            raise ValueError(f"layout = {other.layout}: must be {self.layout}, to subtract exactly")
        theirs = other._counts
        self._grow(len(theirs))
        remaining = [*map(sub, self._counts, theirs), *self._counts[len(theirs) :]]
        if min(remaining, default=0) < 0:
            index = next(i for i, count in enumerate(remaining) if count < 0)
            raise ValueError(
                f"count at {self.layout.low(index)} = {other._counts[index]}: must be at most"
                f" {self._counts[index]}. Subtract only what was merged or copied before."
            )
        self._counts = remaining
        self.too_low -= other.too_low
        self.too_high -= other.too_high

    def copy(self) -> "Histogram":
        """An independent histogram with the same counts."""
        twin = Histogram(self.layout)
        twin._counts = self._counts.copy()
        twin.too_low, twin.too_high = self.too_low, self.too_high
        return twin

    def reset(self) -> None:
        """Forget everything."""
        self._counts = []
        self.too_low = self.too_high = 0

    # --- reading ---

    @property
    def count(self) -> int:
        """How many values were recorded, clamped ones included."""
        return sum(self._counts)

    @property
    def is_used(self) -> bool:
        """False while nothing was recorded; a sixth of the cost of ``count``."""
        return any(self._counts)

    @property
    def clamped(self) -> int:
        """How many values were outside the range: their size is not known."""
        return self.too_low + self.too_high

    @property
    def min(self) -> int:
        """The lowest value of the lowest bucket in use; 0 when empty."""
        return next((self.layout.low(index) for index, _ in self.indexed_counts()), 0)

    @property
    def max(self) -> int:
        """The highest value of the highest bucket in use; 0 when empty."""
        counts = self._counts
        highest_first = compress(range(len(counts) - 1, -1, -1), reversed(counts))
        return next((self.layout.high(index) for index in highest_first), 0)

    @property
    def mean(self) -> float:
        """The mean of the buckets' middles; 0 when empty."""
        return self._mean_and_stddev()[0]

    @property
    def stddev(self) -> float:
        """The population's standard deviation, from the buckets' middles; 0 when empty."""
        return self._mean_and_stddev()[1]

    def quantile(self, quantile: float) -> int:
        """The value that this share (0 to 1) of all values does not exceed; 0 when empty.

        Quantile 0 is the lowest value of the lowest bucket in use.
        """
        return self.quantiles([quantile])[0]

    def quantiles(self, quantiles: Iterable[float]) -> list[int]:
        """Several quantiles in one pass, in the order in which they were asked for."""
        cumulative = list(accumulate(self._counts)) or [0]
        return [self._value_at(quantile, cumulative) for quantile in quantiles]

    def summary(self) -> Summary:
        """Everything that a report says, at once."""
        p50, p90, p95, p99, p999 = self.quantiles((0.5, 0.9, 0.95, 0.99, 0.999))
        mean, stddev = self._mean_and_stddev()
        return Summary(
            count=self.count,
            min=self.min,
            mean=mean,
            stddev=stddev,
            p50=p50,
            p90=p90,
            p95=p95,
            p99=p99,
            p999=p999,
            max=self.max,
            clamped=self.clamped,
        )

    def buckets(self) -> Iterator[Bucket]:
        """The buckets in use, lowest first: the spectrum, for a chart or a table."""
        layout = self.layout
        for index, count in self.indexed_counts():
            yield Bucket(layout.low(index), layout.high(index), count)

    def indexed_counts(self) -> Iterator[tuple[int, int]]:
        """``(index, count)`` of the buckets in use, lowest first."""
        counts = self._counts
        return ((index, counts[index]) for index in compress(range(len(counts)), counts))

    # --- within ---

    def _grow(self, length: int) -> None:
        """Have counters for this many buckets: a histogram of quick answers stays small.

        (A millisecond needs 8 KiB, a second 90, the whole range 190; a report may hold a
        thousand of them.)
        """
        missing = length - len(self._counts)
        if missing > 0:
            self._counts.extend([0] * missing)

    def _record_clamped(self, value: int, count: int) -> None:
        """Never runs in a healthy program: out of line, so that ``record`` stays short."""
        if value < 0:
            self.too_low += count
            self._grow(1)
            self._counts[0] += count
        else:
            self.too_high += count
            self._grow(self.layout.bucket_count)
            self._counts[-1] += count

    def _value_at(self, quantile: float, cumulative: list[int]) -> int:
        if not 0 <= quantile <= 1:
            raise ValueError(f"quantile = {quantile}: must be 0 to 1. The p99 is 0.99.")
        total = cumulative[-1]
        if not total:
            return 0
        rank = min(total, max(1, int(quantile * total + 0.5)))
        index = bisect_left(cumulative, rank)
        return self.layout.high(index) if quantile else self.layout.low(index)

    def _mean_and_stddev(self) -> tuple[float, float]:
        count = total = squares = 0  # integers: exact however many values there are
        for where, middles in self.layout.octaves():
            counts = self._counts[where]
            if any(counts):
                products = list(map(mul, middles, counts))
                count += sum(counts)
                total += sum(products)
                squares += sum(map(mul, middles, products))
        if not count:
            return 0.0, 0.0
        return total / count, math.sqrt((squares * count - total * total) / (count * count))
