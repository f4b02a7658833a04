"""Two different things drawn at random, each as often as its weight says.

Draws; must not know what is drawn (replicas, in this room) nor what the two are then
compared by.  One draw is O(1) where all weights are equal and O(log n) where not;
what must be left out (the few that a request has tried) is drawn again, and only
when that fails some times in a row is a list of the others made.
"""

import itertools
import random
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, Generic, Protocol, TypeVar

# Three of four left out, and still two draws of three need no list.
_TRIES: Final = 4


class Weighted(Protocol):
    """What takes part."""

    weight: float


Ticket = TypeVar("Ticket", bound=Weighted)


class Lottery(Generic[Ticket]):
    """Weights are read when ``use`` is called: call it again when they have changed."""

    __slots__ = ("_random", "_sums", "_tickets")

    def __init__(self, tickets: Sequence[Ticket], randomness: random.Random) -> None:
        self._random = randomness
        self._tickets: tuple[Ticket, ...] = ()
        self._sums: list[float] = []  # of the weights up to each; empty where all are equal
        self.use(tickets)

    def use(self, tickets: Sequence[Ticket]) -> None:
        """Change what takes part, or take note of new weights."""
        self._tickets = tuple(tickets)
        weights = [ticket.weight for ticket in tickets]
        self._sums = list(itertools.accumulate(weights)) if len(set(weights)) > 1 else []

    def two(self, without: Sequence[Ticket]) -> tuple[Ticket | None, Ticket | None]:
        """Draw two different ones; None stands for what there is not."""
        tickets = self._tickets
        if len(tickets) == 1:
            return (None if tickets[0] in without else tickets[0]), None
        if not without and not self._sums and tickets:
            # The common cases in line: 0.5 us instead of 2, and a request draws once or twice.
            draw = self._random.random
            number, other = int(draw() * len(tickets)), int(draw() * (len(tickets) - 1))
            return tickets[number], tickets[other + (other >= number)]
        one = self._draw(without)
        if one is None or len(tickets) < 2:
            return one, None
        return one, self._draw((*without, one))

    def _draw(self, without: Sequence[Ticket]) -> Ticket | None:
        tickets, sums = self._tickets, self._sums
        if len(tickets) <= len(without) + 1:
            return self._draw_from_list(without)
        draw = self._random.random
        for _ in range(_TRIES):
            if sums:
                # min: a draw just below 1 may be rounded up to the very end.
                number = min(bisect_right(sums, draw() * sums[-1]), len(tickets) - 1)
            else:
                number = int(draw() * len(tickets))
            ticket = tickets[number]
            if ticket not in without:
                return ticket
        return self._draw_from_list(without)

    def _draw_from_list(self, without: Sequence[Ticket]) -> Ticket | None:
        left = [ticket for ticket in self._tickets if ticket not in without]
        if len(left) < 2:
            return left[0] if left else None
        return self._random.choices(left, [ticket.weight for ticket in left])[0]
