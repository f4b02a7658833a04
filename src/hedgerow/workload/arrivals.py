"""When the requests of an open model are due, at a rate that may change over time.

Decides due times, lazily, in seconds from the start; must not know clocks, nor
whether anybody can keep up.  In an *open* model requests come whether or not the
earlier ones were answered, as users of a public service do; their latency counts
from the time they were due, or a slow server would slow its own measurement down
(*coordinated omission*).

``even`` spaces them equally, the first at 0; each time is computed from its index,
so a long run does not drift.  ``poisson`` draws independent exponential gaps: users
who do not know of each other, with the bunches that makes.  Where the rate changes,
both are plans at one a second whose time is stretched by the :class:`RateProfile`
(*time rescaling*): what is even or Poisson at rate 1 is so at every rate.

A plan is dealt out to several generators like cards: share ``index`` of ``of`` takes
every ``of``-th arrival.  Each share draws the whole plan from the same seed and keeps
its own, so that all together are exactly the plan, whatever their number.  (Shares that
draw their own gaps would be even at a K-th of the rate, and K of them are not even.)
"""

import enum
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.workload.profile import RateProfile

#: 1.1 s at 100 a second are 110 arrivals, although 100 * 1.1 > 110 in binary.
_ROUNDING: Final = 1e-9


class Spacing(enum.Enum):
    """How arrivals are spread over time."""

    EVEN = "even"
    POISSON = "poisson"


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A plan: so many a second, until the duration or the count is reached (or for ever).

    ``rate`` is where it starts, each stage is (seconds, rate at its end); after the last
    one the rate stays.
    """

    rate: float
    spacing: Spacing = Spacing.EVEN
    duration: float = math.inf  # nothing is due at this time or later
    count: int | None = None
    stages: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        lowest = self.rate >= 0 if any(target > 0 for _, target in self.stages) else self.rate > 0
        _require(lowest and self.rate < math.inf, "rate", self.rate, "above 0", "200 or 100/m")
        _require(self.duration > 0, "duration", self.duration, "above 0", "30s")
        counted = self.count is None or self.count >= 1
        _require(counted, "count", self.count, "at least 1", "1000")
        _ = self.profile  # checks the stages

    @property
    def profile(self) -> RateProfile:
        """The rate over time."""
        return RateProfile.of(self.rate, self.stages)

    def due_times(self, randomness: random.Random) -> Iterator[float]:
        """Return the plan from its beginning; even spacing draws nothing."""
        return (due for _, due in self.numbered(randomness))

    def numbered(
        self, randomness: random.Random, index: int = 0, of: int = 1
    ) -> Iterator[tuple[int, float]]:
        """Return a share of the plan as (number in the whole plan, due time).

        All shares must be given a ``randomness`` in the same state.
        """
        if self.spacing is Spacing.POISSON:
            return self._poisson(randomness, index, of)
        return self._even(index, of)

    def expected(self, until: float = math.inf) -> float:
        """How many are due before a time: exactly with even spacing, else on average."""
        due = self.profile.cumulative(min(until, self.duration))
        if self.spacing is Spacing.EVEN and due < math.inf:
            due = math.ceil(due * (1 - _ROUNDING))
        return float(due if self.count is None else min(due, self.count))

    def _even(self, index: int, of: int) -> Iterator[tuple[int, float]]:
        limit = self.expected()
        numbers = itertools.count(index, of) if limit == math.inf else range(index, int(limit), of)
        profile = self.profile
        if profile.is_constant:
            rate = self.rate  # 0.3 us an arrival instead of 1.5
            return ((number, number / rate) for number in numbers)
        return ((number, profile.time_of(number)) for number in numbers)

    def _poisson(
        self, randomness: random.Random, index: int, of: int
    ) -> Iterator[tuple[int, float]]:
        profile = self.profile
        end = profile.cumulative(self.duration)
        numbers = itertools.count() if self.count is None else range(self.count)
        position = 0.0  # in the plan at one a second
        for number in numbers:
            position += randomness.expovariate(1.0)
            if position >= end:
                return
            if number % of == index:
                yield number, profile.time_of(position)


def _require(fine: bool, where: str, got: object, must: str, example: str) -> None:
    if not fine:
        raise ConfigError(where, got=got, must=must, fix=f"Write for example {example}.")
