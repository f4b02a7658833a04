"""Who sends requests and waits for the answers: an open model, with or without fan-out.

Sends what is due, whether or not earlier requests were answered, and records how long each
took; must not know policies or upstreams.

With a fan-out of n one request of a client becomes n requests through the gateway, its
*leaves*, and has its answer when the last of them has ("The Tail at Scale").  A leaf is one
exchange: each is hedged by itself.
"""

from collections.abc import Callable, Iterator

from hedgerow.policy.outcomes import SUCCESS
from hedgerow.simulate.agenda import Agenda
from hedgerow.simulate.gateway import Flight, Gateway
from hedgerow.simulate.recorder import Batch, Recorder


class FannedOut:
    """A client's request that waits for several leaves."""

    __slots__ = ("batch", "leaves_left", "ok")

    def __init__(self, batch: Batch | None, leaves: int) -> None:
        self.batch = batch
        self.leaves_left = leaves
        self.ok = True


class OpenClients:
    """Sends so many requests at the times given."""

    __slots__ = (
        "_agenda",
        "_due_times",
        "_fan_out",
        "_gateway",
        "_milestone",
        "ended",
        "recorder",
        "sent",
        "total",
        "useful_seconds",
    )

    def __init__(
        self, agenda: Agenda, due_times: Iterator[float], *, total: int, warm_up: int, fan_out: int
    ) -> None:
        self.recorder = Recorder(total=total, warm_up=warm_up)
        self.total = total
        self.sent = 0
        self.ended = 0
        self.useful_seconds = 0.0  # that workers spent on answers which somebody got
        self._agenda = agenda
        self._due_times = due_times
        self._fan_out = fan_out
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

    def _arrive(self, now: float, _: None) -> None:
        number = self.sent
        self.sent += 1
        recorder = self.recorder
        recorder.arrived(number)
        if number == recorder.warm_up:
            self._milestone(now)
        if self._fan_out == 1:
            self._gateway.request_arrived(now, recorder.current)
        else:
            parent = FannedOut(recorder.current, self._fan_out)
            for _leaf in range(self._fan_out):
                self._gateway.request_arrived(now, parent)
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
