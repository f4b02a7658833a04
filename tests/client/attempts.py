"""Attempts that do what a script says: the first entry for attempt 1, and so on.

A script is as long as the attempts that may be sent: one more fails the test.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hedgerow.client import current_attempt
from tests.fakes.virtual_loop import START


@dataclass(frozen=True, slots=True)
class Does:
    """Takes so long, then returns ``result`` or raises ``error``."""

    seconds: float
    result: str = "answer"
    error: BaseException | None = None
    clings: float = 0.0  # goes on for so long after it was cancelled


def answers(seconds: float, result: str = "answer") -> Does:
    return Does(seconds, result)


def fails(seconds: float, error: BaseException | None = None) -> Does:
    return Does(seconds, error=error or ConnectionResetError(f"after {seconds:g}s"))


SILENT = Does(10_000_000.0)


class Attempts:
    """What ``hedge()`` takes as ``make_attempt``; writes down what becomes of each."""

    def __init__(self, *script: Does) -> None:
        self._script = script
        self.sent: list[tuple[float, int]] = []  # (seconds since the start, attempt)
        self.cancelled: list[tuple[float, int]] = []
        self.discarded: list[str] = []

    async def __call__(self) -> str:
        attempt = current_attempt()
        assert attempt is not None
        does = self._script[attempt.number - 1]
        self.sent.append((elapsed(), attempt.number))
        try:
            await asyncio.sleep(does.seconds)
        except asyncio.CancelledError:
            self.cancelled.append((elapsed(), attempt.number))
            if not does.clings:
                raise
            await asyncio.sleep(does.clings)
        if does.error is not None:
            raise does.error
        return does.result

    async def discard(self, result: str) -> None:
        self.discarded.append(result)


def elapsed() -> float:
    return round(asyncio.get_running_loop().time() - START, 6)


async def timed(call: Awaitable[str]) -> tuple[str, float]:
    """Return a call's result, and how long after the start it came."""
    return await call, elapsed()


def is_good(result: str) -> bool:
    return result != "bad"


async def cancelled_after(seconds: float, call: Callable[[], Awaitable[object]]) -> None:
    """Start a call, let it run so long, cancel it, and see it end as cancelled."""

    async def caller() -> None:
        await call()

    task = asyncio.create_task(caller())
    await asyncio.sleep(seconds)
    task.cancel()
    ended = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(ended[0], asyncio.CancelledError), ended
