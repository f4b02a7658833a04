"""The sender's HTTP/1.1 client: one request at a time on a connection that is kept alive.

Our own and small, so that the judge shares no code with a contender.  It knows GET
without a body, and answers with a length or in chunks, which is all that occurs.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools
from typing_extensions import override


class Answer:
    """What came back so far for one request."""

    __slots__ = ("body", "status")

    def __init__(self) -> None:
        self.status = 0
        self.body = bytearray()


class Connection(asyncio.Protocol):
    """Calls ``ended`` once a request: with the answer, or with None when it broke."""

    def __init__(self, idle: list["Connection"]) -> None:
        # For the life of the connection.
        self._idle = idle
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        # For the life of one request.
        self._ended: Callable[[Answer | None], None] | None = None
        self._answer = Answer()

    def send(self, request: bytes, ended: Callable[[Answer | None], None]) -> None:
        """Begin an exchange; the connection must be idle."""
        self._answer = Answer()
        self._ended = ended
        if self._transport is not None:
            self._transport.write(request)

    def abandon(self) -> None:
        """Give up the request in flight: its connection cannot be used again."""
        self._ended = None
        if self._transport is not None:
            self._transport.abort()

    # --- called by the event loop ---

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports keep the interface but are not of this class, so it cannot be checked.
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._finish(None)
            self.abandon()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._idle:
            self._idle.remove(self)
        self._finish(None)

    # --- called by the parser, in this order ---

    def on_body(self, body: bytes) -> None:
        self._answer.body += body

    def on_message_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        if not self._parser.should_keep_alive():
            if self._transport is not None:
                self._transport.close()
        elif self._ended is not None:
            self._idle.append(self)
        self._finish(self._answer)

    def _finish(self, answer: Answer | None) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(answer)
