"""The front door of a simulation: ``policy.Admission`` on the agenda.

Carries out what the admission decides, as ``serve.door`` does on a loop: lets those start who
have waited, tells those who are refused, and keeps one timer for ``due_at``.  It has no
thresholds and must not know exchanges, nor who asks.
"""

import math
from typing import Protocol

from hedgerow.policy.admission import Admission
from hedgerow.policy.refusals import ENTER, WAIT
from hedgerow.simulate.agenda import Agenda
from hedgerow.simulate.flight import Flight


class Host(Protocol):
    """Who lets a request begin, or sends it away."""

    def begin(self, now: float, flight: Flight) -> None:
        """Start a request that has been let in."""

    def turn_away(self, now: float, flight: Flight) -> None:
        """End a request that has been refused."""


class Door:
    """Between a gateway and its upstream."""

    __slots__ = ("_agenda", "_due_at", "_host", "_is_carrying_out", "admission")

    def __init__(self, admission: Admission[Flight], agenda: Agenda, host: Host) -> None:
        self.admission = admission
        self._agenda = agenda
        self._host = host
        self._due_at = math.inf
        self._is_carrying_out = False

    def arrive(self, now: float, flight: Flight) -> None:
        """Let a request begin now, or later, or never."""
        entry = self.admission.try_enter(
            now, flight, deadline_at=flight.exchange.deadline_at, priority=flight.priority
        )
        if entry is ENTER:
            self._host.begin(now, flight)
        elif entry is not WAIT:
            self._host.turn_away(now, flight)
        self.carry_out(now)

    def carry_out(self, now: float) -> None:
        """Tell all those about whom something has been decided.

        Whoever starts may be done at once, and its place is the next one's: that is done by
        the same loop, and not by one inside it.
        """
        admission, host = self.admission, self._host
        if self._is_carrying_out:
            return
        self._is_carrying_out = True
        while admission.decided:
            flight, entry = admission.decided.popleft()
            if entry is ENTER:
                host.begin(now, flight)
            else:
                host.turn_away(now, flight)
        self._is_carrying_out = False
        if admission.due_at < self._due_at:
            self._due_at = admission.due_at
            self._agenda.at(self._due_at, self._timer_fired, None)

    def _timer_fired(self, now: float, _: None) -> None:
        if now < self._due_at:
            return  # an earlier one was planned beside it, and has done this
        self._due_at = math.inf
        self.admission.timer_fired(now)
        self.carry_out(now)
