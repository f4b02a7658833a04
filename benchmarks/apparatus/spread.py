"""A figure from several trials: its median and how far it ranged.

With five trials a standard deviation would claim more than is known; the lowest
and the highest say the same to everybody.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The median of some trials, the lowest and the highest."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """At least one value is needed."""
    return Spread(statistics.median(values), min(values), max(values))


def ratios(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Spread | None:
    """Ratios within each round that both have; None when they share no round."""
    shared = [ours[number] / theirs[number] for number in ours if theirs.get(number)]
    return spread(shared) if shared else None


def quantile(ordered: Sequence[float], share: float) -> float:
    """Nearest rank on sorted samples: an answer that somebody really got."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
