"""An event loop and a kernel timer in virtual time, for the tests of pacing."""

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from typing import Final

START: Final = 1_000_000_000_000_000  # a forgotten subtraction shows at once
TURN: Final = 10_000  # what a turn of the loop takes
MS: Final = 1_000_000


class VirtualHandle:
    """A callback that can be cancelled."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class VirtualLoop:
    """Turns that take 10 us each; timers that come ``off_ns`` after their time (or before)."""

    def __init__(self, off_ns: int = 0) -> None:
        self.now = START
        self.turns = 0
        self.calls = 0
        self.readers: dict[int, Callable[[], None]] = {}
        self.kernel_timer = VirtualKernelTimer(self)
        self._off_ns = off_ns
        self._soon: deque[VirtualHandle] = deque()
        self._later: list[tuple[int, int, VirtualHandle]] = []
        self._order = itertools.count()

    def clock(self) -> int:
        return self.now

    def call_soon(self, callback: Callable[[], None], /) -> VirtualHandle:
        handle = VirtualHandle(callback)
        self._soon.append(handle)
        return handle

    def call_later(self, delay: float, callback: Callable[[], None], /) -> VirtualHandle:
        handle = VirtualHandle(callback)
        when = max(self.now, self.now + round(delay * 1e9) + self._off_ns)
        heapq.heappush(self._later, (when, next(self._order), handle))
        return handle

    def add_reader(self, fd: int, callback: Callable[[], None], /) -> None:
        self.readers[fd] = callback

    def remove_reader(self, fd: int, /) -> bool:
        return self.readers.pop(fd, None) is not None

    def run_until(self, after_start: int) -> None:
        """Run the turns that are over by then."""
        until = START + after_start
        while (ready_at := self._ready_at()) is not None and ready_at + TURN <= until:
            self.now = ready_at + TURN
            self.turn()
        self.now = max(self.now, until)

    def turn(self) -> None:
        """Call what is ready, once; what that leads to waits for the next turn."""
        self.turns += 1
        ready, self._soon = self._soon, deque()
        while self._later and self._later[0][0] <= self.now:
            ready.append(heapq.heappop(self._later)[2])
        if self.kernel_timer.is_readable and self.kernel_timer.fileno() in self.readers:
            ready.append(VirtualHandle(self.readers[self.kernel_timer.fileno()]))
        for handle in ready:
            if not handle.is_cancelled:
                self.calls += 1
                handle.callback()

    def _ready_at(self) -> int | None:
        times = [self.now] if self._soon else []
        times += [self._later[0][0]] if self._later else []
        if self.readers and self.kernel_timer.due_ns is not None:
            times.append(self.kernel_timer.due_ns)
        return max(self.now, min(times)) if times else None


class VirtualKernelTimer:
    """Stands in for ``timerfd`` on a virtual loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.due_ns: int | None = None
        self.is_closed = False

    @property
    def is_readable(self) -> bool:
        return self.due_ns is not None and self.due_ns <= self._loop.now

    def fileno(self) -> int:
        return 42

    def arm(self, due_ns: int, /) -> None:
        assert not self.is_closed
        self.due_ns = due_ns

    def acknowledge(self) -> int:
        fired = self.is_readable
        if fired:
            self.due_ns = None
        return int(fired)

    def close(self) -> None:
        self.is_closed = True
        self.due_ns = None
