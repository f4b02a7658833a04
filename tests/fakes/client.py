"""A client of the server's connection, without sockets."""

import re
from typing import Final

from hedgerow.wire.listener import Listener
from hedgerow.wire.server import ServerConnection
from tests.fakes.transport import FakeTransport

STATUS: Final = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")


class FakeClient:
    """Sends bytes and collects answers; reads everything at once until it stops reading."""

    def __init__(self, listener: Listener, transport: FakeTransport | None = None) -> None:
        self._received = bytearray()
        self.transport = transport or FakeTransport()
        self.transport.on_write = self._take
        self.connection = ServerConnection(listener)
        self.connection.connection_made(self.transport)
        self._kernel = bytearray()  # sent while the server was not reading
        self._reads = True
        self._told = False

    @property
    def received(self) -> bytes:
        return bytes(self._received)

    @property
    def statuses(self) -> list[int]:
        return [int(status) for status in STATUS.findall(self.received)]

    @property
    def unread(self) -> int:
        """Bytes that the server wants to write and the client does not take."""
        return len(self.transport.unsent)

    def sends(self, *pieces: bytes) -> "FakeClient":
        """Send, each piece as a segment of its own; without any, what could not go before."""
        for piece in pieces or (bytes(self._kernel),):
            if not pieces:
                self._kernel.clear()
            if self.transport.is_reading():
                if piece:
                    self.connection.data_received(piece)
            elif not self.transport.closing:
                self._kernel += piece
        return self

    def stops_reading(self) -> None:
        self._reads = False

    def reads(self, size: int | None = None) -> None:
        """Take ``size`` of what waits, or all of it and from now on everything."""
        self._reads = size is None
        self._take(size)
        if self._told and self.unread <= self.transport.low:
            self._told = False
            self.connection.resume_writing()

    def shuts_down_sending(self) -> bool:
        """Send FIN; whether the server keeps the connection open."""
        return self.connection.eof_received()

    def leaves(self, error: Exception | None = None) -> None:
        """Let the loop report the end of the connection."""
        self.transport.closing = True
        self.connection.connection_lost(error)

    def _take(self, size: int | None = None) -> None:
        unsent = self.transport.unsent
        if self._reads or size is not None:
            self._received += unsent[:size]
            del unsent[:size]
        elif not self._told and len(unsent) > self.transport.high:
            self._told = True
            self.connection.pause_writing()
