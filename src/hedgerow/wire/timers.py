"""One loop timer for any number of deadlines.

``TimerWheel`` fires what must be punctual to a millisecond (hedges, deadlines):
arming and disarming are one set operation each, so a request that is answered in
time costs no event-loop timer and leaves nothing behind.  ``Sweeper`` visits what
may be late by a quarter of a second (idle and slow peers): a phase change then
costs one attribute, and a thousand idle connections cost no timer at all.

Must not know what it times.

Why not ``loop.call_later`` a request: 0.8 to 1.2 us to arm and cancel under uvloop
against 0.3 us here, and its timers may fire up to 1 ms early.  Nothing here fires
before it is due.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from typing import Final, Protocol

#: How late a timer may be, by how far away it is: (distance in seconds, mask on milliseconds).
#: Rounding the far ones keeps the number of buckets in the thousands.
_NEAR: Final = 2.0
_MIDDLE: Final = 16.0
_MIDDLE_MASK: Final = 15
_FAR_MASK: Final = 255
_NEVER: Final = 1 << 62

SWEEP_INTERVAL: Final = 0.25


class Timer(Protocol):
    """Whatever wants to be told that its time has come."""

    def timer_fired(self, now: float) -> None:
        """Act; ``now`` is monotonic seconds, at or after the due time."""


class TimerWheel:
    """Timers in buckets of a millisecond, later ones in wider buckets; never early."""

    __slots__ = ("_buckets", "_handle", "_keys", "_loop", "_wake_key")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._buckets: dict[int, set[Timer]] = {}
        self._keys: list[int] = []  # a heap of the buckets' due times, in milliseconds
        self._handle: asyncio.TimerHandle | None = None
        self._wake_key = _NEVER  # the bucket that the loop will wake us for

    def arm(self, now: float, due: float, timer: Timer) -> set[Timer]:
        """Fire ``timer`` at ``due``; discard it from the returned bucket to disarm it."""
        key = int(due * 1000) + 1
        distance = due - now
        if distance > _NEAR:
            key = (key | (_MIDDLE_MASK if distance < _MIDDLE else _FAR_MASK)) + 1
        bucket = self._buckets.get(key)
        if bucket is None:
            self._buckets[key] = bucket = set()
            heapq.heappush(self._keys, key)
            if key < self._wake_key:
                self._wake_at(now, key)
        bucket.add(timer)
        return bucket

    def close(self) -> None:
        """Forget every timer."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._wake_key = _NEVER
        self._buckets.clear()
        self._keys.clear()

    def _wake_at(self, now: float, key: int) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._wake_key = key
        self._handle = self._loop.call_later(max(0.0, key / 1000 - now), self._woken)

    def _woken(self) -> None:
        self._handle = None
        self._wake_key = 0  # what is armed while firing wakes nobody: we look again at the end
        now = time.monotonic()
        keys, buckets = self._keys, self._buckets
        now_key = int(now * 1000)
        # The buckets leave the table first: what is armed while firing goes to new ones, and
        # waits for the next round even where it is due already.
        due: list[set[Timer]] = []
        while keys and keys[0] <= now_key:
            due.append(buckets.pop(heapq.heappop(keys)))
        for bucket in due:
            while bucket:
                timer = bucket.pop()
                try:
                    timer.timer_fired(now)
                except Exception as error:
                    report(self._loop, "a timer failed", error)
        if keys:
            self._wake_at(now, keys[0])
        else:
            self._wake_key = _NEVER


class Sweeper:
    """Calls each registered function with the time, four times a second."""

    __slots__ = ("_functions", "_handle", "_loop", "now")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._functions: list[Callable[[float], None]] = []
        self._handle: asyncio.TimerHandle | None = None
        self.now = time.monotonic()  # at the last sweep: good enough for idle times

    def add(self, function: Callable[[float], None]) -> None:
        """Call ``function(now)`` at every sweep from now on."""
        self._functions.append(function)
        if self._handle is None:
            self._handle = self._loop.call_later(SWEEP_INTERVAL, self._sweep)

    def remove(self, function: Callable[[float], None]) -> None:
        """Call it no more; one that is not called changes nothing."""
        if function in self._functions:
            self._functions.remove(function)

    def report(self, message: str, error: Exception) -> None:
        """Hand an exception that nobody can catch to the loop's handler."""
        report(self._loop, message, error)

    def close(self) -> None:
        """Stop sweeping."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._functions.clear()

    def _sweep(self) -> None:
        self._handle = self._loop.call_later(SWEEP_INTERVAL, self._sweep)
        self.now = time.monotonic()
        for function in tuple(self._functions):
            try:
                function(self.now)
            except Exception as error:
                report(self._loop, "a sweep failed", error)


def report(loop: asyncio.AbstractEventLoop, message: str, error: Exception) -> None:
    """Hand an exception that nobody can catch to the loop's handler."""
    loop.call_exception_handler({"message": message, "exception": error})
