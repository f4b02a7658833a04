"""An event loop whose clock jumps: a test that waits an hour takes a millisecond.

``run`` also holds each test to what every coroutine here owes its caller: no task left
running, and no exception that nobody looked at.
"""

import asyncio
import gc
import selectors
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from typing_extensions import override

T = TypeVar("T")

START: Final = 1_000_000.0  # a forgotten subtraction shows at once


class _JumpingSelector(selectors.SelectSelector):
    """Where a selector would sleep, moves the clock and returns at once."""

    now = START

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("the test waits for something that nothing will bring about")
        self.now += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Real asyncio, sockets and all, on virtual time."""

    def __init__(self) -> None:
        self._clock = _JumpingSelector()
        self.complaints: list[dict[str, Any]] = []
        super().__init__(self._clock)
        self.set_exception_handler(lambda _, context: self.complaints.append(context))

    @override
    def time(self) -> float:
        return self._clock.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on a virtual loop, and fail if it leaves anything behind."""
    loop = VirtualLoop()
    gc.freeze()  # what was there before is not looked through below
    try:
        result = loop.run_until_complete(main)
        left = asyncio.all_tasks(loop)
        gc.collect()
        assert not left, f"left running: {left}"
        assert not loop.complaints, loop.complaints
        return result
    finally:
        gc.unfreeze()
        loop.close()
