"""A generator process from its first order to its last batch.

``python -m hedgerow.load.generator.process`` reads an assignment from standard input,
says that it is ready, begins at the moment that it is told, and reports ten times a
second.  Must not know how results are counted, nor how many others there are.

Both pipes are for these messages alone: what a scenario prints goes where errors go, or it
would be taken for a message.

The loop's own ticks are the measure of its health: how late each one is says how late
anything on this loop may be.
"""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO, Final

import msgspec
import uvloop
from typing_extensions import override

from hedgerow.errors import ConfigError, HedgerowError
from hedgerow.load.channel import (
    CUT,
    GO,
    STOP,
    Assignment,
    Happened,
    Message,
    Ready,
    Refused,
    encode_message,
)
from hedgerow.load.generator.assembly import driver_for
from hedgerow.load.generator.driver import Driver
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.recorder import Recorder
from hedgerow.load.plan import frame_ends
from hedgerow.wire.descriptors import raise_limit

_TICK: Final = 0.01
_TICKS_A_BATCH: Final = 10
#: So long may what was cut off take to end: a scenario may catch even its cancellation.
_PATIENCE_NS: Final = 2_000_000_000
#: Requests leave no cycles behind; failed connections do (their exceptions' frames).
_GC_THRESHOLDS: Final = (50_000, 50, 100)


