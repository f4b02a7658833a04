"""Two connections that have left HTTP behind: what one says the other is told.

After a 101 (RFC 9110 section 7.8) nobody here understands the bytes any more.  They are moved
with back-pressure both ways: a side that does not read stops the reading of the other one.  An
end of one direction is passed on where the transport can say it (TLS cannot: it ends both); a
reset of one side resets the other.  Must not know which protocol is spoken.

A tunnel in which nothing has moved for ``idle_timeout`` (up to half as long again) is closed.
Budget of a piece: 0 tasks, 0 timers, 1 write.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable
from typing import cast

from typing_extensions import override

from hedgerow.wire.sockets import HIGH_WATER, reset


class TunnelEnd(asyncio.Protocol):
    """One of the two connections; it looks like any other to whoever sweeps and drains."""

    __slots__ = (
        "_lost",
        "_transport",
        "due_at",
        "has_ended",
        "is_lost",
        "other",
        "received",
        "tunnel",
    )

    def __init__(self, transport: asyncio.Transport, lost: Callable[["TunnelEnd"], None]) -> None:
        """Take over a connection from the protocol that it had; ``lost`` is called at its end."""
        self._transport = transport
        self._lost = lost
        self.other: TunnelEnd | None = None
        self.tunnel: Tunnel | None = None
        self.received = 0  # bytes
        self.has_ended = False  # nothing more comes from this side
        self.is_lost = False
        self.due_at = math.inf  # when it is to be looked at; only the client's end is
        transport.set_protocol(self)

    # --- called by the event loop ---

    @override
    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if self.other is not None:
            self.other.write(data)

    @override
    def eof_received(self) -> bool:
        self.has_ended = True
        other = self.other
        if other is None or other.has_ended or other.is_lost:
            return False
        return other.end_writing() and self._transport.can_write_eof()

    @override
    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.pause_reading()

    @override
    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.resume_reading()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        other = self.other
        if other is not None and not other.is_lost:
            if exc is None:
                other.close()  # what was written still goes out
            else:
                other.abort()
        self._lost(self)
        if self.tunnel is not None:
            self.tunnel.lost()

    # --- called by the other end ---

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def end_writing(self) -> bool:
        """Say that no more is coming; False where only a close can say it, which it then does."""
        if not self._transport.can_write_eof():
            self._transport.close()
            return False
        with contextlib.suppress(OSError, RuntimeError):
            self._transport.write_eof()
        return True

    def pause_reading(self) -> None:
        """Wait for the other end to take what it has."""
        with contextlib.suppress(RuntimeError):
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on."""
        with contextlib.suppress(RuntimeError):
            self._transport.resume_reading()

    @property
    def unsent(self) -> int:
        """Bytes that this side has yet to take."""
        return self._transport.get_write_buffer_size()

    # --- called by the sweep, and by whoever stops the server ---

    def timed_out(self, now: float) -> None:
        """Look whether anything moves."""
        if self.tunnel is not None:
            self.tunnel.check(now)

    def drain(self) -> None:
        """Nobody can say here when a good moment would be: it may go on until it is broken."""

    def close(self) -> None:
        """Close once everything written is out."""
        self._transport.close()

    def abort(self) -> None:
        """Reset, and the other end with it: neither side shall take this for an orderly end."""
        other, self.other = self.other, None
        reset(self._transport)
        if other is not None:
            other.abort()


class Tunnel:
    """What holds two ends together."""

    __slots__ = ("_client", "_ended", "_idle_timeout", "_is_quiet", "_mark", "_upstream")

    def __init__(
        self,
        client: TunnelEnd,
        upstream: TunnelEnd,
        idle_timeout: float,
        ended: Callable[[], None],
    ) -> None:
        """``ended`` is called once, when both connections are gone."""
        self._client, self._upstream = client, upstream
        self._idle_timeout = idle_timeout
        self._mark = -1
        self._is_quiet = False
        self._ended = ended

    def start(self, now: float, *, from_client: bytes, from_upstream: bytes) -> None:
        """Join the ends; the bytes are what each side has said already."""
        client, upstream = self._client, self._upstream
        client.other, upstream.other = upstream, client
        client.tunnel = upstream.tunnel = self
        for end, said in ((client, from_client), (upstream, from_upstream)):
            if said:
                end.data_received(said)
            end.resume_reading()
        if client.has_ended:
            upstream.end_writing()
        self._look_again(now)

    def lost(self) -> None:
        """One of the connections is gone."""
        if self._client.is_lost and self._upstream.is_lost:
            self._ended()

    @property
    def to_client(self) -> int:
        """Bytes that the upstream has sent."""
        return self._upstream.received

    def check(self, now: float) -> None:
        """Close it when nothing has moved for long."""
        client, upstream = self._client, self._upstream
        progress = client.received + upstream.received - client.unsent - upstream.unsent
        is_quiet = progress == self._mark
        if is_quiet and self._is_quiet:
            client.due_at = math.inf
            if client.unsent or upstream.unsent:
                client.abort()  # somebody does not read, and never would
            else:
                client.close()
                upstream.close()
            return
        self._mark, self._is_quiet = progress, is_quiet
        self._look_again(now)

    def _look_again(self, now: float) -> None:
        self._client.due_at = now + self._idle_timeout / 2


def take_over(transport: asyncio.BaseTransport, lost: Callable[[TunnelEnd], None]) -> TunnelEnd:
    """Make a connection the end of a tunnel."""
    stream = cast("asyncio.Transport", transport)
    stream.set_write_buffer_limits(high=HIGH_WATER, low=HIGH_WATER // 4)
    return TunnelEnd(stream, lost)
