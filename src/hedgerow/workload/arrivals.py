"""When the requests of an open model are due, at a constant rate.

Decides due times, lazily, in seconds from the start; must not know clocks, nor
whether anybody can keep up.  In an *open* model requests come whether or not the
earlier ones were answered, as users of a public service do; their latency counts
from the time they were due, or a slow server would slow its own measurement down
(*coordinated omission*).

``even`` spaces them equally, the first at 0; each time is computed from its index,
so a long run does not drift.  ``poisson`` draws independent exponential gaps: users
who do not know of each other, with the bunches that makes.
"""

import enum
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from hedgerow.errors import ConfigError


class Spacing(enum.Enum):
    """How arrivals are spread over time."""

    EVEN = "even"
    POISSON = "poisson"


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A plan: so many a second, until the duration or the count is reached (or for ever)."""

    rate: float
    spacing: Spacing = Spacing.EVEN
    duration: float = math.inf  # nothing is due at this time or later
    count: int | None = None

    def __post_init__(self) -> None:
        _require(0 < self.rate < math.inf, "rate", self.rate, "above 0", "200 or 100/m")
        _require(self.duration > 0, "duration", self.duration, "above 0", "30s")
        counted = self.count is None or self.count >= 1
        _require(counted, "count", self.count, "at least 1", "1000")

    def due_times(self, randomness: random.Random) -> Iterator[float]:
        """Return the plan from its beginning; even spacing draws nothing."""
        if self.spacing is Spacing.POISSON:
            endless = self._poisson(randomness)
            return itertools.islice(
                itertools.takewhile(lambda due: due < self.duration, endless), self.count
            )
        return (index / self.rate for index in self._even_indices())

    def _poisson(self, randomness: random.Random) -> Iterator[float]:
        due = 0.0
        while True:
            due += randomness.expovariate(self.rate)
            yield due

    def _even_indices(self) -> Iterator[int]:
        endless = itertools.count()
        if self.duration < math.inf:
            # 1e-9: 0.7 s at 10 a second are 7 arrivals, although 10 * 0.7 > 7 in binary.
            due = math.ceil(self.rate * self.duration * (1 - 1e-9))
            return itertools.islice(endless, due if self.count is None else min(due, self.count))
        return itertools.islice(endless, self.count)


def _require(fine: bool, where: str, got: object, must: str, example: str) -> None:
    if not fine:
        raise ConfigError(where, got=got, must=must, fix=f"Write for example {example}.")
