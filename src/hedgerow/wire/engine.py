"""What everything in one process hangs on: its clocks and its purse of descriptors.

One per event loop, made by whoever runs the loop and handed down.  Must not know what
runs on it.
"""

import asyncio
import datetime
import email.utils

from hedgerow.wire.descriptors import Descriptors, raise_limit
from hedgerow.wire.timers import Sweeper, TimerWheel


class Engine:
    """Timers, the sweep, descriptors, and the date that answers carry."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, descriptors: Descriptors | None = None
    ) -> None:
        """Without ``descriptors`` the process's limit is raised and all of it may be used."""
        self.wheel = TimerWheel(loop)
        self.sweeper = Sweeper(loop)
        self.descriptors = descriptors or Descriptors(raise_limit())
        self.wall = datetime.datetime.now(datetime.UTC)
        self.date_line = b""  # "Date: ...\r\n" (RFC 9110 section 6.6.1), renewed by the sweep
        self._tick(0.0)
        self.sweeper.add(self._tick)

    def close(self) -> None:
        """Stop every timer."""
        self.wheel.close()
        self.sweeper.close()

    def _tick(self, now: float) -> None:
        self.wall = datetime.datetime.now(datetime.UTC)
        self.date_line = f"Date: {email.utils.format_datetime(self.wall, usegmt=True)}\r\n".encode()
