"""How long a request takes, and how long a copy of it would take: what tuning rests on.

Nobody logs what a copy would have taken, so it is assumed, in one of three ways:

``Independent``  a copy draws anew from the same latencies: true where slowness comes from
                 the replica (a pause, a queue), too good where it comes from the request.
``Correlated``   ``Y = r * X + (1 - r) * Z``, where Z draws anew (Kaler, He and Elnikety,
                 "Optimal Reissue Policies for Reducing Tail Latency", SPAA 2017, study
                 ``Y = r * X + Z``): ``r`` is the part of slowness that stays with the request.
``Paired``       both were measured: the loser was allowed to finish.

Must not know when copies are sent: ``tuning`` decides that.  X is the primary, Y the copy.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hedgerow.measure.empirical import Empirical

#: Points that stand for the slow primaries of a correlated law; 64 move a tail by under 0.1 %.
_TAIL_POINTS: Final = 64


class Latencies(Protocol):
    """The two latencies of a request."""

    @property
    def primary(self) -> Empirical:
        """How long the first attempt takes."""

    def copy_within(self, slower_than: float) -> Callable[[float], float]:
        """Return the cdf of the copy's latency, among requests whose primary takes longer."""

    def scaled(self, factor: float) -> "Latencies":
        """Return the same with everything so many times as long."""

    def resampled(self, randomness: random.Random) -> "Latencies":
        """Draw as many requests again from these."""


@dataclass(frozen=True, slots=True)
class Independent:
    """A copy's latency has nothing to do with its primary's."""

    primary: Empirical

    def copy_within(self, slower_than: float) -> Callable[[float], float]:
        return self.primary.within

    def scaled(self, factor: float) -> "Independent":
        return Independent(self.primary.scaled(factor))

    def resampled(self, randomness: random.Random) -> "Independent":
        return Independent(self.primary.resampled(randomness))


@dataclass(frozen=True, slots=True)
class Correlated:
    """A copy's latency is partly its primary's: ``correlation`` of it, 0 to 1."""

    primary: Empirical
    correlation: float

    def copy_within(self, slower_than: float) -> Callable[[float], float]:
        kept, anew = self.correlation, 1.0 - self.correlation
        offsets = [kept * x for x in self.primary.tail_points(slower_than, _TAIL_POINTS)]
        if not offsets:
            return self.primary.within
        if anew <= 0:
            offsets.sort()
            return lambda time: bisect_right(offsets, time) / len(offsets)
        fresh = self.primary.within

        def cdf(time: float) -> float:
            return math.fsum(fresh((time - known) / anew) for known in offsets) / len(offsets)

        return cdf

    def scaled(self, factor: float) -> "Correlated":
        return Correlated(self.primary.scaled(factor), self.correlation)

    def resampled(self, randomness: random.Random) -> "Correlated":
        return Correlated(self.primary.resampled(randomness), self.correlation)


class Paired:
    """Both latencies of some requests are known: ``(primary, copy)``.

    ``primary`` is of all requests where pairs are of some only: those that were hedged, of
    which the loser was allowed to finish.
    """

    __slots__ = ("_pairs", "_slow", "primary")

    def __init__(
        self, pairs: Sequence[tuple[float, float]], primary: Empirical | None = None
    ) -> None:
        self._pairs = sorted(pairs)
        self._slow = [x for x, _ in self._pairs]
        self.primary = Empirical.of(self._slow) if primary is None else primary

    def copy_within(self, slower_than: float) -> Callable[[float], float]:
        first = bisect_right(self._slow, slower_than)
        copies = sorted(y for _, y in self._pairs[first:])
        if not copies:
            return lambda _: 0.0
        return lambda time: bisect_right(copies, time) / len(copies)

    def scaled(self, factor: float) -> "Paired":
        pairs = [(x * factor, y * factor) for x, y in self._pairs]
        return Paired(pairs, self.primary.scaled(factor))

    def resampled(self, randomness: random.Random) -> "Paired":
        pairs = randomness.choices(self._pairs, k=len(self._pairs))
        return Paired(pairs, self.primary.resampled(randomness))

    def known_beyond(self, time: float) -> int:
        """Return how many pairs have a primary that took longer."""
        return len(self._slow) - bisect_right(self._slow, time)


def latencies_of(primary: Empirical, correlation: float) -> Latencies:
    """Make the law of a correlation from 0 to 1."""
    return Correlated(primary, correlation) if correlation else Independent(primary)
