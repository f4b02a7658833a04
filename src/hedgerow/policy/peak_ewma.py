"""Of two replicas the one where an attempt is expected to cost less time.

Decides by what attempts have told: it must not know health, clocks or sockets.  The
cost of a replica is (its latency + its mean penalty) x (its attempts in flight + 1), those in
flight by its weight, by the *power of two choices*: Finagle's and linkerd's *peak EWMA*, but
for two things.

Latency.  Their peak is that of single samples.  Here it is the higher of two means, one of the
last second or so and one of the last ten: it rises as fast, and one straggler in a hundred
does not make a replica look bad.  And it counts those that nobody waited for.  A loser of a
race (*ignore*) had not answered when it was stopped, so with hedging a slow replica's latencies
are cut off at the delay and look no worse than a good one's stragglers: peaks sent it *more*
than its share.  So a mean is the time that all attempts have waited over the number of
those that were answered ("total time on test", Epstein and Sobel, JASA 48, 1953: for an
exponential law the best estimate there is).

Penalty.  A replica that fails in a millisecond looks like the fastest of all and
would draw all traffic ("sinkholing").  So a failure costs its Retry-After, or five
seconds, whichever the replica asked for; the penalty is the mean over recent attempts,
so a replica that fails 1 % of them looks 50 ms slower.  linkerd records the five
seconds as a latency instead: then one stray 503 keeps a good replica without traffic
for about fifty seconds, and where all fail now and then latency counts for nothing.

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
#: Seconds: what a replica has become is seen after as long.  0.3 is too nervous at load 0.9.
_LATELY: Final = 1.0
#: What an attempt that was stopped counts as an answer: a replica that never answers is fifty
#: times slower than it was waited for, and not without end.
_GUESS: Final = 0.02
#: One lone failure is forgotten after 3.5 tau.
_FORGOTTEN: Final = 1e-3
_FASTEST: Final = 1e-6  # a latency of 0 has no logarithm


class _Record:
    """What is known of one replica: sums that fade, each by ``exp(-age / its time constant)``.

    All in one object, because it is told of every attempt (1 us).
    """

    __slots__ = (
        "answers",
        "answers_lately",
        "ended",
        "failures",
        "heard_at",
        "level",
        "tau",
        "told_at",
        "waited",
        "waited_lately",
    )

    def __init__(self, tau: float) -> None:
        self.tau = tau
        self.heard_at = -math.inf
        self.waited = self.waited_lately = 0.0  # seconds, for all attempts
        self.answers = self.answers_lately = 0.0  # and how many came of it
        # Half as long: when one attempt succeeds after a long silence, it outweighs what was.
        self.failures = 0.0  # the sum of what they cost, at ``told_at``
        self.ended = 0.0  # and of how many, failed or not
        self.told_at = -math.inf
        self.level = 0.0  # log(cost) + told_at / tau

    def hear(self, now: float, waited: float, answers: float) -> None:
        """An attempt was waited for: ``answers`` is 1 if one came, else what it may count."""
        age = now - self.heard_at
        faded, lately = _faded(age / self.tau), _faded(age / _LATELY)
        self.waited = self.waited * faded + waited
        self.answers = self.answers * faded + answers
        self.waited_lately = self.waited_lately * lately + waited
        self.answers_lately = self.answers_lately * lately + answers
        self.heard_at = now

    def tell(self, now: float, penalty: float) -> None:
        """An attempt has ended that cost so much besides its time."""
        faded = _faded((now - self.told_at) / self.tau)
        faded *= faded
        self.failures = self.failures * faded + penalty
        self.ended = self.ended * faded + 1.0
        self.told_at = now

    def cost(self, now: float) -> float:
        """Return what an attempt is expected to cost, in seconds."""
        cost = 0.0
        if self.answers:
            cost = self.waited / self.answers
            if self.waited_lately > cost * self.answers_lately:
                cost = self.waited_lately / self.answers_lately
            if now > self.heard_at:
                cost *= _faded((now - self.heard_at) / self.tau)
        if self.failures:
            faded = _faded((now - self.told_at) / self.tau)
            if self.ended * faded * faded > _FORGOTTEN:
                cost += self.failures / self.ended
        return cost


def _faded(age: float) -> float:
    """What is left after so many time constants: in a straight line at first, to 1 in 20,000."""
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
            record.hear(now, latency, 1.0)
            record.tell(now, 0.0)
        elif outcome is IGNORE:
            record.hear(now, latency, _GUESS)
        else:
            record.tell(now, max(_penalty(pushback), latency))
        cost = record.cost(now)
        record.level = math.log(cost if cost > _FASTEST else _FASTEST) + now / self._tau

    def _level(self, replica: Replica) -> float:
        busy = replica.in_flight
        record = self._records.get(replica)
        if record is not None:
            return record.level + math.log(busy / replica.weight + 1.0)
        if not busy:
            return -math.inf
        return math.log(self._unknown * (busy / replica.weight + 1.0)) + self._now / self._tau


def _penalty(pushback: float | None) -> float:
    """Seconds; a pushback below 0 ("never", or not to be read) says nothing about how long."""
    if pushback is None or pushback < 0:
        return FAILURE_COSTS
    return min(max(pushback, SHORTEST_PUSHBACK), LONGEST_PUSHBACK)
