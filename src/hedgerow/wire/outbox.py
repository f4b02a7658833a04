"""When bytes go to the kernel: at once, or together at the end of the loop's turn.

A busy turn reads many sockets.  Writing each answer as it is made alternates between our
code and the kernel's, and each finds the processor's caches full of the other's; writing
them all when the turn is over took a quarter off the CPU time of a proxied request, and
wakes each peer once.  Nothing is delayed beyond the turn, a fraction of a millisecond.

Bytes of one connection keep their order as long as all of them go through here.  Whoever
closes a connection cleanly flushes first; what is left for one that was reset is dropped.
Must not know what the bytes mean.
"""

import asyncio
from typing import Final, Protocol

from hedgerow.wire.timers import report

#: Unsent bytes after which a turn's writes go out early: what a client pipelines must not be
#: answered into memory without its connection having a chance to say that it is full.
_ENOUGH: Final = 256 * 1024


class Outbox(Protocol):
    """Where connections leave what they want to send."""

    def post(self, transport: asyncio.Transport, data: bytes) -> None:
        """Send ``data``, now or before the turn is over."""

    def flush(self) -> None:
        """Send everything now."""


class TurnOutbox:
    """Collects the writes of one turn of the loop."""

    __slots__ = ("_is_flushing", "_loop", "_posts", "_size")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._posts: list[tuple[asyncio.Transport, bytes]] = []
        self._size = 0
        self._is_flushing = False

    def post(self, transport: asyncio.Transport, data: bytes) -> None:
        if not self._posts:
            self._loop.call_soon(self.flush)
        self._posts.append((transport, data))
        self._size += len(data)
        if self._size > _ENOUGH:
            self.flush()

    def flush(self) -> None:
        if self._is_flushing:
            return  # a write called back (its buffer is full); the outer flush goes on with it
        self._is_flushing = True
        while self._posts:
            posts, self._posts, self._size = self._posts, [], 0
            for transport, data in posts:
                if not transport.is_closing():
                    self._write(transport, data)
        self._is_flushing = False

    def _write(self, transport: asyncio.Transport, data: bytes) -> None:
        try:
            transport.write(data)
        except Exception as error:  # one connection's trouble must not cost the others' bytes
            transport.abort()
            report(self._loop, "a write failed", error)


class WriteThrough:
    """Writes at once: for the few who need no throughput, and for tests."""

    __slots__ = ()

    def post(self, transport: asyncio.Transport, data: bytes) -> None:
        transport.write(data)

    def flush(self) -> None:
        """Nothing waits here."""


WRITE_THROUGH: Final[Outbox] = WriteThrough()
