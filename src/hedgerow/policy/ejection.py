"""Which replicas fail more than the others do, and how many may be out at once.

Decides by counts; must not know states, time or names.  Every so often the caller hands
over what each replica's attempts came to, and ejects those that are named.

A replica is an *outlier* if its success rate lies below the median of all by more than
``deviations`` standard deviations, and by at least ``margin``.  The deviation is the
larger of two: what the rates differ by anyhow (1.4826 x the median absolute deviation,
which for a normal law is the standard deviation), and what so few attempts differ by
through chance (binomial).

Why not mean - 1.9 stdev, as Envoy does.  No value among n lies further than
(n - 1)/sqrt(n) standard deviations from their mean: 1.15 for three replicas, 1.79 for
five, so that one broken replica among five is never found; and two of them hide each
other.  A median moves only when half of the replicas do, and then the fault is not theirs.

How many: a share of all, but always one of two or more, and never the last one.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_MAD_TO_STDEV: Final = 1.4826


@dataclass(frozen=True, slots=True)
class OutlierRule:
    """How success rates are compared."""

    interval: float = 10.0  # seconds between two comparisons (Envoy's)
    least_attempts: int = 50  # of a replica, to count at all (Envoy: 100 in an interval)
    least_replicas: int = 3  # of two that differ nobody knows which is the odd one
    deviations: float = 1.9  # Envoy's
    margin: float = 0.1  # less than this is what retries are for; a guess


@dataclass(slots=True)
class Tally:
    """What a replica's attempts came to lately."""

    succeeded: int = 0
    failed: int = 0

    @property
    def attempts(self) -> int:
        return self.succeeded + self.failed

    def fade(self) -> None:
        """Halve the past: a quiet replica's attempts add up, and no edge hides a burst."""
        self.succeeded //= 2
        self.failed //= 2

    def clear(self) -> None:
        self.succeeded = self.failed = 0


def outliers(tallies: Sequence[Tally], rule: OutlierRule) -> list[int]:
    """Return the places of those that fail more than the others, the worst first."""
    rates = {
        place: tally.succeeded / tally.attempts
        for place, tally in enumerate(tallies)
        if tally.attempts >= max(rule.least_attempts, 1)
    }
    if len(rates) < rule.least_replicas:
        return []
    usual = statistics.median(rates.values())
    spread = _MAD_TO_STDEV * statistics.median(abs(rate - usual) for rate in rates.values())
    found = []
    for place, rate in rates.items():
        chance = math.sqrt(usual * (1.0 - usual) / tallies[place].attempts)
        if usual - rate > max(rule.margin, rule.deviations * max(spread, chance)):
            found.append(place)
    return sorted(found, key=rates.__getitem__)


def most_ejected(replicas: int, share: float) -> int:
    """How many of so many replicas may be out at once."""
    if replicas < 2 or share <= 0:
        return 0
    return min(max(1, math.floor(replicas * share)), replicas - 1)
