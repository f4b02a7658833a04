"""The server's side of HTTP/1.1: a connection, and the request it is serving.

Reads one request at a time; what a client pipelines behind it stays as bytes until
the answer is complete, so answers are in order and a parse error can never overtake
one.  Must not know routes, upstreams or why an answer is what it is.

A handler is called with a :class:`Request` once its head is whole.  It may set
``request.sink`` to hear of the body and of the client's going, and answers with
``respond`` or ``begin`` / ``write``.  Everything happens in callbacks.

::

    head --------> request --answer complete--> head   (keep-alive)
      |  refused      |  answer complete -----> linger --> closed
      `------------> linger (read and discard, so that the client can read the answer)

Budget of a request without a body: 0 tasks, 0 timers, 1 write, 2 objects (head, request).
"""

import asyncio
import contextlib
import math
import time
from typing import Final, cast

from typing_extensions import override

from hedgerow.errors import PeerError
from hedgerow.wire.body import BodyReader, Framing
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.listener import Listener
from hedgerow.wire.problem import problem_body, problem_fields
from hedgerow.wire.request import Request
from hedgerow.wire.sockets import HIGH_WATER, data_age, has_tcp_info, reset, was_reset
from hedgerow.wire.status import STATUS_LINES

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class ServerConnection(asyncio.Protocol):
    """Feeds the parser and writes answers; state is grouped by how long it lives."""

    __slots__ = (
        "_body",
        "_body_began_at",
        "_busy",
        "_discarded",
        "_half_closed",
        "_is_paused",
        "_lingers",
        "_listener",
        "_request",
        "_served",
        "_tail",
        "_transport",
        "closes",
        "due_at",
        "is_tls",
        "peer",
    )

    def __init__(self, listener: Listener) -> None:
        # For the life of the listener.
        self._listener = listener
        # For the life of the connection.
        self._transport: asyncio.Transport
        self._tail = b""  # bytes read and not yet understood
        self._busy = False  # inside _advance(): whatever completes meanwhile must not nest
        self._served = False  # at least one request was answered
        self._half_closed = False  # the client will send no more, and still wants its answer
        self._lingers = False
        self._discarded = 0
        self._is_paused = False
        self.peer = ""
        self.is_tls = False
        self.closes = False  # after the current answer
        self.due_at = math.inf  # when the current phase has taken too long
        # For the life of one request.
        self._request: Request | None = None
        self._body: BodyReader | None = None
        self._body_began_at = 0.0

    # --- called by the event loop ---

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER, low=HIGH_WATER // 4)
        name = self._transport.get_extra_info("peername")
        self.peer = name[0] if isinstance(name, tuple) else ""
        self.is_tls = self._transport.get_extra_info("ssl_object") is not None
        listener = self._listener
        listener.connections.add(self)
        self.due_at = time.monotonic() + listener.limits.head_timeout
        listener.connection_made()

    @override
    def data_received(self, data: bytes) -> None:
        if self._request is None and not self._tail and not self._lingers:
            self._tail = data
            self._advance()
        elif self._lingers:
            self._discard(len(data))
        elif self._body is not None and not self._tail:
            self._read_body(data)
        else:
            self._tail += data
            if self._request is None:
                self._advance()
            elif len(self._tail) > self._listener.limits.max_pipelined:
                self._pause()

    @override
    def eof_received(self) -> bool:
        if self._request is None or self._body is not None or self.is_tls or not has_tcp_info():
            return False
        # A client that only shut down its sending side still waits; one that closed looks the
        # same.  An interim answer tells them apart: a closed socket resets the connection, and
        # the sweep sees that.  (Any client must cope with 1xx: RFC 9110 section 15.2.)
        self._half_closed = True
        self.closes = True
        self._request.inform(100, b"")
        self.due_at = 0.0  # look at every sweep
        return True

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        listener = self._listener
        listener.connections.discard(self)
        self.due_at = math.inf
        request, self._request = self._request, None
        self._body = None
        self._tail = b""
        if request is not None:
            request.detach()
            if request.sink is not None:
                request.sink.client_left()
        listener.connection_lost()

    @override
    def pause_writing(self) -> None:
        self.due_at = time.monotonic() + self._listener.limits.write_timeout
        if self._request is not None and self._request.sink is not None:
            self._request.sink.writing_paused()

    @override
    def resume_writing(self) -> None:
        self.due_at = math.inf
        if self._request is not None:
            if self._request.sink is not None:
                self._request.sink.writing_resumed()
        elif not self._lingers:
            self._wait_for_next()

    # --- called by the sweep ---

    def timed_out(self, now: float) -> None:
        """The current phase has taken longer than its limit allows."""
        limits = self._listener.limits
        if self._half_closed:
            self._leave_if_reset()
        elif self._lingers:
            self._transport.close()
        elif self._transport.get_write_buffer_size() > 0:
            self.abort()
        elif self._body is not None:
            elapsed = now - self._body_began_at - limits.body_timeout
            if self._body.received < elapsed * limits.body_min_rate or elapsed < 0:
                self._refuse(PeerError(408, "the request's body came too slowly"))
            else:
                self.due_at = now + 1.0
        elif self._tail or not self._served:
            self._refuse(PeerError(408, "the request's head did not come in time"))
        else:
            self._transport.close()

    def drain(self) -> None:
        """Close if nothing is being asked; otherwise after the current answer."""
        self.closes = True
        if self._request is None and not self._tail and (self._served or self._is_stale()):
            self._transport.close()

    # --- reading ---

    def _advance(self) -> None:
        """Serve what is in the tail, one request after the other."""
        if self._busy:
            return
        self._busy = True
        try:
            while self._tail and self._request is None and not self._lingers:
                if not self._read_head(self._tail):
                    break
        finally:
            self._busy = False

    def _read_head(self, data: bytes) -> bool:
        """Start the request whose head stands at the front; False when it is not whole."""
        end = data.find(b"\r\n\r\n")
        limits = self._listener.limits
        if end < 0 or end > limits.max_head or data[0] == 0x0D:
            return self._read_head_slow_path(data, end)
        try:
            head = self._listener.parser.parse(data[: end + 4])
            if head.content_length > limits.max_body:
                raise PeerError(413, f"the body is longer than {limits.max_body} bytes")
        except PeerError as error:
            self._refuse(error)
            return False
        self._tail = data[end + 4 :]
        self.due_at = math.inf
        self._request = request = Request(head, self)
        if head.framing is Framing.NONE:
            self._listener.handle(request)
        else:
            self._start_body(request, head)
        return True

    def _read_head_slow_path(self, data: bytes, end: int) -> bool:
        """Runs when a head comes in pieces, after empty lines, or is too long."""
        limits = self._listener.limits
        if data[:2] == b"\r\n":  # a client may send empty lines before a request (RFC 9112 2.2)
            self._tail = data.lstrip(b"\r\n")
            return bool(self._tail)
        if len(data) > limits.max_head if end < 0 else end > limits.max_head:
            line = data.find(b"\r\n")
            if line < 0 or line > limits.max_request_line:
                detail = f"the request line is longer than {limits.max_request_line} bytes"
                self._refuse(PeerError(414, detail))
            else:
                self._refuse(PeerError(431, f"the head is longer than {limits.max_head} bytes"))
        elif not (data[:1].isalpha() or data == b"\r"):
            self._refuse(PeerError(400, "the request does not start with a method"))
        elif data.count(b"\n") != data.count(b"\r\n"):
            self._refuse(PeerError(400, "a line of the head ends in a bare LF"))
        elif self._served or self.due_at == math.inf:
            self._served = False  # from now on the head's own deadline counts, and only once
            self.due_at = time.monotonic() + limits.head_timeout
        return False

    def _start_body(self, request: Request, head: RequestHead) -> None:
        limits = self._listener.limits
        self._body = BodyReader(head.framing, head.content_length)
        self._body_began_at = time.monotonic()
        self.due_at = self._body_began_at + limits.body_timeout
        rest, self._tail = self._tail, b""
        self._listener.handle(request)
        if rest and self._body is not None:
            self._read_body(rest)

    def _read_body(self, data: bytes) -> None:
        reader = self._body
        if reader is None:
            return
        try:
            body, self._tail = reader.feed(data)
            if reader.received > self._listener.limits.max_body:
                raise PeerError(413, "the body is longer than it may be")
        except PeerError as error:
            self._refuse(error)
            return
        if reader.ended:
            self._body = None
            self.due_at = math.inf
        request = self._request
        if request is not None and request.sink is not None and (body or reader.ended):
            request.sink.body_received(body, ended=reader.ended)

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > self._listener.limits.max_discarded:
            self._transport.close()

    def _pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    # --- called by the request ---

    def keeps_alive(self, head: RequestHead) -> bool:
        """Say whether another request may follow; a body not read yet would be in its way."""
        return head.keep_alive and not self.closes and self._body is None

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def data_age(self) -> float:
        """Seconds for which the request has been waiting in the kernel, while we were busy."""
        return data_age(self._transport)

    def accept_body(self) -> None:
        if self._body is not None and self._body.received == 0:
            self._transport.write(_CONTINUE)

    def pause_body(self) -> None:
        if self._body is not None:
            self.due_at = math.inf  # it is not the client who is slow
            self._pause()

    def resume_body(self) -> None:
        if self._body is not None:
            self._body_began_at = time.monotonic()  # the minimum rate counts anew
            self.due_at = self._body_began_at + self._listener.limits.body_timeout
        self._resume()

    def request_done(self) -> None:
        """The answer is complete: go on to the next request, or close."""
        unread = self._body is not None
        self._request = None
        self._body = None
        self._served = True
        if unread:
            self._linger()
        elif self.closes:
            self._transport.close()
        elif self._transport.get_write_buffer_size() < HIGH_WATER:
            self._wait_for_next()

    def abort(self) -> None:
        """Reset the connection: the client sees an error, never a short answer."""
        reset(self._transport)

    def close(self) -> None:
        """Close once everything written is out."""
        self._transport.close()

    # --- between requests, and the end ---

    def _wait_for_next(self) -> None:
        self.due_at = self._listener.idle_until()
        if self._is_paused:
            self._resume()
        if self._tail:
            self._advance()

    def _refuse(self, error: PeerError) -> None:
        """Answer a request that broke a rule, and close: where the next one starts is in doubt."""
        request = self._request
        self._listener.refused += 1
        if request is not None:
            self._request = None
            request.detach()
            if request.sink is not None:
                request.sink.client_left()
            if request.status:  # half an answer is out already
                self.abort()
                return
        body = problem_body(error.status, error.detail)
        self._body = None
        self._transport.write(
            b"%b%bContent-Length: %d\r\nConnection: close\r\n\r\n%b"
            % (STATUS_LINES[error.status], problem_fields(), len(body), body)
        )
        self._linger()

    def _linger(self) -> None:
        """Say that we are done and read on for a while: a close now would reset the answer."""
        self._lingers = True
        self._tail = b""
        self._resume()
        if self._transport.can_write_eof() and not self._half_closed:
            with contextlib.suppress(OSError, RuntimeError):
                self._transport.write_eof()
            self.due_at = time.monotonic() + self._listener.limits.linger_timeout
        else:
            self._transport.close()

    def _is_stale(self) -> bool:
        """Accepted at least a second ago, and never said a word."""
        limits = self._listener.limits
        return self.due_at - limits.head_timeout + 1.0 < time.monotonic()

    def _leave_if_reset(self) -> None:
        """Notice that a half-closed client has in truth gone."""
        if was_reset(self._transport):
            self._transport.abort()
