"""The gateway of a simulation: carries an exchange's steps out on a heap of events.

The same decisions as in production (``policy.Exchange``), with another shell around them:
``serve.proxy`` has sockets, ``client.race`` coroutines, this one an agenda.  It has no
thresholds and must not know how upstreams behave, nor who asks.

After each event, as every shell: cancel what is to be cancelled, carry out the step, have
one timer for ``due_at``.  Where the policy has an admission, requests go through the door
first, and the door is asked after each event as well.  A timer that was set anew stays in
the agenda, and does nothing when it comes: an exchange ignores early ones.

Budget of a request that its primary answers: 4 objects (flight, work, exchange, attempt)
and 1 event beside its arrival, 2 where it has a timer.
"""

import math
from typing import Final, Protocol

from hedgerow.errors import Failure
from hedgerow.faults import Mishap, MishapKind
from hedgerow.policy import Exchange, Policy, steps
from hedgerow.policy.priorities import DEFAULT_URGENCY
from hedgerow.policy.steps import Step
from hedgerow.simulate.agenda import Agenda
from hedgerow.simulate.door import Door
from hedgerow.simulate.flight import Flight, Work

#: All requests of a simulation are alike, and learn one delay.
HEDGE_CLASS: Final = "all"


class Upstream(Protocol):
    """What attempts are sent to; it calls the gateway's events when something comes back."""

    def send(self, now: float, work: Work) -> None:
        """Take an attempt on."""

    def cancel(self, now: float, work: Work) -> None:
        """Note that nobody waits for this one any more."""


class Clients(Protocol):
    """Who waits for the answers."""

    def request_ended(self, now: float, flight: Flight) -> None:
        """A request has got its answer whole, or will get none."""

    def request_refused(self, now: float, flight: Flight) -> None:
        """A request was not let in."""


class Gateway:
    """One route: its policy, and all requests on their way."""

    __slots__ = ("_agenda", "_clients", "_deadline", "_door", "_upstream", "policy")

    def __init__(
        self, policy: Policy, agenda: Agenda, *, upstream: Upstream, clients: Clients
    ) -> None:
        self.policy = policy
        self._agenda = agenda
        self._upstream = upstream
        self._clients = clients
        self._deadline = policy.deadline.default
        admission = policy.admission
        self._door = None if admission is None else Door(admission, agenda, self)

    # --- what clients do ---

    def request_arrived(
        self, now: float, parent: object = None, priority: int = DEFAULT_URGENCY
    ) -> Flight:
        """Take a request: begin it, or have it wait before the door."""
        exchange = Exchange(
            self.policy,
            deadline_at=now + self._deadline,
            may_repeat=True,
            hedge_class=HEDGE_CLASS,
        )
        flight = Flight(exchange, now, parent, priority)
        if self._door is None:
            self._carry_out(now, flight, exchange.start(now))
        else:
            self._door.arrive(now, flight)
        return flight

    def client_left(self, now: float, flight: Flight) -> None:
        """Stop all work for a request."""
        if self._door is not None:
            self._door.admission.client_left(now, flight)
        self._carry_out(now, flight, flight.exchange.client_left(now))

    # --- what the door says ---

    def begin(self, now: float, flight: Flight) -> None:
        """Start a request that has a place."""
        exchange = flight.exchange
        step = exchange.start(now)
        if self._door is not None and not exchange.attempts:
            self._door.admission.left(now)  # it was not sent: the place was for nothing
        self._carry_out(now, flight, step)

    def turn_away(self, now: float, flight: Flight) -> None:
        """End a request that gets no place."""
        self._clients.request_refused(now, flight)

    # --- what upstreams do ---

    def answered(self, now: float, work: Work) -> None:
        """A whole answer is here at once: good, or whatever went wrong with it."""
        if work.mishap is not None:
            self._met(now, work, work.mishap)
        elif work.is_wanted:
            self._whole(now, work, 200)

    def head_arrived(self, now: float, work: Work, status: int) -> None:
        """An answer has begun; :meth:`body_ended` follows."""
        if work.is_wanted:
            exchange = work.flight.exchange
            self._carry_out(now, work.flight, exchange.head_arrived(now, work.attempt, status))

    def body_ended(self, now: float, work: Work) -> None:
        """The rest of an answer is here."""
        if work.is_wanted:
            self._end_body(now, work, usable=True)

    def failed(self, now: float, work: Work, failure: Failure) -> None:
        """An attempt will bring no answer."""
        if work.is_wanted:
            exchange = work.flight.exchange
            self._carry_out(now, work.flight, exchange.attempt_failed(now, work.attempt, failure))

    # --- within ---

    def _whole(self, now: float, work: Work, status: int, retry_after: float | None = None) -> None:
        flight = work.flight
        exchange = flight.exchange
        step = exchange.head_arrived(now, work.attempt, status, retry_after)
        if step is steps.FORWARD:
            # The common way, without a second round of bookkeeping.
            exchange.answer_ended(now, work.attempt)
            self._carry_out(now, flight, step)
            return
        self._carry_out(now, flight, step)
        self._end_body(now, work, usable=True)

    def _end_body(self, now: float, work: Work, *, usable: bool) -> None:
        exchange = work.flight.exchange
        self._carry_out(now, work.flight, exchange.body_judged(now, work.attempt, usable=usable))
        self._carry_out(now, work.flight, exchange.answer_ended(now, work.attempt))

    def _met(self, now: float, work: Work, mishap: Mishap) -> None:
        """Tell the exchange what the mishap looks like to a gateway."""
        if not work.is_wanted:
            return
        match mishap.kind:
            case MishapKind.STATUS:
                self._whole(now, work, mishap.status, mishap.retry_after)
            case MishapKind.REFUSE:
                self.failed(now, work, Failure.CONNECT)
            case MishapKind.RESET:
                self.failed(now, work, Failure.RESET)
            case MishapKind.RESET_BODY | MishapKind.TRUNCATE:
                self.head_arrived(now, work, 200)
                self.failed(now, work, Failure.RESET)
            case MishapKind.DRIP:
                self.head_arrived(now, work, 200)
                self._agenda.at(now + mishap.over, self.body_ended, work)
            case MishapKind.WRONG_TYPE | MishapKind.BAD_JSON:
                self.head_arrived(now, work, 200)
                self._end_body(now, work, usable=False)
            case MishapKind.HANG:
                pass

    def _carry_out(self, now: float, flight: Flight, step: Step) -> None:
        exchange = flight.exchange
        if exchange.cancelled:
            for attempt in exchange.cancelled:
                work = flight.works[attempt.number - 1]
                work.is_wanted = False
                self._upstream.cancel(now, work)
            exchange.cancelled.clear()
        if step is steps.LAUNCH:
            for attempt in exchange.launched:
                work = Work(flight, attempt)
                flight.works.append(work)
                self._upstream.send(now, work)
            exchange.launched.clear()
        if exchange.state is steps.DONE:
            if flight.armed_for != -math.inf:
                flight.armed_for = -math.inf
                self._clients.request_ended(now, flight)
                # What is here no longer refers to itself, so the collector has nothing to find.
                flight.works.clear()
        elif exchange.due_at != flight.armed_for:
            flight.armed_for = due_at = exchange.due_at
            if due_at != math.inf:
                self._agenda.at(due_at, self._timer_fired, flight)
        if self._door is not None:
            self._door.carry_out(now)

    def _timer_fired(self, now: float, flight: Flight) -> None:
        exchange = flight.exchange
        if now >= exchange.due_at:
            self._carry_out(now, flight, exchange.timer_fired(now))
