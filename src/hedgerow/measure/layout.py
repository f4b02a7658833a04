"""Which bucket of a histogram a value falls into, and which values a bucket stands for.

Pure arithmetic on integers, shared by every histogram of the same range.  It must
not know counts, quantiles or what the values mean.

The layout is HdrHistogram's (Gil Tene), because its files and its meaning of a
percentile are what other tools read.  Buckets are one unit wide at first; from
where the asked-for digits allow it, each doubling of the value (an octave)
doubles their width.  So the error is relative, at most one part in 10**digits,
and the number of buckets grows with the logarithm of the range::

    digits=3:   0 .. 2047        2,048 buckets of width 1
                2048 .. 4095     1,024 buckets of width 2
                4096 .. 8191     1,024 buckets of width 4   ... up to highest

HdrHistogram calls the octave a bucket and our bucket a sub-bucket.

Why not buckets by powers of a float (DDSketch): finding one needs a logarithm a
value, which costs more than the whole of our record, and nobody else reads it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from hedgerow.errors import ConfigError

_LARGEST = 2**63 - 1  # HDR files hold ranges as signed 64-bit integers


@dataclass(frozen=True)
class BucketLayout:
    """A range and a precision: from ``lowest`` told apart from 0, up to ``highest``.

    The defaults fit latencies in microseconds, up to an hour, to 0.1 %.  What it
    costs is ``bucket_count`` counters of 8 bytes (23,552 by default); two digits
    need a seventh of that.
    """

    lowest: int = 1
    highest: int = 3_600_000_000
    digits: int = 3

    def __post_init__(self) -> None:
        _check("digits", self.digits, 1, 5, "3 keeps every value to 0.1 %.")
        _check("lowest", self.lowest, 1, _LARGEST // 2, "It is the smallest step that matters.")
        _check("highest", self.highest, 2 * self.lowest, _LARGEST, "It is the end of the range.")
        if self.unit_bits + self._half_bits > 61:  # Java's limit too: beyond it nobody decodes us
            finest = 2 ** (62 - self._half_bits) - 1
            fix = f"Lower it, or ask for fewer than {self.digits} digits."
            raise ConfigError("lowest", got=self.lowest, must=f"at most {finest:,}", fix=fix)

    @cached_property
    def unit_bits(self) -> int:
        """Low bits that are dropped: ``lowest`` is rounded down to a power of two."""
        return self.lowest.bit_length() - 1

    @cached_property
    def bucket_count(self) -> int:
        """The range ends at a power of two, so it reaches beyond ``highest``, never short of it."""
        return (self._octaves + 1) << self._half_bits

    @cached_property
    def steps(self) -> tuple[tuple[int, int], ...]:
        """``(shift, base)`` by bit length: a value's bucket is ``base + (value >> shift)``.

        A table, because it spares the hot path three operations on integers (190 ns
        instead of 240 ns a record).  It ends where the range ends: looking up a
        value beyond it is an IndexError, which is the range check.
        """
        fine_bits = self._half_bits + 1 + self.unit_bits
        fine = [(self.unit_bits, 0)] * (fine_bits + 1)
        coarse = [
            (self.unit_bits + octave, octave << self._half_bits)
            for octave in range(1, self._octaves)
        ]
        return (*fine, *coarse)

    def index_of(self, value: int) -> int:
        """The bucket of a value of 0 or more; IndexError beyond the end of the range."""
        shift, base = self.steps[value.bit_length()]
        return base + (value >> shift)

    def low(self, index: int) -> int:
        """The lowest value that falls into this bucket."""
        octave = self._octave(index)
        return (index - (octave << self._half_bits)) << (octave + self.unit_bits)

    def width(self, index: int) -> int:
        """How many values share this bucket."""
        return 1 << (self._octave(index) + self.unit_bits)

    def high(self, index: int) -> int:
        """The highest value that falls into this bucket: what a quantile reports."""
        return self.low(index) + self.width(index) - 1

    def middle(self, index: int) -> int:
        """The value that stands for this bucket in a mean."""
        return self.low(index) + self.width(index) // 2

    def octaves(self) -> Iterator[tuple[slice, range]]:
        """Stretches of equally wide buckets: where they are, and their middles.

        For sums over all buckets: a loop an octave instead of a loop a bucket.
        """
        half = 1 << self._half_bits
        for octave in range(self._octaves):
            start, stop = (octave + 1) * half if octave else 0, (octave + 2) * half
            width = self.width(start)
            first = self.low(start) + width // 2
            yield slice(start, stop), range(first, first + (stop - start) * width, width)

    def _octave(self, index: int) -> int:
        """The first two half-octaves both have the finest width, so both are octave 0."""
        return max(0, (index >> self._half_bits) - 1)

    @cached_property
    def _half_bits(self) -> int:
        """An octave has ``2 ** _half_bits`` buckets, enough to tell ``digits`` digits apart."""
        told_apart: int = 2 * 10**self.digits
        return (told_apart - 1).bit_length() - 1

    @cached_property
    def _octaves(self) -> int:
        finest_end = self._half_bits + 1 + self.unit_bits
        return max(1, self.highest.bit_length() - finest_end + 1)


def _check(where: str, got: int, least: int, most: int, fix: str) -> None:
    if not least <= got <= most:
        raise ConfigError(where, got=got, must=f"{least:,} to {most:,}", fix=fix)
