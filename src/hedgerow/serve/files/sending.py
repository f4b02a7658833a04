"""A large body on its way from a disk to a client, without blocking the loop.

What the page cache has is read in the loop: a probe of the last byte with RWF_NOWAIT says
whether it does (1 us), and then the read is a copy.  What it has not is read in a thread.  While
the client has no room nothing is read, so a slow reader costs one slice of memory.

Why not sendfile: uvloop has none, and reading measured ahead of it (docs/decisions).  Must not
know what the bytes are.  Budget of a slice: 0 tasks, 0 timers, 2 system calls, 1 write.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hedgerow.wire.request import Request

#: Large enough that system calls do not count, small enough for the processor's caches.
SLICE: Final = 128 * 1024
#: Slices in one turn of the loop: others are waiting.
_TOGETHER: Final = 4
_NOWAIT: Final = getattr(os, "RWF_NOWAIT", None)


@dataclass(frozen=True, slots=True)
class Extent:
    """Bytes of a file."""

    first: int
    length: int


#: A body is made of bytes at hand and extents of one file.
Piece = bytes | Extent


class FileSender:
    """Sends the pieces of one answer; the sink of its request."""

    __slots__ = (
        "_at",
        "_fd",
        "_is_blocked",
        "_is_over",
        "_is_reading",
        "_left",
        "_loop",
        "_pieces",
        "_request",
        "_told",
        "_turn",
    )

    def __init__(
        self,
        request: Request,
        fd: int,
        pieces: Iterator[Piece],
        loop: asyncio.AbstractEventLoop,
        told: Callable[[], None],
    ) -> None:
        """Take over a descriptor, which is closed in the end; ``told`` is called then, once."""
        self._request = request
        self._fd = fd
        self._pieces = pieces
        self._loop = loop
        self._told = told
        self._at = self._left = 0  # in the extent that is being sent
        self._is_blocked = False  # the client has no room
        self._is_reading = False  # a thread reads
        self._is_over = False
        self._turn: asyncio.Handle | None = None
        request.sink = self

    def start(self) -> None:
        """Send; the head is out already."""
        self._go_on()

    # --- called by the client's connection ---

    def body_received(self, data: bytes, *, ended: bool) -> None:
        """Nobody wants it."""

    def client_left(self) -> None:
        self._end()

    def writing_paused(self) -> None:
        self._is_blocked = True

    def writing_resumed(self) -> None:
        self._is_blocked = False
        if self._turn is None and not self._is_reading:
            self._go_on()

    # --- sending ---

    def _go_on(self) -> None:
        self._turn = None
        for _ in range(_TOGETHER):
            if self._is_over or self._is_blocked:
                return
            if not self._left and not self._next_piece():
                return
            size = min(self._left, SLICE)
            if not self._is_cached(self._at + size - 1):
                self._is_reading = True
                asking = self._loop.run_in_executor(None, os.pread, self._fd, size, self._at)
                asking.add_done_callback(self._has_read)
                return
            self._send(os.pread(self._fd, size, self._at))
        self._turn = self._loop.call_soon(self._go_on)

    def _next_piece(self) -> bool:
        """Go to the next extent, sending what stands before it; False: that was all."""
        for piece in self._pieces:
            if isinstance(piece, Extent):
                self._at, self._left = piece.first, piece.length
                if self._left:
                    return True
            else:
                self._request.write(piece)
        request = self._request
        self._end()
        request.write(b"", ended=True)
        return False

    def _send(self, data: bytes) -> None:
        if not data:
            # It has become shorter: the length was promised, so the client must see a break.
            request = self._request
            self._end()
            request.abort()
            return
        self._at += len(data)
        self._left -= len(data)
        self._request.write(data)

    def _has_read(self, asking: "asyncio.Future[bytes]") -> None:
        self._is_reading = False
        if self._is_over:
            os.close(self._fd)  # it had to wait for the thread
            return
        try:
            data = asking.result()
        except (OSError, asyncio.CancelledError):
            data = b""
        self._send(data)
        if self._turn is None and not self._is_blocked:
            self._go_on()

    def _is_cached(self, at: int) -> bool:
        if _NOWAIT is None:
            return True
        try:
            return os.preadv(self._fd, [bytearray(1)], at, _NOWAIT) >= 0
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system that cannot tell: read, and wait if it must be

    # --- the end ---

    def _end(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        self._request.sink = None
        if not self._is_reading:
            os.close(self._fd)
        self._told()
