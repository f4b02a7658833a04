"""A call: one request on its way to one origin, as whoever makes it sees it.

A caller subclasses :class:`Call`: the events below come to it, in callbacks.  A call
ends exactly once, by ``ended=True``, by ``failed`` or by ``cancel``; after that it
hears nothing.  Must not know connections, nor why a call is made.
"""

from typing import Protocol

from hedgerow.errors import Failure
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.tunnel import TunnelEnd


class Carrying(Protocol):
    """What a call needs of the connection that carries it."""

    def send_body(self, data: bytes, *, chunked: bool, ended: bool) -> None:
        """Send more of the request's body."""

    def pause(self) -> None:
        """Stop reading the answer."""

    def resume(self) -> None:
        """Go on reading it."""

    def cancel(self) -> None:
        """Reset."""


class Waited(Protocol):
    """What a call needs of the pool in which it waits."""

    def withdraw(self, call: "Call") -> None:
        """It was cancelled."""


class Call:
    """One request on its way to one origin, and what comes back."""

    # Defaults on the class: a call is made per attempt, and most of these never change.
    body = b""  # what of the body is at hand; the rest comes by send_body()
    to_head = False  # the method is HEAD: the answer has no body
    replayable = True  # may be sent again where nothing was answered
    has_more = False  # the body goes on: send_body() will be called
    chunks = False  # and in the chunked coding
    upgrade = b""  # the protocol that is asked for, in lower case; a 101 must be to that one
    switched: TunnelEnd | None = None  # with a 101: the connection, for whoever takes it
    said_since = b""  # and what came on it after the 101
    is_resent = False
    is_done = False
    connection: "Carrying | None" = None
    waits_for: "Waited | None" = None  # the pool that has no connection for it yet

    def __init__(self, head: bytes) -> None:
        self.head = head  # the whole head, with its framing fields

    # --- events; override ---

    def sent(self) -> None:
        """The head went out on a connection: send_body() may be called now."""

    def informed(self, head: ResponseHead) -> None:
        """An interim answer (1xx) other than 100 came."""

    def answer_began(self, head: ResponseHead, data: bytes, *, ended: bool) -> None:
        """The head is here, with what of the body came along; ``ended``: that was all."""

    def body_received(self, data: bytes, *, ended: bool) -> None:
        """More of the body; with the last piece (maybe empty) ``ended`` is true."""

    def failed(self, failure: Failure, detail: str) -> None:
        """There will be no whole answer."""

    def writing_paused(self) -> None:
        """The upstream reads slower than we send: stop producing."""

    def writing_resumed(self) -> None:
        """There is room again."""

    # --- actions ---

    def send_body(self, data: bytes, *, ended: bool) -> None:
        """Send more of the request's body."""
        connection = self.connection
        if connection is not None and not self.is_done:
            connection.send_body(data, chunked=self.chunks, ended=ended)

    def pause(self) -> None:
        """Stop reading the answer."""
        if self.connection is not None:
            self.connection.pause()

    def resume(self) -> None:
        """Go on reading the answer."""
        if self.connection is not None:
            self.connection.resume()

    def cancel(self) -> None:
        """Nobody wants the answer any more: reset the connection, so that the work stops."""
        if self.is_done:
            return
        self.is_done = True
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.cancel()
        elif self.waits_for is not None:
            self.waits_for.withdraw(self)
