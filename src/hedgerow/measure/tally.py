"""Exact sums of whole milliseconds: what JMeter's Summary Report needs of many samples.

Count, sum, sum of squares, least and most, first start and last end, in integers, so that
nothing is lost however many there are.  Adding two tallies gives the tally of both.  The
rules that make a row of them (truncation, population deviation, KB of 1,024) are in
``report.summary``; this module must not know them.
"""

import math
from collections.abc import Mapping
from operator import mul

from typing_extensions import override


class Tally:
    """Sums over samples; times are whole milliseconds, starts and ends seconds."""

    __slots__ = ("count", "errors", "first_start", "last_end", "maximum", "minimum", "squares",
                 "total")  # fmt: skip

    def __init__(self) -> None:
        self.count = 0
        self.errors = 0
        self.total = 0
        self.squares = 0
        self.minimum = 0  # meaningless while count is 0, like the next
        self.maximum = 0
        self.first_start = math.inf
        self.last_end = -math.inf

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tally) and self.as_list() == other.as_list()

    @override
    def __hash__(self) -> int:
        raise TypeError("a tally changes, and has no hash")

    def add(self, milliseconds: int, *, start: float, end: float, failed: bool = False) -> None:
        """Count one sample."""
        self.add_counted({milliseconds: 1}, first_start=start, last_end=end)
        self.errors += failed

    def add_counted(
        self, counted: Mapping[int, int], *, first_start: float, last_end: float
    ) -> None:
        """Count good samples given as milliseconds and how often each came, in this span."""
        if not counted:
            return
        times, counts = counted.keys(), counted.values()
        products = list(map(mul, times, counts))
        least = min(times)
        self.minimum = min(self.minimum, least) if self.count else least
        self.maximum = max(self.maximum, *times)
        self.count += sum(counts)
        self.total += sum(products)
        self.squares += sum(map(mul, times, products))
        self.first_start = min(self.first_start, first_start)
        self.last_end = max(self.last_end, last_end)

    def merge(self, other: "Tally") -> None:
        """Add what another tally counted."""
        if not other.count:
            return
        self.minimum = min(self.minimum, other.minimum) if self.count else other.minimum
        self.maximum = max(self.maximum, other.maximum)
        self.count += other.count
        self.errors += other.errors
        self.total += other.total
        self.squares += other.squares
        self.first_start = min(self.first_start, other.first_start)
        self.last_end = max(self.last_end, other.last_end)

    @property
    def span(self) -> float:
        """Seconds from the first start to the last end; 0 when empty."""
        return max(0.0, self.last_end - self.first_start) if self.count else 0.0

    def as_list(self) -> list[float]:
        """Return everything, for another process."""
        return [getattr(self, name) for name in self.__slots__]

    @classmethod
    def from_list(cls, values: list[float]) -> "Tally":
        """Return the inverse of :meth:`as_list`."""
        tally = cls()
        for name, value in zip(cls.__slots__, values, strict=True):
            setattr(tally, name, value)
        return tally
