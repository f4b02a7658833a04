"""Which replica gets the next attempt.

Decides; must not know sockets, names or health checks.  Every balancer refuses to
return a replica that the request has already tried: a copy of a slow request sent
to the same slow machine only makes it slower.

Words: *replica* is one address of an upstream; *in flight* counts attempts sent
and not yet ended; *least-request* compares two random replicas ("power of two
choices", Mitzenmacher 2001), which avoids both the scan and the herd.

To choose commits to nothing: an exchange may ask and then not send, because its
budget refuses.  So what a balancer must know of an attempt it reads from
``in_flight`` (kept by whoever sends), or is told by ``settled``.  Only a request's
first choice takes a turn.

``choose`` has no ``now``, because nothing in it depends on one: what fades (see
``peak_ewma``) fades alike for all replicas, and what time changes (see
``replica_set``) is worked out when it changes, and not for each request.
"""

import heapq
import math
import random
from collections.abc import Sequence
from typing import Any, Protocol

from typing_extensions import override

from hedgerow.errors import ConfigError
from hedgerow.policy.lottery import Lottery
from hedgerow.policy.outcomes import Outcome


class Replica:
    """One address of an upstream, and what is in flight to it."""

    __slots__ = ("address", "in_flight", "name", "weight")

    def __init__(self, name: str, address: object = None, *, weight: float = 1.0) -> None:
        require_weight(name, weight)
        self.name = name
        self.address: Any = address  # whatever the shell needs to reach it; opaque here
        self.in_flight = 0
        self.weight = weight  # how much of the traffic, beside the others' weights

    @override
    def __repr__(self) -> str:
        return f"<Replica {self.name}: {self.in_flight} in flight>"


def require_weight(name: str, weight: float) -> None:
    """Refuse a weight that is none."""
    if not 0 < weight < math.inf:
        fix = "It is a share beside the others' weights; to send nothing there, leave it out."
        raise ConfigError(f"weight of {name}", got=weight, must="above 0", fix=fix)


class Balancer(Protocol):
    """What an exchange needs: another replica than the tried ones, or None."""

    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        """Return a replica that is not in ``tried``; None when there is none left."""

    def settled(
        self,
        now: float,
        replica: Replica,
        outcome: Outcome,
        *,
        latency: float,
        pushback: float | None = None,
    ) -> None:
        """Learn from an attempt, as soon as its outcome is known.

        That is often before it has ended: an answer may stream for hours after its head.  If
        it breaks then, that is told too, as a failure.  ``latency`` is the time from the
        attempt's dispatch to its answer's head; where no head came, to when it failed or was
        stopped.  ``pushback`` is the replica's Retry-After in seconds; below 0 for
        "never".
        """
        # Most balancers learn nothing; one that does overrides this.
        return None  # noqa: RET501


class ChangingBalancer(Balancer, Protocol):
    """What a :class:`ReplicaSet` needs besides: replicas come, go, and change their weights."""

    def use(self, replicas: Sequence[Replica]) -> None:
        """Choose among these from now on, and read their weights again."""

    def forget(self, replica: Replica) -> None:
        """Drop what has been learnt of a replica: it is gone, or has become another."""
        return None  # noqa: RET501


class RoundRobin(ChangingBalancer):
    """Each in turn, as often as its weight says; only a request's first attempt takes a turn.

    If copies took one too, two replicas and one copy a request, refused by the budget or
    not, would send every primary to the same replica.

    Turns are earliest-deadline-first: a replica is due again 1/weight after its last turn.
    That mixes the turns as smoothly as nginx's weighted round robin (5:1:1 gives a a a b a
    a c) at O(log n) a turn instead of O(n).
    """

    __slots__ = ("_turns",)

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self._turns: list[tuple[float, int, Replica, float]] = []  # a heap: due, order, of, weight
        self.use(replicas)

    @override
    def use(self, replicas: Sequence[Replica]) -> None:
        """Those that stay keep their place."""
        clock = self._turns[0][0] if self._turns else 0.0
        # What part of its interval each still has to wait: newcomers fall in between.
        waits = {replica: (due - clock) * weight for due, _, replica, weight in self._turns}
        self._turns = [
            (clock + waits.get(one, (n + 0.5) / len(replicas)) / one.weight, n, one, one.weight)
            for n, one in enumerate(replicas)
        ]
        heapq.heapify(self._turns)

    @override
    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        turns = self._turns
        if tried:
            left = [turn for turn in turns if turn[2] not in tried]
            return min(left)[2] if left else None
        if not turns:
            return None
        due, order, replica, weight = turns[0]
        heapq.heapreplace(turns, (due + 1.0 / weight, order, replica, weight))
        return replica


class LeastRequest(ChangingBalancer):
    """Of two replicas, drawn as often as their weights say, the one with less in flight.

    In flight is compared by weight: twice as much is as busy where the weight is twice as
    high.  Idle replicas are equals whatever they weigh, so that the draw decides: else the
    heaviest would get everything on a quiet day.
    """

    __slots__ = ("_lottery", "_only")

    def __init__(self, replicas: Sequence[Replica], randomness: random.Random) -> None:
        self._lottery = Lottery(replicas, randomness)
        self._only = replicas[0] if len(replicas) == 1 else None

    @override
    def use(self, replicas: Sequence[Replica]) -> None:
        self._lottery.use(replicas)
        self._only = replicas[0] if len(replicas) == 1 else None

    @override
    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        if self._only is not None and not tried:
            return self._only
        one, other = self._lottery.two(tried)
        if one is None or other is None:
            return one
        return other if other.in_flight * one.weight < one.in_flight * other.weight else one
