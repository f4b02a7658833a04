"""A shard that is far from its run: begins, stops and ends as orders say, or without them.

Whoever gave the orders may be gone for good (killed, cut off from the network), and a
thread cannot be interrupted from outside.  So orders are a lease: a shard that has heard
none for ``LEASE`` seconds stops sending and ends.  Must not know how orders and messages
travel.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

from hedgerow.errors import ConfigError, StartError
from hedgerow.load.book import Frame, encode_frame
from hedgerow.load.channel import Assignment
from hedgerow.load.cluster.messages import (
    LEASE,
    Orders,
    ShardAlone,
    ShardBegan,
    ShardFrame,
    ShardReady,
    ShardRefused,
    Told,
)
from hedgerow.load.shard import AssignmentRefusedError, Shard

#: Seconds between two looks at the lease.
_LOOK_EVERY: Final = 0.25
#: Seconds for the last frame of a shard that was cut off because nobody wants it.
_FAREWELL: Final = 2.0


class RemoteShard:
    """One shard, from its start to the sum of all that it did."""

    def __init__(
        self, whose: tuple[str, int, str], assignment: Assignment, tell: Callable[[Told], None]
    ) -> None:
        """``whose`` is the run, the shard's number and the token of this start of it."""
        self._run, self._number, self._token = whose
        self._assignment = assignment
        self._tell = tell
        self._orders = Orders(self._run, self._number)
        self._ordered_at = time.monotonic()
        self._have_changed = asyncio.Event()
        self._has_begun = False
        self._acted_on = "play"
        self._shard = Shard(self._number, assignment, self._frame)
        self.sum = Frame(self._number, 0, 0.0, 0.0)

    def receive(self, orders: Orders) -> None:
        """Take orders."""
        self._ordered_at = time.monotonic()
        self._orders = orders
        self._have_changed.set()

    async def play(self) -> Frame:
        """Do it; returns the sum of all frames."""
        whose = (self._run, self._number, self._token)
        try:
            try:
                await self._shard.prepare()
            except (ConfigError, StartError) as error:
                is_usage = isinstance(error, ConfigError)
                if isinstance(error, AssignmentRefusedError):
                    is_usage = error.is_usage
                self._tell(ShardRefused(*whose, text=str(error), is_usage=is_usage))
                return self.sum
            self._tell(ShardReady(*whose))
            await self._obey()
        finally:
            await self._shard.close()
        return self.sum

    async def _obey(self) -> None:
        finished: asyncio.Task[None] | None = None
        while finished is None or not finished.done():
            if self._is_unwanted:
                return
            if time.monotonic() - self._ordered_at > LEASE:
                await self._end_alone(finished)
                return
            self._act()
            if finished is None and self._has_begun:
                finished = asyncio.create_task(self._shard.finished())
                finished.add_done_callback(lambda _: self._have_changed.set())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._have_changed.wait()
            self._have_changed.clear()
        await finished  # raises what it raised

    @property
    def _is_unwanted(self) -> bool:
        orders = self._orders
        return orders.word == "end" or orders.token not in ("", self._token)

    def _act(self) -> None:
        """Bring about what the orders want, as far as it has not been yet."""
        orders = self._orders
        if orders.begin_at is not None and not self._has_begun:
            self._has_begun = True
            wait_ns = orders.begin_at - time.time_ns()
            self._shard.go(time.perf_counter_ns() + wait_ns)
            late = max(0, -wait_ns) / 1e9
            self._tell(ShardBegan(self._run, self._number, self._token, late=late))
        if self._has_begun and orders.word != self._acted_on:
            self._acted_on = orders.word
            if orders.word == "stop":
                self._shard.stop()
            elif orders.word == "cut":
                self._shard.cut_off()

    async def _end_alone(self, finished: "asyncio.Task[None] | None") -> None:
        """Send no more; this is told, should there still be somebody who hears it."""
        self._tell(ShardAlone(self._run, self._number, self._token))
        if finished is not None:
            self._shard.cut_off()
            await asyncio.wait((finished,), timeout=_FAREWELL)

    def _frame(self, frame: Frame) -> None:
        whole = self.sum
        whole.warm_up.merge(frame.warm_up)
        whole.measured.merge(frame.measured)
        whole.number, whole.at = frame.number, frame.at
        self._tell(
            ShardFrame(
                self._run,
                self._number,
                self._token,
                frame=encode_frame(frame),
                complaint=self._shard.complaint,
            )
        )
