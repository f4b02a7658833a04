"""A reader of lean connections that writes down what it hears, and the line under it."""

from typing import Self

from hedgerow.wire.heads import ResponseHead, ResponseHeadParser
from hedgerow.wire.lean import Broken, LeanConnection
from hedgerow.wire.memo import HeadMemo
from tests.fakes.transport import FakeTransport

REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"


class RecordingReader:
    """What was heard, in order."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.status = 0
        self.body = b""
        self.how: Broken | None = None

    @property
    def is_done(self) -> bool:
        return "answered" in self.heard or self.how is not None

    def opened(self, connection: LeanConnection) -> None:
        self.heard.append("opened")

    def answered_at_once(self, connection: LeanConnection, head: ResponseHead) -> None:
        self.heard.append("at once")
        self.answered(connection, head)

    def answered(self, connection: LeanConnection, head: ResponseHead) -> None:
        self.heard.append("answered")
        self.status = head.status
        self.body = b"".join(connection.body)

    def broken(self, connection: LeanConnection, how: Broken, detail: str) -> None:
        self.heard.append("broken")
        self.how = how

    def lost(self, connection: LeanConnection) -> None:
        self.heard.append("lost")


class LeanLine:
    """A connection and its far end."""

    def __init__(
        self, *, keeps_body: bool = False, memo: HeadMemo[ResponseHead] | None = None
    ) -> None:
        self.reader = RecordingReader()
        self.transport = FakeTransport()
        memo = HeadMemo() if memo is None else memo
        self.connection = LeanConnection(
            self.reader, ResponseHeadParser(), memo, keeps_body=keeps_body
        )
        self.connection.connection_made(self.transport)

    def sends(self, request: bytes = REQUEST, *, to_head: bool = False, now_ns: int = 1) -> Self:
        self.transport.unsent.clear()
        self.connection.to_head = to_head
        self.connection.send(request, now_ns)
        return self

    def says(self, *pieces: bytes) -> Self:
        for piece in pieces:
            if not self.transport.is_closing():
                self.connection.data_received(piece)
        return self

    def closes(self) -> Self:
        if not self.transport.is_closing():
            self.connection.eof_received()
            self.transport.close()
        self.connection.connection_lost(None)
        return self

    def breaks(self) -> Self:
        self.transport.close()
        self.connection.connection_lost(ConnectionResetError())
        return self
