"""Which replica gets the next attempt.

Decides; must not know sockets, names or health checks.  Every balancer refuses to
return a replica that the request has already tried: a copy of a slow request sent
to the same slow machine only makes it slower.

Words: *replica* is one address of an upstream; *in flight* counts attempts sent
and not yet ended; *least-request* compares two random replicas ("power of two
choices", Mitzenmacher 2001), which avoids both the scan and the herd.
"""

import random
from collections.abc import Sequence
from typing import Protocol

from typing_extensions import override


class Replica:
    """One address of an upstream, and what is in flight to it."""

    __slots__ = ("address", "in_flight", "name")

    def __init__(self, name: str, address: object = None) -> None:
        self.name = name
        self.address = address  # whatever the shell needs to reach it; opaque here
        self.in_flight = 0

    @override
    def __repr__(self) -> str:
        return f"<Replica {self.name}: {self.in_flight} in flight>"


class Balancer(Protocol):
    """What an exchange needs: another replica than the tried ones, or None."""

    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        """Return a replica that is not in ``tried``; None when there is none left."""


class RoundRobin:
    """Each in turn; only a request's first attempt takes a turn.

    If copies took one too, two replicas and one copy a request, refused by the budget or
    not, would send every primary to the same replica.
    """

    __slots__ = ("_next", "_replicas")

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self._replicas = tuple(replicas)
        self._next = 0

    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        replicas = self._replicas
        turn = self._next
        if not tried and replicas:
            self._next = (turn + 1) % len(replicas)
            return replicas[turn]
        following = (*replicas[turn:], *replicas[:turn])
        return next((replica for replica in following if replica not in tried), None)


class LeastRequest:
    """Of two random replicas the one with fewer attempts in flight."""

    __slots__ = ("_random", "_replicas")

    def __init__(self, replicas: Sequence[Replica], randomness: random.Random) -> None:
        self._replicas = tuple(replicas)
        self._random = randomness

    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        left = [r for r in self._replicas if r not in tried] if tried else self._replicas
        if len(left) < 2:
            return left[0] if left else None
        one, other = self._random.sample(left, 2)
        return other if other.in_flight < one.in_flight else one
