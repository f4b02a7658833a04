"""What cancelling is worth at one upstream: whether its replicas stop, or work on unseen.

Decides two numbers, ``efficacy`` (1: a cancelled attempt is as good as gone; 0: it is in
the way like any other) with its uncertainty, and ``budget_factor``.  It must not know
requests, delays or budgets, and sees only what any gateway sees: what it sent, cancelled
and got back, and when.

The comparison.  *Suspect* is a replica at which a primary has just outlived its delay.
The next primary sent there falls into a cell by two facts: how many attempts we have in
flight there (k), and whether the last event there was a cancel of ours (c).  Whether it
takes longer than the median of its class (*slow*) is counted in that cell.  Then

    excess after a cancel       A = P(slow | k, c) - P(slow | k, no c)
    excess of one more before   B = P(slow | k + 1, no c) - P(slow | k, no c)

    efficacy = 1 - A / B        sums over replicas and k, weighted by sample size

So the unit is an attempt in flight: if a cancelled one slows the next down as much as
that, it has not stopped.  Each replica is compared with itself, and only where it has just
been slow, so that one slow machine does not look like a deaf one.  What is compared with
are suspects where nothing was cancelled: the coin or the budget refused the hedge, or the
primary won.  With :attr:`HedgeRule.probability` the coin makes that a random share.

Where load does not slow a replica down (B is about 0) nothing can be told, and little
depends on it; the estimate then stays near the prior, which is "cancelling works".  The
limits are in docs/decisions/0013-cancel-efficacy.md.
"""

import math
from dataclasses import dataclass
from typing import Final

from hedgerow.policy.balance import Replica

#: In flight at a replica from here on is one and the same to us.
_MOST_IN_FLIGHT: Final = 8
#: How long a suspicion lasts, in delays.  What is sent later finds cancelled work done anyway.
_WINDOW: Final = 1.0
#: After so many samples all counts are halved: the estimate forgets.
_MEMORY: Final = 4000
#: Samples between two estimates.
_EVERY: Final = 16
#: Standard deviation of what we believe before any evidence: anything from 0 to 1 is possible.
_PRIOR_DEVIATION: Final = 0.5
#: What is left of the budget where cancelling does nothing at all.  A guess: in simulations of ten
#: replicas half a budget of 10 % still lowers the p99 there up to a load of 0.85.
LEAST_FACTOR: Final = 0.5


class Cell:
    """How many primaries met one situation, and how many of them were slow."""

    __slots__ = ("count", "slow")

    def __init__(self) -> None:
        self.count = 0.0
        self.slow = 0.0

    def rate(self) -> float:
        """The share of slow ones, pulled a little to one half so that few samples prove nothing."""
        return (self.slow + 0.5) / (self.count + 1.0)


class Suspicion:
    """A replica at which a primary has just outlived its delay."""

    __slots__ = ("after_cancel", "delay", "until")

    def __init__(self, until: float, delay: float) -> None:
        self.until = until
        self.delay = delay
        self.after_cancel = False


@dataclass(frozen=True, slots=True)
class EfficacyStatistics:
    """What an operator would ask."""

    efficacy: float  # 0..1
    deviation: float  # its standard error; 0.5 is "no idea"
    budget_factor: float
    after_cancel: int  # samples, of late
    otherwise: int


