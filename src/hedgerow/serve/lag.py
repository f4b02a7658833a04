"""How late the event loop is: measured by a timer, twenty times a second.

A loop's turn runs the timers that are due, then reads and answers what has come.  While turns
take long, a timer fires once a turn and late by nearly the length of one, just before the
requests of that turn are handled: that is what one of them has waited for, at most.  A turn
of T seconds shows as T less the interval, so what is below it is not seen.

Must not know what follows from the lag.  Costs 4 us each time, and nothing a request.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

#: Seconds.  A stage that begins at 0.1 s of lag is to be seen within two turns.
INTERVAL: Final = 0.05


class LagMeter:
    """Tells ``sample(now, lag)`` after each interval, both in seconds, until it is closed."""

    __slots__ = ("_clock", "_due_at", "_handle", "_loop", "_sample", "last")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sample: Callable[[float, float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start to measure; ``clock`` is monotonic seconds."""
        self._loop = loop
        self._sample = sample
        self._clock = clock
        self._handle: asyncio.TimerHandle | None = None
        self.last = 0.0  # the latest lag
        self._arm(clock())

    def close(self) -> None:
        """Stop."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fired(self) -> None:
        now = self._clock()
        self.last = max(0.0, now - self._due_at)  # uvloop's timers fire up to 1 ms early
        self._arm(now)
        self._sample(now, self.last)

    def _arm(self, now: float) -> None:
        # From now, and not from when it was due: else a long turn would be followed by many.
        self._due_at = now + INTERVAL
        self._handle = self._loop.call_later(INTERVAL, self._fired)
