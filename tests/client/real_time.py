"""Running a test's coroutine on uvloop and in real time, held to the same as on a virtual loop.

Not shared with the gateway's tests, whose ``play`` starts where a gateway does: what is
tested here must run without one.
"""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def play(main: Coroutine[Any, Any, T], *, seconds: float = 30.0) -> T:
    """Run a test's coroutine; fail for every exception that nobody looked at."""
    complaints: list[dict[str, Any]] = []

    async def watched() -> T:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        async with asyncio.timeout(seconds):
            result = await main
        gc.collect()
        return result

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(watched())
    assert not complaints, complaints
    return result


async def eventually(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait until it holds: for what only the other end of a socket can see."""
    for _ in range(round(seconds / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"not within {seconds:g}s")
