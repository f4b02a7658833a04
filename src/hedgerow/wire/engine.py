"""What everything in one process hangs on: its clocks and its purse of descriptors.

One per event loop, made by whoever runs the loop and handed down.  Must not know what
runs on it.
"""

import asyncio
import datetime
import email.utils
from typing import Final

from hedgerow.wire.descriptors import Descriptors, raise_limit
from hedgerow.wire.outbox import Outbox, TurnOutbox
from hedgerow.wire.request import Request
from hedgerow.wire.timers import Sweeper, TimerWheel

#: A turn of the loop longer than this is late; deadlines are not kept to less.
_LATE: Final = 0.01
#: How long one late turn counts: the next one reads what came during it.
_REMEMBERED: Final = 0.5


class Engine:
    """Timers, the sweep, descriptors, and the date that answers carry."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, descriptors: Descriptors | None = None
    ) -> None:
        """Without ``descriptors`` the process's limit is raised and all of it may be used."""
        self.loop = loop
        self.wheel = TimerWheel(loop)
        self.sweeper = Sweeper(loop)
        self.outbox: Outbox = TurnOutbox(loop)
        self.descriptors = descriptors or Descriptors(raise_limit())
        self._turn_began_at = 0.0  # when the first request of this turn was read; 0: none was
        self._late_until = 0.0  # the loop does not keep up
        self.wall = datetime.datetime.now(datetime.UTC)
        self.date_line = b""  # "Date: ...\r\n" (RFC 9110 section 6.6.1), renewed by the sweep
        self._tick(0.0)
        self.sweeper.add(self._tick)

    def arrival(self, now: float, request: Request) -> float:
        """When a request arrived that is being read now: not when its turn came.

        In a burst of a thousand the last one is read 100 ms after it came, and its client has
        been waiting all the same.  The kernel knows (3 us to ask); it is asked for the first
        request of a connection, which may have waited to be accepted, and while turns of the
        loop take long.  (``loop.time()`` does not tell when the turn began: uvloop's moves on.)
        """
        if self._turn_began_at == 0.0:
            self._turn_began_at = now
            self.loop.call_soon(self._turn_ended)
        elif now - self._turn_began_at > _LATE:
            self._late_until = now + _REMEMBERED
        if request.is_first or now < self._late_until:
            return now - request.data_age()
        return now

    def close(self) -> None:
        """Stop every timer."""
        self.wheel.close()
        self.sweeper.close()

    def _turn_ended(self) -> None:
        self._turn_began_at = 0.0

    def _tick(self, now: float) -> None:
        self.wall = datetime.datetime.now(datetime.UTC)
        self.date_line = f"Date: {email.utils.format_datetime(self.wall, usegmt=True)}\r\n".encode()
