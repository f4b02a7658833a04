"""A large body on its way from a disk to a client, without blocking the loop.

Two ways.  The kernel sends it by itself (sendfile), where the body is one extent and the socket
is bare: a third of the CPU time of the other way.  Else it is read and written: over TLS, several
parts, where the client is behind already, on systems with another sendfile.  uvloop has no
sendfile of its own, so the socket is watched under a second descriptor.

In both a probe of a slice's last byte with RWF_NOWAIT (1 us) says whether the page cache has it;
if not, a thread reads it first.  While the client has no room nothing is read, so a slow reader
costs one slice of memory, or none.  Must not know what the bytes are.

Budget: 0 tasks, 0 timers; of a slice 2 system calls, and to read and write it 1 write more.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.wire.request import Request

#: Large enough that system calls do not count, small enough for the processor's caches.
SLICE: Final = 128 * 1024
#: What the kernel sends by itself can be longer: it stops where the socket is full.
_BARE_SLICE: Final = 1024 * 1024
#: Below this a second descriptor and another turn of the loop cost more than they save.
_LEAST_BARE: Final = 256 * 1024
#: What one answer may hold: the file, and the socket a second time.
DESCRIPTORS: Final = 2
#: Slices in one turn of the loop: others are waiting.
_TOGETHER: Final = 4
#: Turns of the loop that the head may take to leave the transport.
_PATIENCE: Final = 2
_NOWAIT: Final = getattr(os, "RWF_NOWAIT", None)
_HAS_SENDFILE: Final = sys.platform.startswith("linux")


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
        "_patience",
        "_pieces",
        "_request",
        "_socket",
        "_told",
        "_turn",
        "_watched",
    )

    def __init__(
        self,
        request: Request,
        fd: int,
        pieces: Sequence[Piece],
        loop: asyncio.AbstractEventLoop,
        told: Callable[[], None],
    ) -> None:
        """Take over a descriptor, which is closed in the end; ``told`` is called then, once."""
        self._request = request
        self._fd = fd
        self._pieces = iter(pieces)
        self._loop = loop
        self._told = told
        self._at = self._left = 0  # in the extent that is being sent
        self._is_blocked = False  # the client has no room
        self._is_reading = False  # a thread reads
        self._is_over = False
        self._turn: asyncio.Handle | None = None
        self._socket: int | None = None  # where the kernel sends by itself
        self._watched: int | None = None  # the same one, while we wait for room in it
        is_long = isinstance(pieces[0], Extent) and pieces[0].length >= _LEAST_BARE
        self._patience = _PATIENCE if _HAS_SENDFILE and len(pieces) == 1 and is_long else 0
        request.sink = self

    def start(self) -> None:
        """Send; the head is out already."""
        if self._patience:
            self._turn = self._loop.call_soon(self._choose)
        else:
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

    def _choose(self) -> None:
        """Find out whether the socket is bare: the head may still be on its way to it."""
        self._turn = None
        self._socket = self._request.bare_socket()
        self._patience -= 1
        if self._socket is None and self._patience and not self._is_blocked:
            self._turn = self._loop.call_soon(self._choose)
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._turn = None
        for _ in range(_TOGETHER if self._socket is None else 1):
            if self._is_over or self._is_blocked:
                return
            if not self._left and not self._next_piece():
                return
            size = min(self._left, SLICE if self._socket is None else _BARE_SLICE)
            if not self._is_cached(self._at + size - 1):
                self._read_in_thread(min(size, SLICE))
                return
            if self._socket is None:
                self._send(self._read(size))
            elif not self._send_bare(self._socket, size):
                return
        if self._watched is None:
            self._turn = self._loop.call_soon(self._go_on)

    def _read(self, size: int) -> bytes:
        """Read from the page cache; what cannot be read (a disk, a network) breaks the answer."""
        try:
            return os.pread(self._fd, size, self._at)
        except OSError:
            return b""

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
            self._break()
            return
        self._at += len(data)
        self._left -= len(data)
        self._request.write(data)

    def _send_bare(self, socket: int, size: int) -> bool:
        """Let the kernel send some; False: it is over."""
        try:
            sent = os.sendfile(socket, self._fd, self._at, size)
        except BlockingIOError:
            self._watch(socket)
            return True
        except OSError:
            sent = 0  # the client is gone
        if not sent:
            self._break()
            return False
        self._at += sent
        self._left -= sent
        self._request.body_sent += sent
        if sent < size:
            self._watch(socket)
        return True

    def _watch(self, socket: int) -> None:
        """Go on whenever there is room."""
        if self._watched is not None:
            return
        try:
            self._watched = os.dup(socket)
        except OSError:
            self._socket = None  # none is left: the transport knows how to wait
        else:
            self._loop.add_writer(self._watched, self._go_on)

    def _unwatch(self) -> None:
        if self._watched is not None:
            self._loop.remove_writer(self._watched)
            os.close(self._watched)
            self._watched = None

    def _break(self) -> None:
        """It has become shorter: its length was promised, so the client must see a break."""
        request = self._request
        self._end()
        request.abort()

    # --- what is not in memory ---

    def _is_cached(self, at: int) -> bool:
        if _NOWAIT is None:
            return True
        try:
            return os.preadv(self._fd, [bytearray(1)], at, _NOWAIT) >= 0
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system that cannot tell: read, and wait if it must be

    def _read_in_thread(self, size: int) -> None:
        self._unwatch()
        self._is_reading = True
        asking = self._loop.run_in_executor(None, os.pread, self._fd, size, self._at)
        asking.add_done_callback(self._has_read)

    def _has_read(self, asking: "asyncio.Future[bytes]") -> None:
        self._is_reading = False
        if self._is_over:
            os.close(self._fd)  # it had to wait for the thread
            return
        try:
            data = asking.result()
        except (OSError, asyncio.CancelledError):
            data = b""
        if self._socket is None or not data:
            self._send(data)
        elif not self._send_bare(self._socket, len(data)):  # now the page cache has it
            return
        if self._turn is None and self._watched is None and not self._is_blocked:
            self._go_on()

    # --- the end ---

    def _end(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._unwatch()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        self._request.sink = None
        if not self._is_reading:
            os.close(self._fd)
        self._told()
