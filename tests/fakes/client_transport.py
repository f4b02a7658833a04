"""The other end of a client's connection, without a socket, and an owner without a pool."""

from typing import Self

from hedgerow.wire.call import Call
from hedgerow.wire.client import ClientConnection
from hedgerow.wire.heads import ResponseHead, ResponseHeadParser
from hedgerow.wire.memo import HeadMemo
from hedgerow.wire.outbox import WRITE_THROUGH
from tests.fakes.transport import FakeTransport


class FakeOwner:
    """Writes down what a connection tells its pool."""

    name = "up.example:80"
    outbox = WRITE_THROUGH

    def __init__(self) -> None:
        self.memo: HeadMemo[ResponseHead] = HeadMemo()
        self.told: list[str] = []
        self.resent: list[Call] = []
        self.streaming = False

    def opened(self, connection: ClientConnection) -> None:
        self.told.append("opened")

    def release(self, connection: ClientConnection, *, reusable: bool) -> None:
        self.told.append("reusable" if reusable else "not reusable")
        connection.is_reused = reusable

    def streams(self, connection: ClientConnection) -> None:
        self.streaming = True

    def lost(self, connection: ClientConnection) -> None:
        self.told.append("lost")

    def resend(self, call: Call) -> None:
        self.resent.append(call)

    def withdraw(self, call: Call) -> None:
        self.told.append("withdrawn")

    def report(self, message: str, error: Exception) -> None:
        self.told.append(message)


class FakeLine:
    """A connection and its far end; what a test does to it is what an upstream would."""

    def __init__(self) -> None:
        self.owner = FakeOwner()
        self.transport = FakeTransport()
        self.connection = ClientConnection(self.owner, ResponseHeadParser())
        self.connection.connection_made(self.transport)

    @property
    def is_reusable(self) -> bool:
        return self.owner.told[-1] == "reusable"

    @property
    def received(self) -> bytes:
        return bytes(self.transport.unsent)

    def carries(self, call: Call) -> Self:
        self.transport.unsent.clear()
        self.connection.carry(call)
        return self

    def says(self, *pieces: bytes) -> Self:
        """Deliver pieces, until the transport is closed: then nothing arrives any more."""
        for piece in pieces:
            if not self.transport.is_closing():
                self.connection.data_received(piece)
        return self

    def closes(self) -> Self:
        """End cleanly, as the loop tells it: first the end, then the loss."""
        if not self.transport.is_closing():
            self.connection.eof_received()
            self.transport.close()
        self.connection.connection_lost(None)
        return self

    def breaks(self) -> Self:
        self.connection.connection_lost(ConnectionResetError())
        return self
