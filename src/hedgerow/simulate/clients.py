"""Who sends requests and waits for the answers: an open model, with or without fan-out.

Sends what is due, whether or not earlier requests were answered, and records how long each
took; must not know policies or upstreams.

With a fan-out of n one request of a client becomes n requests through the gateway, its
*leaves*, and has its answer when the last of them has ("The Tail at Scale").  A leaf is one
exchange: each is hedged by itself.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hedgerow.policy.outcomes import SUCCESS
from hedgerow.policy.priorities import DEFAULT_URGENCY, MOST_URGENT
from hedgerow.simulate.agenda import Agenda
from hedgerow.simulate.flight import Flight
from hedgerow.simulate.gateway import Gateway
from hedgerow.simulate.recorder import Batch, Recorder


class FannedOut:
    """A client's request that waits for several leaves."""

    __slots__ = ("batch", "leaves_left", "ok")

    def __init__(self, batch: Batch | None, leaves: int) -> None:
        self.batch = batch
        self.leaves_left = leaves
        self.ok = True


@dataclass(frozen=True, slots=True)
class Urgent:
    """Which requests matter most: each with this chance; the others have the default."""

    share: float
    randomness: random.Random

    def draw(self) -> int:
        """Return the next request's urgency (RFC 9218)."""
        return MOST_URGENT if self.randomness.random() < self.share else DEFAULT_URGENCY


class OpenClients:
    """Sends so many requests at the times given."""

    __slots__ = (
        "_agenda",
        "_due_times",
        "_fan_out",
        "_gateway",
        "_milestone",
        "_urgent",
        "ended",
        "recorder",
        "sent",
        "total",
        "useful_seconds",
    )

    def __init__(
        self,
        agenda: Agenda,
        due_times: Iterator[float],
        *,
        total: int,
        warm_up: int,
        fan_out: int = 1,
        urgent: Urgent | None = None,
    ) -> None:
        self.recorder = Recorder(total=total, warm_up=warm_up)
        self.total = total
        self.sent = 0
        self.ended = 0
        self.useful_seconds = 0.0  # that workers spent on answers which somebody got
        self._agenda = agenda
        self._due_times = due_times
        self._fan_out = fan_out
        self._urgent = urgent
        self._milestone: Callable[[float], None] = _unnoticed

    def start(self, gateway: Gateway, milestone: Callable[[float], None]) -> None:
        """Plan the first arrival; ``milestone`` is told when measuring begins, and of the end."""
        self._gateway = gateway
        self._milestone = milestone
        self._plan_next()

    def request_ended(self, now: float, flight: Flight) -> None:
        """Count an answer, or wait for the other leaves."""
        winner = flight.exchange.winner
        ok = False
        if winner is not None:
            ok = winner.outcome is SUCCESS
            self.useful_seconds += flight.works[winner.number - 1].seconds
        self._leaf_ended(now, flight, ok=ok)

    def request_refused(self, now: float, flight: Flight) -> None:
        """Count a request that was not let in; one with a leaf missing has failed."""
        if isinstance(flight.parent, Batch):
            self.ended += 1
            flight.parent.refuse(flight.priority)
        elif flight.parent is None:
            self.ended += 1
        else:
            self._leaf_ended(now, flight, ok=False)

    def _leaf_ended(self, now: float, flight: Flight, *, ok: bool) -> None:
        parent = flight.parent
        if isinstance(parent, FannedOut):
            parent.leaves_left -= 1
            parent.ok = parent.ok and ok
            if parent.leaves_left:
                return
            ok, parent = parent.ok, parent.batch
        self.ended += 1
        if isinstance(parent, Batch):
            parent.ended(now - flight.due, ok=ok)
            if self._urgent is not None:
                parent.note_urgency(flight.priority, ok=ok)

    def _arrive(self, now: float, _: None) -> None:
        number = self.sent
        self.sent += 1
        recorder = self.recorder
        recorder.arrived(number)
        if number == recorder.warm_up:
            self._milestone(now)
        priority = DEFAULT_URGENCY if self._urgent is None else self._urgent.draw()
        if self._fan_out == 1:
            self._gateway.request_arrived(now, recorder.current, priority)
        else:
            parent = FannedOut(recorder.current, self._fan_out)
            for _leaf in range(self._fan_out):
                self._gateway.request_arrived(now, parent, priority)
        if self.sent < self.total:
            self._plan_next()
        else:
            self._milestone(now)

    def _plan_next(self) -> None:
        due = next(self._due_times, None)
        if due is not None:
            self._agenda.at(due, self._arrive, None)


def _unnoticed(now: float) -> None:
    """Nobody asked to be told."""
