"""When each request goes out: at its due time, or as soon after it as the loop allows.

Takes numbered due times from a plan, one ahead, and calls for each when it comes.  Never
before it is due: a negative lag would be subtracted from a latency that somebody had.
Whatever has fallen due meanwhile goes out together, but at most a batch in a turn of the
loop, so that answers are read in between and are not timed late.  Must not know what is
sent, nor who else runs on the loop.

Times are integer nanoseconds of ``clock``, because a float of seconds since the machine
started is only good to a tenth of a microsecond after a week.

Where the kernel has timers to watch, one of them wakes the loop.  Elsewhere a timer of the
loop does 2 ms before (uvloop's count whole milliseconds and fire up to 1 ms early), and the
rest is spent in turns of the loop that look at the clock: punctual too, at the price of a
busy core.

A wake-up costs one system call beside the loop's own, and no task; a request that falls due
together with others costs nothing but its call.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from hedgerow.load.generator.timerfd import new_timer

#: At 5 us a request a batch takes 1.3 ms, which is then the latest that an answer is read.
BATCH: Final = 256
_NANO: Final = 1_000_000_000
_SPIN_NS: Final = 2_000_000


class Cancellable(Protocol):
    """What a loop returns for a callback."""

    def cancel(self) -> None:
        """Do not call it."""


class Loop(Protocol):
    """What a pacer needs of an event loop."""

    def call_soon(self, callback: Callable[[], None], /) -> Cancellable:
        """Call in the next turn."""

    def call_later(self, delay: float, callback: Callable[[], None], /) -> Cancellable:
        """Call after ``delay`` seconds, or a little before."""

    def add_reader(self, fd: int, callback: Callable[[], None], /) -> object:
        """Call in each turn in which ``fd`` is readable."""

    def remove_reader(self, fd: int, /) -> object:
        """Undo that."""


class KernelTimer(Protocol):
    """A timer that is a descriptor (``timerfd``)."""

    def fileno(self) -> int:
        """Return the descriptor, readable when the timer has fired."""

    def arm(self, due_ns: int, /) -> None:
        """Fire at ``due_ns``, and forget an earlier firing."""

    def acknowledge(self) -> int:
        """Make the descriptor unreadable again."""

    def close(self) -> None:
        """Give it back."""


class Pacer:
    """Calls ``send(number, due_ns)`` for every pair that ``due`` gives, in its order."""

    __slots__ = ("_clock", "_due", "_handle", "_loop", "_next", "_send", "_timer", "is_over")

    def __init__(
        self,
        loop: Loop,
        due: Iterator[tuple[int, int]],
        send: Callable[[int, int], None],
        *,
        clock: Callable[[], int] = time.perf_counter_ns,
        timers: Callable[[], KernelTimer | None] = new_timer,
    ) -> None:
        """``due`` gives (number, nanoseconds of ``clock``), in ascending order of time."""
        self._loop = loop
        self._due = due
        self._send = send
        self._clock = clock
        self._timer = timers()
        self._handle: Cancellable | None = None
        self._next: tuple[int, int] | None = None
        self.is_over = False  # nothing will be sent any more

    def start(self) -> None:
        """Begin, with what is due already; to be called once, on the loop."""
        if self.is_over:
            return
        if self._timer is not None:
            self._loop.add_reader(self._timer.fileno(), self._turn)
        self._next = next(self._due, None)
        self._turn()

    def stop(self) -> None:
        """Send no more; harmless at any time, also from within ``send``."""
        self.is_over = True
        self._next = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._timer is not None:
            self._loop.remove_reader(self._timer.fileno())
            self._timer.close()
            self._timer = None

    def drop_due(self) -> list[tuple[int, int]]:
        """Send no more; return what has fallen due and was not sent."""
        now, following = self._clock(), self._next
        self.stop()
        dropped = []
        while following is not None and following[1] <= now:
            dropped.append(following)
            following = next(self._due, None)
        return dropped

    def _turn(self) -> None:
        """Send what is due, and see to it that the next one is."""
        self._handle = None
        try:
            self._send_due()
        finally:  # a request that could not be sent must not silence the rest of the plan
            self._wait()

    def _send_due(self) -> None:
        now = self._clock()
        for _ in range(BATCH):
            if self._next is None or self._next[1] > now:
                return
            number, due_ns = self._next
            self._next = next(self._due, None)
            self._send(number, due_ns)

    def _wait(self) -> None:
        if self._next is None:
            self.stop()
            return
        missing = self._next[1] - self._clock()
        if missing <= 0:
            if self._timer is not None:
                self._timer.acknowledge()
            self._handle = self._loop.call_soon(self._turn)
        elif self._timer is not None:
            self._timer.arm(self._next[1])  # acknowledges, too: one system call less
        elif missing > _SPIN_NS:
            self._handle = self._loop.call_later((missing - _SPIN_NS) / _NANO, self._turn)
        else:
            self._handle = self._loop.call_soon(self._turn)
