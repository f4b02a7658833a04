"""The door to one upstream: an ``Admission`` on a loop.

Carries out what ``policy.admission`` decides: starts those who waited, refuses those whose
time is up, and keeps the one timer that this takes.  It has no thresholds, and must not
know what a request is.

A request for which a place is free asks the admission itself (``enters``) and costs nothing
here; after that a look at ``decided`` is enough while nobody waits.
"""

import math
from collections.abc import Hashable
from typing import Protocol

from hedgerow.policy.admission import Admission
from hedgerow.policy.refusals import ENTER, Entry
from hedgerow.wire.timers import Timer, TimerWheel


class Visitor(Hashable, Protocol):
    """Who wants in; each is its own name, so its hash is its identity."""

    def admitted(self, now: float) -> None:
        """It has waited, and may start."""

    def turned_away(self, now: float, entry: Entry) -> None:
        """It has waited, and must go."""


class Door:
    """One for each upstream that has a limit or a throttle."""

    __slots__ = ("_bucket", "_due_at", "_is_carrying_out", "_wheel", "admission", "decided")

    def __init__(self, admission: Admission[Visitor], wheel: TimerWheel) -> None:
        self.admission = admission
        self.decided = admission.decided  # empty: there is nothing to carry out
        self._wheel = wheel
        self._bucket: set[Timer] | None = None
        self._due_at = math.inf
        self._is_carrying_out = False

    def enter(self, now: float, visitor: Visitor, deadline_at: float, priority: int) -> Entry:
        """Ask for a place; after WAIT the visitor will be told."""
        entry = self.admission.try_enter(now, visitor, deadline_at=deadline_at, priority=priority)
        if entry is not ENTER:
            self.carry_out(now)
            self._arm(now)
        return entry

    def visitor_left(self, now: float, visitor: Visitor) -> None:
        """It waits no longer."""
        self.admission.client_left(now, visitor)

    def carry_out(self, now: float) -> None:
        """Tell all those about whom something has been decided.

        Whoever starts may be done at once, and its place is the next one's: that is done by
        the same loop, and not by one inside it.
        """
        decided = self.decided
        if self._is_carrying_out or not decided:
            return
        self._is_carrying_out = True
        try:
            while decided:
                visitor, entry = decided.popleft()
                if entry is ENTER:
                    visitor.admitted(now)
                else:
                    visitor.turned_away(now, entry)
        finally:
            self._is_carrying_out = False

    def timer_fired(self, now: float) -> None:
        self._bucket = None
        self._due_at = math.inf
        self.admission.timer_fired(now)
        self.carry_out(now)
        self._arm(now)

    def _arm(self, now: float) -> None:
        """Only ever earlier: a timer that has become needless fires once and sees."""
        due = self.admission.due_at
        if due >= self._due_at:
            return
        if self._bucket is not None:
            self._bucket.discard(self)
        self._due_at = due
        self._bucket = self._wheel.arm(now, due, self)
