"""A loop that never runs: its timers fire when a test moves the clock."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from contextvars import Context
from typing import Any

from typing_extensions import TypeVarTuple, override

from tests.fakes.clock import FakeClock

Arguments = TypeVarTuple("Arguments")


class FakeLoop(asyncio.BaseEventLoop):
    """Keeps timers and failures, and counts what was asked of it."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.close()  # it was never opened; otherwise it complains when it is collected
        self.clock = clock
        self.failures: list[BaseException] = []
        self.timers_armed = 0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._order = itertools.count()
        self._soon: list[asyncio.Handle] = []

    @override
    def time(self) -> float:
        return self.clock.now

    @override
    def call_soon(
        self,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._soon.append(handle)
        return handle

    @override
    def call_later(
        self,
        delay: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self.timers_armed += 1
        when = self.clock.now + delay
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._order), handle))
        return handle

    @override
    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.failures.append(context["exception"])

    def run_later(self, seconds: float) -> None:
        """Let time pass, and fire what comes due on the way."""
        soon, self._soon = self._soon, []
        for called in soon:
            called._run()
        until = self.clock.now + seconds
        while self._timers and self._timers[0][0] <= until:
            when, _, handle = heapq.heappop(self._timers)
            self.clock.now = max(self.clock.now, when)
            if not handle.cancelled():
                handle._run()
        self.clock.now = until
