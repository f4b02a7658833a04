"""The body of a worker: a loop and a gateway on it, or several, each in a thread of its own.

Runs in a process that has just been forked.  It accepts at the sockets it was given, says on
the board how it is, does what its *line* says, and ends when that breaks: then the supervisor
is gone, however it went.  Must not know other workers.
"""

import asyncio
import faulthandler
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import uvloop

from hedgerow.errors import ConfigError, HedgerowError
from hedgerow.serve.assembly import assemble
from hedgerow.serve.gateway import Gateway
from hedgerow.serve.settings import Settings
from hedgerow.serve.workers.board import Cell, Entry
from hedgerow.serve.workers.line import DRAIN, FINISH, Line
from hedgerow.serve.workers.reports import encoded
from hedgerow.serve.workers.sampling import Sampler
from hedgerow.wire import Engine, Listening
from hedgerow.wire.descriptors import Descriptors, raise_limit

_FINE: Final = 0
_COULD_NOT_RUN: Final = 1
_USAGE: Final = 2
_LOST: Final = 3  # nobody is there any more to work for


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the command line brings along."""

    tell: Callable[[str], None]  # a line for the operator
    settle: Callable[[], None]  # everything is loaded: the cycle collector may look away


@dataclass(frozen=True, slots=True)
class Duty:
    """What a worker is given."""

    settings: Settings
    sockets: Sequence[Mapping[str, socket.socket]]  # for each thread, by address
    entries: Sequence[Entry]  # for each thread
    line: Line


def work(duty: Duty, around: Surroundings) -> int:
    """Serve until told to end; returns the exit code."""
    faulthandler.enable()  # one that is stuck is asked by SIGABRT to say where
    descriptors = raise_limit() // len(duty.sockets)
    loops = [
        Loop(duty.settings, sockets, entry, around, descriptors)
        for sockets, entry in zip(duty.sockets, duty.entries, strict=True)
    ]
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_Body(duty, around, loops).run())
    except ConfigError as error:
        around.tell(f"hedgerow: {error}")
        return _USAGE
    except HedgerowError as error:
        around.tell(f"hedgerow: {error}")
        return _COULD_NOT_RUN


class Loop:
    """One event loop with its engine and its gateway."""

    def __init__(
        self,
        settings: Settings,
        sockets: Mapping[str, socket.socket],
        entry: Entry,
        around: Surroundings,
        descriptors: int,
    ) -> None:
        self._settings = settings
        self._sockets = sockets
        self._entry = entry
        self._around = around
        self._descriptors = descriptors
        self._listening: dict[str, Listening] = {}

    async def open(self) -> None:
        """Accept clients."""
        loop = asyncio.get_running_loop()
        self._engine = Engine(loop, Descriptors(self._descriptors))
        self._gateway: Gateway = assemble(self._settings, self._engine, self._around.tell)
        self._sampler = Sampler(self._entry, self._gateway, lambda: encoded(self._gateway))
        self._engine.sweeper.add(self._sampler.sweep)
        self._listening = {
            listen.address: Listening(listen.address, self._sockets[listen.address])
            for listen in self._settings.server.listen
        }
        await self._gateway.listen(list(self._listening.values()))
        self._sampler.sweep(time.monotonic())  # now, so that one that is ready is known
        self._entry[Cell.IS_READY] = 1

    def take(self, address: str, connection: socket.socket) -> None:
        """Serve a client that somebody else has accepted."""
        listening = self._listening.get(address)
        if listening is None:
            connection.close()
        else:
            listening.take(connection)

    def reopen(self) -> None:
        """Open the access log again: its file has been moved away."""
        try:
            self._gateway.reopen_logs()
        except OSError as error:
            self._around.tell(f"hedgerow: the access log stays where it was ({error})")

    async def close(self, *, takes_queue: bool) -> int:
        """Answer what has been asked; returns how many connections did not end in time."""
        self._entry[Cell.IS_READY], self._entry[Cell.IS_DRAINING] = 0, 1
        if takes_queue:
            for listening in self._listening.values():
                await listening.finish()
        left = await self._gateway.drain(self._settings.server.drain_timeout)
        self._sampler.finish()
        self._engine.close()
        return left


class _Body:
    """What runs on the worker's first loop; further loops run in threads."""

    def __init__(self, duty: Duty, around: Surroundings, loops: Sequence[Loop]) -> None:
        self._duty = duty
        self._around = around
        self._first = loops[0]
        self._others = [_Thread(loop) for loop in loops[1:]]

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        line, told = self._duty.line, asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, told.set)
        loop.add_signal_handler(signal.SIGUSR1, self._reopen)
        loop.add_reader(line, self._heard, line, told)
        for thread in self._others:
            thread.start()
        await asyncio.gather(self._first.open(), *(thread.opened() for thread in self._others))
        self._around.settle()
        line.say_ready()
        await told.wait()
        if line.is_broken:
            self._around.tell("hedgerow: the supervisor is gone: this worker ends")
        takes_queue = line.said == FINISH or line.is_broken  # nobody else listens there
        left = sum(
            await asyncio.gather(
                self._first.close(takes_queue=takes_queue),
                *(thread.closed(takes_queue=takes_queue) for thread in self._others),
            )
        )
        if left:
            text = f"{left} connections were still busy after the drain timeout"
            self._around.tell(f"hedgerow: {text}")
        loop.remove_reader(line)
        return _LOST if line.is_broken else _FINE

    def _heard(self, line: Line, told: asyncio.Event) -> None:
        for address, connection in line.hear():
            self._first.take(address, connection)
        if line.is_broken or line.said in (DRAIN, FINISH):
            told.set()

    def _reopen(self) -> None:
        self._first.reopen()
        for thread in self._others:
            thread.call(thread.loop.reopen)


class _Thread:
    """A loop in a thread of its own; its methods are called from the first loop."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._started.wait()

    def call(self, function: Callable[[], None]) -> None:
        """Call something on its loop."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(function)

    async def opened(self) -> None:
        """Wait until it accepts."""
        assert self._loop is not None
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.loop.open(), self._loop))

    async def closed(self, *, takes_queue: bool) -> int:
        """Wait until it has drained."""
        assert self._loop is not None
        closing = self.loop.close(takes_queue=takes_queue)
        left = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(closing, self._loop))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        return left

    def _run(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._started.set()
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()


def share_one_core() -> bool:
    """Whether this build of Python lets one thread run at a time only."""
    is_enabled: Callable[[], bool] | None = getattr(sys, "_is_gil_enabled", None)
    return is_enabled is None or is_enabled()
