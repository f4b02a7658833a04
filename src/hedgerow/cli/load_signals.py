"""Ctrl-C and SIGTERM: the first stops what is under way, the second cuts it off.

Must not know what that is.
"""

import asyncio
import signal
from typing import Protocol

from hedgerow.cli.process import announce


class Stoppable(Protocol):
    """A run, or a search made of many."""

    def stop(self, why: str) -> None:
        """Begin to end."""

    def cut_off(self) -> None:
        """Wait no more."""


class Signals:
    """SIGINT and SIGTERM, and what they do; ``what_follows`` is told when the first comes."""

    def __init__(self, what_follows: str) -> None:
        self.code: int | None = None  # the exit code of the first that came
        self._what_follows = what_follows
        self._running: Stoppable | None = None
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self.received, number)

    def concern(self, running: Stoppable | None) -> None:
        """From now on they stop this; without anything, they stop everything."""
        self._running = running

    def forget(self) -> None:
        """Let them do again what they do by default."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.remove_signal_handler(number)

    def received(self, number: signal.Signals) -> None:
        """Stop at the first, cut off at the second; more change nothing."""
        is_first, running = self.code is None, self._running
        if is_first:
            self.code = 128 + number
        if running is None:
            if self._task is not None:
                self._task.cancel()
        elif is_first:
            announce(f"interrupted: {self._what_follows}")
            running.stop(why(number))
        else:
            running.cut_off()


def why(number: signal.Signals) -> str:
    """Say in the result what ended the run."""
    return "interrupted by Ctrl-C" if number == signal.SIGINT else f"interrupted by {number.name}"
