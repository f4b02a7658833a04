"""The line to a client: who reads, who is slow, and how it ends well.

A base for the server's connection.  Must not know HTTP: it holds the transport, the
bytes that nobody has understood yet, whether either side has stopped reading, and one
absolute deadline for whatever is being waited for.

Ending takes care, because a TCP connection that is closed while bytes wait to be read
is reset, and the reset may destroy what the other end has not read yet:

- ``linger``: we send our FIN, then read and throw away until the client closes too;
- ``close``: nothing more is expected; what was written still goes out;
- ``abort``: a reset on purpose.

After any of the three the line *is over*: nothing that arrives is looked at.
"""

import asyncio
import contextlib
import math
import time
from typing import cast

from typing_extensions import override

from hedgerow.wire.limits import Limits
from hedgerow.wire.outbox import Outbox
from hedgerow.wire.sockets import HIGH_WATER, data_age, reset


class Link(asyncio.Protocol):
    """One connection, without what is said on it."""

    __slots__ = (
        "_discarded",
        "_half_closed",
        "_is_bare",
        "_is_blocked",
        "_is_over",
        "_is_paused",
        "_limits",
        "_mark",
        "_outbox",
        "_tail",
        "_transport",
        "client_fields",
        "due_at",
        "is_tls",
        "is_trusted",
        "own_fields",
        "peer",
        "told_peer",
    )

    def __init__(self, limits: Limits, outbox: Outbox) -> None:
        self._limits = limits
        self._outbox = outbox
        self._transport: asyncio.Transport
        self._tail = b""  # bytes read and not yet understood
        self._is_paused = False  # we do not read
        self._is_blocked = False  # the client does not read
        self._half_closed = False  # the client will send no more, and still wants its answer
        self._is_over = False  # nothing that still comes is looked at
        self._is_bare = False  # an answer's body goes past the transport, straight to the socket
        self._discarded = 0
        self._mark = 0  # bytes received, or not yet taken, when the current deadline was set
        self.due_at = math.inf  # when the current phase has taken too long
        self.peer = ""  # the other end's address, without the port; empty where it has none
        self.is_tls = False
        self.is_trusted = True  # what the other end says of those it forwards for is believed
        # What whoever let the client in knows of it.
        self.told_peer: str | None = None  # its address, where it is not the other end's
        self.own_fields = b""  # lines for every answer
        self.client_fields = b""  # lines that tell upstreams who it is

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER, low=HIGH_WATER // 4)
        if self.told_peer is None:
            name = self._transport.get_extra_info("peername")
            self.peer = name[0] if isinstance(name, tuple) else ""
        else:
            self.peer = self.told_peer
        self.is_tls = self._transport.get_extra_info("ssl_object") is not None

    @override
    def pause_writing(self) -> None:
        self._is_blocked = True
        self._time_writing()

    # --- called by the request ---

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._outbox.post(self._transport, data)

    def bare_socket(self) -> int | None:
        """Return the socket's descriptor, for a file that the kernel sends by itself.

        None where bytes have to go through the transport: TLS, or some that were written wait
        there.  Whoever has it reads neither from it nor closes it, and adds to the request's
        ``body_sent``: by that a client is found that takes next to nothing.
        """
        transport = self._transport
        if self.is_tls or transport.is_closing() or transport.get_write_buffer_size():
            return None
        sock = transport.get_extra_info("socket")
        if sock is None:
            return None
        self._is_bare = True
        self._mark = 0
        self.due_at = time.monotonic() + self._limits.write_timeout
        descriptor: int = sock.fileno()
        return descriptor

    def data_age(self) -> float:
        """Seconds for which the last bytes have been waiting in the kernel, while we were busy."""
        return data_age(self._transport)

    # --- reading ---

    def _pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > self._limits.max_discarded:
            self._pause()  # the client has until the deadline to read the answer

    # --- deadlines ---

    def _time_writing(self) -> None:
        self._mark = self._transport.get_write_buffer_size()
        self.due_at = time.monotonic() + self._limits.write_timeout

    def _time_lingering(self) -> None:
        if not self._transport.is_closing():
            self.due_at = time.monotonic() + self._limits.linger_timeout

    def _time_out_writing(self) -> None:
        """Give up on a client that takes next to nothing; a big answer may take its time."""
        if not (self._is_blocked or self._transport.is_closing()):
            self.close()  # it lingers, and is done with what was written or soon will be
        elif self._mark - self._transport.get_write_buffer_size() < HIGH_WATER // 2:
            self.abort()
        else:
            self._time_writing()

    # --- the end ---

    def abort(self) -> None:
        """Reset the connection: the client sees an error, never a short answer."""
        self._is_over = True
        self._tail = b""
        self._outbox.flush()
        reset(self._transport)

    def close(self) -> None:
        """Close once everything written is out, or the client does not take it."""
        self._is_over = True
        self._tail = b""
        self._outbox.flush()
        self._time_writing()
        self._transport.close()

    def _linger(self) -> None:
        """Say that we are done, and read on for a while."""
        if self._half_closed:
            self.close()  # nothing more can come
            return
        self._is_over = True
        self._tail = b""
        self._resume()
        if self._transport.can_write_eof():
            self._outbox.flush()
            with contextlib.suppress(OSError, RuntimeError):
                self._transport.write_eof()
        if not self._is_blocked:
            self._time_lingering()
