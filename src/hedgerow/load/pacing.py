"""When each request goes out: at its due time or as soon after as the loop allows.

Takes due times from a plan, one ahead, and calls for each as it comes; whatever has
fallen due meanwhile goes out in one batch.  Never before it is due: a negative send lag
would be subtracted from a latency that somebody had.  Must not know what is sent.

Why the plan's times and not "the last one plus a gap": a late moment would then push
everything after it, and the rate asked for would never be reached.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from hedgerow.wire.timers import Timer

#: A timer far away is armed in steps, because timers may be the later the further they are.
_STEP: Final = 1.0


class Timers(Protocol):
    """What a pacer and its requests need of a timer wheel: not early, and soon after."""

    def arm(self, now: float, due: float, timer: Timer) -> set[Timer]:
        """Fire ``timer`` at ``due``; discard it from the returned bucket to disarm it."""


class Pacer:
    """Calls ``send(due_at)`` for every time of a plan."""

    def __init__(
        self, timers: Timers, due_times: Iterator[float], send: Callable[[float], None]
    ) -> None:
        """``due_times`` are seconds from the start, in ascending order."""
        self._timers = timers
        self._due_times = due_times
        self._send = send
        self._started_at = 0.0
        self._next: float | None = None
        self.is_over = False  # nothing will be sent any more

    def start(self, now: float, started_at: float) -> None:
        """Begin; the plan's 0 is ``started_at``, now or later."""
        self._started_at = started_at
        self._advance()
        self.timer_fired(now)

    def stop(self) -> None:
        """Send no more; harmless when it is over already."""
        self._next = None
        self.is_over = True

    def timer_fired(self, now: float) -> None:
        """Send what is due; a timer that comes early or late is harmless."""
        while self._next is not None and self._next <= now:
            due_at = self._next
            self._advance()
            self._send(due_at)
        if self._next is not None:
            self._timers.arm(now, min(self._next, now + _STEP), self)

    def _advance(self) -> None:
        due = next(self._due_times, None)
        if due is None:
            self.stop()
        else:
            self._next = self._started_at + due
