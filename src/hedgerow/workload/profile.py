"""How a rate goes up and down over time, and when the n-th arrival is due under it.

A *profile* is a rate that changes in straight lines: it begins at one rate, each *stage*
takes it to a target within its seconds, and after the last one it stays.  So a constant
rate has no stages, and a ramp from A to B has one.  A stage of 0 seconds is a jump, a
stage at rate 0 a pause.  Must not know clocks, randomness, or what arrives.

The number of arrivals expected by a time is the area under the rate, a quadratic in each
stretch, and the time of the n-th one is its inverse.  Both are computed from their argument
alone::

    cumulative(t) = count + rate * d + slope * d**2 / 2     with d = t - starts_at
    time_of(n)    = starts_at + 2 * m / (rate + sqrt(rate**2 + 2 * slope * m))
                                                            with m = n - count

Why not "the last time plus 1 / rate": its errors add up, and under a ramp the gap between two
arrivals depends on both.  Why this form of the root: the one from school subtracts two nearly
equal numbers where the slope is small, and divides by 0 where there is none.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError

#: A stage shorter than this is a jump: its slope would mean nothing in floating point.
_JUMP: Final = 1e-9


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A piece in which the rate follows one straight line."""

    starts_at: float
    ends_at: float
    count: float  # arrivals expected before it
    last_count: float  # ... and by its end
    rate: float  # at its start
    slope: float


@dataclass(frozen=True, slots=True)
class RateProfile:
    """A piecewise linear rate; made by :meth:`of`."""

    _stretches: tuple[_Stretch, ...]
    _starts: tuple[float, ...]
    _counts: tuple[float, ...]

    @classmethod
    def of(cls, start_rate: float, stages: Iterable[tuple[float, float]] = ()) -> "RateProfile":
        """Begin at ``start_rate``; each stage is (seconds, rate at its end)."""
        _require(0 <= start_rate < math.inf, "rate", start_rate, "at least 0")
        at, count, rate = 0.0, 0.0, start_rate
        stretches = []
        for seconds, target in stages:
            _require(0 <= seconds < math.inf, "stage seconds", seconds, "at least 0")
            _require(0 <= target < math.inf, "stage target", target, "at least 0")
            if seconds >= _JUMP:
                end, last = at + seconds, count + seconds * (rate + target) / 2
                stretches.append(_Stretch(at, end, count, last, rate, (target - rate) / seconds))
                at, count = end, last
            rate = target
        last = math.inf if rate > 0 else count
        stretches.append(_Stretch(at, math.inf, count, last, rate, 0.0))
        return cls(
            tuple(stretches),
            tuple(stretch.starts_at for stretch in stretches),
            tuple(stretch.count for stretch in stretches),
        )

    @property
    def ends_at(self) -> float:
        """When the last stage is over, and the rate stays."""
        return self._stretches[-1].starts_at

    @property
    def is_constant(self) -> bool:
        """True where the rate never changes."""
        return len(self._stretches) == 1

    def rate_at(self, time: float) -> float:
        """Return the rate at a time; at a jump the new one."""
        stretch = self._stretches[bisect_right(self._starts, max(time, 0.0)) - 1]
        if stretch.slope == 0:
            return stretch.rate
        return max(0.0, stretch.rate + stretch.slope * (max(time, 0.0) - stretch.starts_at))

    def cumulative(self, time: float) -> float:
        """How many arrivals are expected before ``time``; without end it may be infinite."""
        if time <= 0:
            return 0.0
        if time == math.inf:
            return self._stretches[-1].last_count
        stretch = self._stretches[bisect_right(self._starts, time) - 1]
        passed = time - stretch.starts_at
        count = stretch.count + passed * (stretch.rate + stretch.slope * passed / 2)
        return min(count, stretch.last_count)

    def time_of(self, number: float) -> float:
        """When as many arrivals as ``number`` were expected; infinite where they never are.

        Nothing arrives in a pause, so the first one after it is due at its end: also where
        the pause comes first, or never ends.
        """
        # Stretches of a pause have the count of the next one: the last of them is taken.
        stretch = self._stretches[bisect_right(self._counts, max(number, 0.0)) - 1]
        missing, rate = max(number, 0.0) - stretch.count, stretch.rate
        if stretch.slope == 0:
            return stretch.starts_at + missing / rate if rate > 0 else math.inf
        # Below 0 only through rounding, at the end of a ramp down to 0.
        twice_mean = rate + math.sqrt(max(0.0, rate * rate + 2 * stretch.slope * missing))
        if missing <= 0 or twice_mean == 0:
            return stretch.starts_at
        return min(stretch.starts_at + 2 * missing / twice_mean, stretch.ends_at)


def _require(fine: bool, where: str, got: float, must: str) -> None:
    if not fine:
        raise ConfigError(where, got=got, must=must, fix="Write for example 30s:100.")