class CancelEfficacy:
    """The estimate for one upstream; all its routes feed it.

    Made once a request that meets a suspect: ``dispatched`` and ``told``.  The other three are
    told once for each primary that outlived its delay.
    """

    __slots__ = (
        "_cells",
        "_samples",
        "_since",
        "budget_factor",
        "deviation",
        "efficacy",
        "suspects",
    )

    def __init__(self) -> None:
        self.suspects: dict[Replica, Suspicion] = {}
        self.efficacy = 1.0
        self.deviation = _PRIOR_DEVIATION
        self.budget_factor = 1.0
        self._cells: dict[tuple[Replica, int, bool], Cell] = {}
        self._samples = 0.0
        self._since = 0

    # --- what happens at suspects ---

    def outlived(self, now: float, replica: Replica, delay: float) -> None:
        """A primary at this replica has been running for ``delay`` and goes on."""
        suspicion = Suspicion(now + _WINDOW * delay, delay)
        before = self.suspects.get(replica)
        suspicion.after_cancel = before is not None and before.after_cancel
        self.suspects[replica] = suspicion

    def ended(self, now: float, replica: Replica, delay: float) -> None:
        """A primary that had outlived its delay has answered after all."""
        suspicion = self.suspects.get(replica)
        if suspicion is None:
            suspicion = self.suspects[replica] = Suspicion(now, delay)
        suspicion.until = now + _WINDOW * suspicion.delay

    def cancelled(self, now: float, replica: Replica, delay: float) -> None:
        """A primary that had outlived its delay was cancelled."""
        self.ended(now, replica, delay)
        self.suspects[replica].after_cancel = True

    def dispatched(self, now: float, replica: Replica) -> Cell | None:
        """A primary goes to a suspect: return where to count it; None when that was too long ago.

        Call it when the replica counts the new attempt already.
        """
        suspicion = self.suspects.pop(replica)
        if now > suspicion.until:
            return None
        before = min(max(0, replica.in_flight - 1), _MOST_IN_FLIGHT)
        return self._cells.setdefault((replica, before, suspicion.after_cancel), Cell())

    def forget(self, replica: Replica) -> None:
        """A replica is gone, and so is what was learnt there: it may never be told apart again."""
        self.suspects.pop(replica, None)
        self._cells = {key: cell for key, cell in self._cells.items() if key[0] is not replica}

    def told(self, cell: Cell, *, slow: bool) -> None:
        """The primary of this cell took longer than is usual, or did not."""
        cell.count += 1.0
        cell.slow += slow
        self._samples += 1.0
        self._since += 1
        if self._since >= _EVERY:
            self._since = 0
            self._estimate()
            if self._samples > _MEMORY:
                self._forget()

    def statistics(self) -> EfficacyStatistics:
        counts = {True: 0.0, False: 0.0}
        for (_, _, after_cancel), cell in self._cells.items():
            counts[after_cancel] += cell.count
        return EfficacyStatistics(
            self.efficacy, self.deviation, self.budget_factor, int(counts[True]), int(counts[False])
        )

    # --- the estimate ---

    def _estimate(self) -> None:
        """Combine what was seen with the prior, each by its precision."""
        seen, variance = self._seen()
        prior = _PRIOR_DEVIATION**2
        weight = prior / (prior + variance)
        mixed = 1.0 + weight * (seen - 1.0)
        self.efficacy = min(1.0, max(0.0, mixed))
        self.deviation = math.sqrt(prior * (1.0 - weight))
        self.budget_factor = LEAST_FACTOR + (1.0 - LEAST_FACTOR) * self.efficacy

    def _seen(self) -> tuple[float, float]:
        """Return the efficacy by the samples alone, and the variance of that."""
        strata = [
            (1.0 / (1.0 / hit.count + 1.0 / plain.count + 1.0 / busier.count), hit, plain, busier)
            for (replica, before, after_cancel), hit in self._cells.items()
            if after_cancel
            and (plain := self._cells.get((replica, before, False))) is not None
            and (busier := self._cells.get((replica, before + 1, False))) is not None
            and min(hit.count, plain.count, busier.count) > 0.0
        ]
        excess = sum(w * (hit.rate() - plain.rate()) for w, hit, plain, _ in strata)
        unit = sum(w * (busier.rate() - plain.rate()) for w, _, plain, busier in strata)
        if unit <= 0.0:
            return 1.0, math.inf
        ratio = min(1.0, max(0.0, excess / unit))
        # Of excess - ratio * unit, by the delta method.
        spread = sum(
            w * w * (_variance(hit) + (1.0 - ratio) ** 2 * _variance(plain))
            + w * w * ratio**2 * _variance(busier)
            for w, hit, plain, busier in strata
        )
        return 1.0 - ratio, spread / unit**2

    def _forget(self) -> None:
        for cell in self._cells.values():
            cell.count /= 2.0
            cell.slow /= 2.0
        # Replicas come and go (names are resolved anew): what fades away takes no memory.
        self._cells = {key: cell for key, cell in self._cells.items() if cell.count >= 0.5}
        self._samples /= 2.0


def _variance(cell: Cell) -> float:
    rate = cell.rate()
    return rate * (1.0 - rate) / cell.count