class Play:
    """One share of a plan, played once."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        assignment: Assignment,
        tell: Callable[[Message], None],
    ) -> None:
        plan = assignment.plan
        self._loop = loop
        self._plan = plan
        self._tell = tell
        self._recorder = Recorder(is_warm_up=bool(plan.warm_up))
        self._field = Field(loop, plan, assignment.share, self._recorder)
        self._driver: Driver = driver_for(self._field, assignment)
        self._frame_ends = frame_ends(plan)
        self._frame_end = next(self._frame_ends)
        self._frames = 0  # that have ended
        self._began_ns = 0
        self._ticks = 0
        self._next_tick_ns = 0
        self._next_sweep_ns = 0
        self._measures = not plan.warm_up
        self._drains_until_ns: int | None = None  # sending has ended
        self._cut_at_ns: int | None = None
        self._opened = 0  # connections that were told of
        self.over: asyncio.Future[None] = loop.create_future()

    def go(self, began_ns: int) -> None:
        """Begin; the plan's 0 is ``began_ns``, which may be to come."""
        self._began_ns = self._recorder.began_ns = began_ns
        self._next_tick_ns = began_ns
        self._watch_gc()
        self._driver.start(began_ns)
        self._tick()

    def stop(self) -> None:
        """Begin nothing new."""
        self._driver.stop()
        self._drain()

    def cut_off(self) -> None:
        """Wait for nothing any more."""
        self.stop()
        self._cut()

    def _drain(self) -> None:
        """Wait for what is under way, as long as a request may take."""
        if self._drains_until_ns is None:
            self._drains_until_ns = time.perf_counter_ns() + round(self._plan.timeout * 1e9)

    def _cut(self) -> None:
        if self._cut_at_ns is None:
            self._cut_at_ns = time.perf_counter_ns()
        self._driver.cut_off()

    # --- ticks ---

    def _tick(self) -> None:
        now = time.perf_counter_ns()
        if now >= self._next_tick_ns:
            if self._ticks:
                self._recorder.loop_lag.append((now - self._next_tick_ns) // 1000)
            self._ticks += 1
            self._next_tick_ns = now + round(_TICK * 1e9)
            self._look(now)
        if not self.over.done():
            wait = max(0, self._next_tick_ns - time.perf_counter_ns()) / 1e9
            self._loop.call_later(wait, self._tick)

    def _look(self, now: int) -> None:
        """Do what is due at a tick."""
        if not self._measures and now >= self._began_ns + round(self._plan.warm_up * 1e9):
            self._begin_measuring(now)
        if now >= self._next_sweep_ns:
            self._next_sweep_ns = now + round(self._field.sweep_interval * 1e9)
            self._driver.sweep(now)
        self._look_for_the_end(now)
        has_frame_ended = self._has_frame_ended(now)
        has_waited = self._cut_at_ns is not None and now >= self._cut_at_ns + _PATIENCE_NS
        if self._driver.is_over or has_waited:
            self._finish(now)
        elif has_frame_ended or self._ticks % _TICKS_A_BATCH == 0:
            self._report(now)

    def _look_for_the_end(self, now: int) -> None:
        duration = self._plan.duration
        if duration is not None and (
            now >= self._began_ns + round((self._plan.warm_up + duration) * 1e9)
            and self._drains_until_ns is None
        ):
            self._driver.end()
            self._drain()
        if self._recorder.complaint:
            self.cut_off()
        if self._drains_until_ns is not None and now >= self._drains_until_ns:
            self._driver.sweep(now)  # whoever was sent before the end has had all its time
            self._cut()

    def _begin_measuring(self, now: int) -> None:
        self._has_frame_ended(now)
        self._report(now)
        self._measures = True
        self._recorder.is_warm_up = False
        self._driver.begin_measuring(now)

    def _has_frame_ended(self, now: int) -> bool:
        before, elapsed = self._frames, (now - self._began_ns) / 1e9
        while self._frame_end <= elapsed:
            self._frames += 1
            self._frame_end = next(self._frame_ends)
        return self._frames > before

    def _finish(self, now: int) -> None:
        self._field.dialler.close()
        self._report(now, is_last=True)
        self.over.set_result(None)

    def _report(self, now: int, *, is_last: bool = False) -> None:
        dialler = self._field.dialler
        batch = self._recorder.batch(
            now,
            frame_ends=self._frames,
            standing=self._driver.standing(),
            opened=dialler.opened - self._opened,
            connections=self._field.open_connections,
        )
        self._opened = dialler.opened
        batch.descriptors_short = dialler.descriptors_short
        batch.ports_short = dialler.ports_short
        batch.is_last = is_last
        self._tell(Happened(batch))

    def _watch_gc(self) -> None:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        began = 0

        def watch(phase: str, info: dict[str, int]) -> None:
            nonlocal began
            if phase == "start":
                began = time.perf_counter_ns()
            else:
                paused = time.perf_counter_ns() - began
                self._recorder.gc_pause = max(self._recorder.gc_pause, paused)

        gc.callbacks.append(watch)


class Process(asyncio.Protocol):
    """The pipes: orders come in as lines."""

    def __init__(self, loop: asyncio.AbstractEventLoop, out: asyncio.WriteTransport) -> None:
        self._loop = loop
        self._out = out
        self._line = bytearray()  # that is not whole yet
        self._play: Play | None = None
        self.over: asyncio.Future[None] = loop.create_future()

    @override
    def data_received(self, data: bytes) -> None:
        self._line += data  # an assignment may hold whole files, and comes in many pieces
        if b"\n" in data:
            *lines, self._line = self._line.split(b"\n")
            for line in lines:
                self._order(bytes(line))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever asked for load is gone: so is the load."""
        if not self.over.done():
            os._exit(1)

    def _order(self, line: bytes) -> None:
        play = self._play
        if play is None:
            self._prepare(line)
            return
        word, _, moment = line.decode().partition(" ")
        if word == GO:
            play.go(int(moment))
        elif word == STOP:
            play.stop()
        elif word == CUT:
            play.cut_off()

    def _prepare(self, line: bytes) -> None:
        try:
            assignment = msgspec.json.decode(line, type=Assignment)
            self._play = Play(self._loop, assignment, self._tell)
        except (HedgerowError, OSError) as error:
            self._tell(Refused(str(error), isinstance(error, ConfigError)))
            self.over.set_result(None)
            return
        self._play.over.add_done_callback(lambda _: self.over.set_result(None))
        self._tell(Ready(os.getpid()))

    def _tell(self, message: Message) -> None:
        self._out.write(encode_message(message))


async def _main(orders: BinaryIO, messages: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_give_up)
    out, drained = await loop.connect_write_pipe(_Drained, messages)
    process = Process(loop, out)
    await loop.connect_read_pipe(lambda: process, orders)
    await process.over
    out.close()  # what was written still goes out
    await drained.closed


def _give_up(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """End at once when our own code failed: figures of half a generator are none.

    The shard counts the process as lost, and shows what is written here.
    """
    loop.default_exception_handler(context)
    if "handle" in context or (
        "protocol" in context and not isinstance(context.get("exception"), OSError)
    ):
        sys.stderr.flush()
        os._exit(1)


class _Drained(asyncio.BaseProtocol):
    """Knows when the pipe is closed, and everything in it is out."""

    def __init__(self) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)


def own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return standard input and output, and leave others in their places."""
    orders, messages = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return orders, messages


def main() -> None:
    """Run one generator process."""
    # What a terminal, or timeout(1), tells its whole group is for the one who started us: it
    # tells us to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise_limit()
    uvloop.run(_main(*own_pipes()))


if __name__ == "__main__":
    main()
