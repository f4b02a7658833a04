"""Of two replicas the one where an attempt is expected to cost less time.

Decides by what attempts have told: it must not know health, clocks or sockets.  The
cost of a replica is (its peak latency + its mean penalty) x (its attempts in flight + 1):
Finagle's and linkerd's *peak EWMA* with the *power of two
choices*, and a penalty of our own.

Penalty.  A replica that fails in a millisecond looks like the fastest of all and
would draw all traffic ("sinkholing").  So a failure costs its Retry-After, or five
seconds, whichever the replica asked for; the penalty is the mean over recent attempts,
so a replica that fails 1 % of them looks 50 ms slower.  linkerd records the five
seconds as a latency instead: then one stray 503 keeps a good replica without traffic
for about fifty seconds, and where all fail now and then latency counts for nothing.

A loser of a race (*ignore*) had not answered when it was stopped, so its true latency
is at least that long.  It counts as a latency that leaves the penalty alone: a sample can
only raise a peak above what it would have faded to.

A replica of which nothing is known is free while idle, and costs ``unknown`` x (in
flight + 1) while busy: it gets one attempt at once, and no herd before it has answered.

Without attempts a cost fades by e in ``tau``, so a replica once slow is tried again.
All costs fade alike, so which of two is lower does not depend on when it is asked.
Hence costs are kept as ``log(cost) + told_at / tau``, which never needs fading, and a
choice needs no time.
"""

import math
import random
from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from hedgerow.policy.balance import ChangingBalancer, Replica
from hedgerow.policy.lottery import Lottery
from hedgerow.policy.outcomes import SUCCESS, Outcome

#: What a failure costs that does not say (linkerd's choice); seconds.
FAILURE_COSTS: Final = 5.0
#: What it may say.  No less, or "Retry-After: 0" would draw all traffic; no more, as in Envoy.
SHORTEST_PUSHBACK: Final = 1.0
LONGEST_PUSHBACK: Final = 300.0

IGNORE: Final = Outcome.IGNORE
_FASTEST: Final = 1e-6  # a latency of 0 has no logarithm


class _Record:
    """What is known of one replica: a peak of latency and a mean of penalties, that fade.

    In one object, because it is told of every attempt: 1 us instead of 3.  What is less
    than a hundredth of its time constant old fades in a straight line: that is off by 1 in
    20,000, and saves the exponential.
    """

    __slots__ = ("attempts", "failures", "heard_at", "latency", "level", "tau", "told_at")

    def __init__(self, tau: float) -> None:
        self.tau = tau
        self.latency = 0.0  # its peak, at ``heard_at``
        self.heard_at = -math.inf
        # Half as long: when one attempt succeeds after a long silence, it outweighs what was.
        self.failures = 0.0  # the sum of what they cost, at ``told_at``
        self.attempts = 0.0  # and how many fresh attempts that is of
        self.told_at = -math.inf
        self.level = 0.0  # log(cost) + told_at / tau

    def hear(self, now: float, latency: float) -> None:
        """An attempt took so long, or longer."""
        faded = _faded((now - self.heard_at) / self.tau)
        old = self.latency * faded + latency * (1.0 - faded)
        self.latency = old if old > latency else latency
        self.heard_at = now

    def tell(self, now: float, penalty: float) -> None:
        """An attempt has ended that cost so much besides its time."""
        faded = _faded((now - self.told_at) / self.tau)
        faded *= faded
        self.failures = self.failures * faded + penalty
        self.attempts = self.attempts * faded + 1.0
        self.told_at = now

    def cost(self, now: float) -> float:
        """Return what an attempt is expected to cost, in seconds."""
        cost = self.latency
        if now > self.heard_at:
            cost *= _faded((now - self.heard_at) / self.tau)
        if self.failures and self.attempts * _faded((now - self.told_at) / self.tau) ** 2 > 1e-3:
            cost += self.failures / self.attempts
        return cost


def _faded(age: float) -> float:
    if age < 0.01:
        return 1.0 - age if age > 0.0 else 1.0
    return math.exp(-age)


class PeakEwmaBalancer(ChangingBalancer):
    """Two choices by expected cost; ``tau`` and ``unknown`` are in seconds."""

    __slots__ = ("_lottery", "_now", "_records", "_tau", "_unknown")

    def __init__(
        self,
        replicas: Sequence[Replica],
        randomness: random.Random,
        *,
        tau: float = 10.0,
        unknown: float = 1.0,
    ) -> None:
        self._tau = tau
        self._unknown = unknown
        self._now = 0.0
        self._lottery = Lottery(replicas, randomness)
        self._records: dict[Replica, _Record] = {}

    @override
    def use(self, replicas: Sequence[Replica]) -> None:
        """What is known of a replica is kept until it is forgotten."""
        self._lottery.use(replicas)

    @override
    def forget(self, replica: Replica) -> None:
        self._records.pop(replica, None)

    @override
    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        one, other = self._lottery.two(tried)
        if one is None or other is None:
            return one
        return other if self._level(other) < self._level(one) else one

    @override
    def settled(
        self,
        now: float,
        replica: Replica,
        outcome: Outcome,
        *,
        latency: float,
        pushback: float | None = None,
    ) -> None:
        if now < self._now:
            now = self._now
        self._now = now
        record = self._records.get(replica)
        if record is None:
            record = self._records[replica] = _Record(self._tau)
        if outcome is SUCCESS:
            record.hear(now, latency)
            record.tell(now, 0.0)
        elif outcome is IGNORE:
            record.hear(now, latency)
        else:
            record.tell(now, max(_penalty(pushback), latency))
        cost = record.cost(now)
        record.level = math.log(cost if cost > _FASTEST else _FASTEST) + now / self._tau

    def _level(self, replica: Replica) -> float:
        busy = replica.in_flight
        record = self._records.get(replica)
        if record is not None:
            return record.level + math.log(busy + 1)
        if not busy:
            return -math.inf
        return math.log(self._unknown * (busy + 1)) + self._now / self._tau


def _penalty(pushback: float | None) -> float:
    """Seconds; a pushback below 0 ("never", or not to be read) says nothing about how long."""
    if pushback is None or pushback < 0:
        return FAILURE_COSTS
    return min(max(pushback, SHORTEST_PUSHBACK), LONGEST_PUSHBACK)
