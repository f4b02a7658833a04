"""What all the connections of one listening address have in common.

Holds the handler, the limits, the one parser and the set of open connections, and
visits them: whose time is up, and who may be closed when draining.  Must not know
what a connection does with its bytes.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from hedgerow.wire.heads import RequestHead, RequestHeadParser
from hedgerow.wire.limits import Limits
from hedgerow.wire.memo import HeadMemo
from hedgerow.wire.outbox import WRITE_THROUGH, Outbox
from hedgerow.wire.request import Request
from hedgerow.wire.timers import Sweeper
from hedgerow.wire.tunnel import TunnelEnd, take_over


class Connection(Protocol):
    """What a listener needs of its connections."""

    due_at: float

    def timed_out(self, now: float) -> None:
        """The current phase has taken too long."""

    def drain(self) -> None:
        """Close as soon as nothing is being asked."""

    def abort(self) -> None:
        """Break the connection."""


class Listener:
    """What the connections of one listening address share."""

    def __init__(
        self,
        handle: Callable[[Request], None],
        limits: Limits,
        sweeper: Sweeper,
        outbox: Outbox = WRITE_THROUGH,
    ) -> None:
        self.handle = handle
        self.outbox = outbox
        self.limits = limits
        self.parser = RequestHeadParser(
            max_request_line=limits.max_request_line, max_fields=limits.max_fields
        )
        self.memo: HeadMemo[RequestHead] = HeadMemo()
        self.connections: set[Connection] = set()
        self.draining = False
        self.accepted = 0  # connections
        self.requests = 0  # whose head was understood
        self.refused = 0  # requests answered by this module because they broke a rule
        self.failed_handshakes = 0  # of TLS
        #: Whether a peer's address is one of a proxy whose word counts; None: there are no such.
        self.trusts: Callable[[str], bool] | None = None
        self.connection_made: Callable[[], None] = _nothing
        self.connection_lost: Callable[[], None] = _nothing
        self._sweeper = sweeper
        sweeper.add(self._sweep)

    def admit(self, connection: Connection) -> None:
        """Count one more."""
        self.connections.add(connection)
        self.accepted += 1
        self.connection_made()

    def dismiss(self, connection: Connection) -> None:
        """Count one less."""
        self.connections.discard(connection)
        self.connection_lost()

    def drain(self) -> None:
        """Answer what has been asked, say ``Connection: close`` with it, take nothing new."""
        self.draining = True
        for connection in tuple(self.connections):
            connection.drain()

    def close(self) -> None:
        """Break every connection that is still open."""
        for connection in tuple(self.connections):
            connection.abort()

    def give_away(self, connection: Connection, transport: asyncio.BaseTransport) -> TunnelEnd:
        """Let a connection leave HTTP behind; its end of the tunnel counts in its stead."""
        end = take_over(transport, self.dismiss)
        self.connections.discard(connection)
        self.connections.add(end)
        return end

    def idle_until(self) -> float:
        """When a connection that falls idle now has waited long enough."""
        # The sweep's clock is up to 0.25 s old, which an idle time does not notice.
        return self._sweeper.now + self.limits.idle_timeout

    def report(self, message: str, error: Exception) -> None:
        """Hand an exception of a handler to whoever looks after the loop."""
        self._sweeper.report(message, error)

    def _sweep(self, now: float) -> None:
        for connection in tuple(self.connections):
            if connection.due_at <= now:
                try:
                    connection.timed_out(now)
                except Exception as error:
                    # One that fails would fail again at every sweep, and keep it from the others.
                    self.report("a timeout failed", error)
                    connection.abort()
        # Silent connections that were accepted just before the drain had a moment to speak.
        if self.draining:
            for connection in tuple(self.connections):
                connection.drain()


def _nothing() -> None:
    """Nobody counts connections."""
