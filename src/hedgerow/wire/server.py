"""The server's side of HTTP/1.1: a connection, and the request it is serving.

Reads one request at a time; what a client pipelines behind it stays as bytes until
the answer is complete, so answers are in order and a parse error can never overtake
one.  Must not know routes, upstreams or why an answer is what it is.

A handler is called with a :class:`Request` once its head is whole.  It may set
``request.sink`` to hear of the body and of the client's going, and answers with
``respond`` or ``begin`` / ``write``.  Everything happens in callbacks.

::

    head --whole--> request --answer complete--> head   (keep-alive)
      |  refused       |  last answer complete
      `--------------> over: what still comes is read and discarded for a while,
                       because a close would reset the answer out of the client's hands

Each phase has one absolute deadline, in ``due_at``; while a client does not take what we
write, the deadline is for that.

Budget of a request without a body: 0 tasks, 0 timers, 1 write, 2 objects (head, request).
"""

import asyncio
import math
import time
from typing import Final

from typing_extensions import override

from hedgerow.errors import PeerError
from hedgerow.wire.body import NO_BODY, BodyReader
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.link import Link
from hedgerow.wire.listener import Listener
from hedgerow.wire.problem import refusal
from hedgerow.wire.request import Request
from hedgerow.wire.sockets import HIGH_WATER, has_tcp_info, was_reset
from hedgerow.wire.tunnel import TunnelEnd
from hedgerow.wire.unfinished import objection, without_empty_lines

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_MAY_SPEAK: Final = 1.0  # seconds after an answer in which the next request may be on its way


class ServerConnection(Link):
    """Feeds the parser and writes answers; state is grouped by how long it lives."""

    __slots__ = (
        "_body",
        "_body_held",
        "_busy",
        "_listener",
        "_request",
        "_served",
        "closes",
        "is_first",
    )

    def __init__(self, listener: Listener) -> None:
        super().__init__(listener.limits, listener.outbox)
        # For the life of the listener.
        self._listener = listener
        # For the life of the connection.
        self._busy = False  # inside _advance(): whatever completes meanwhile must not nest
        self._served = False  # an answer was given since the last head began: idle, not slow
        self.is_first = True  # nothing was asked before
        self.closes = False  # after the current answer
        # For the life of one request.
        self._request: Request | None = None
        self._body: BodyReader | None = None
        self._body_held = False  # whoever takes the body is full

    # --- called by the event loop ---

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        listener = self._listener
        if listener.trusts is not None:
            self.is_trusted = listener.trusts(self.peer)
        self.closes = listener.draining
        self.due_at = time.monotonic() + listener.limits.head_timeout
        listener.admit(self)

    @override
    def data_received(self, data: bytes) -> None:
        if self._request is None and not self._tail and not self._is_over:
            self._tail = data
            self._advance()
        elif self._is_over:
            self._discard(len(data))
        elif self._body is not None:
            self._read_body(data)
        else:
            self._tail += data
            if self._request is None:
                self._advance()
            if self._is_far_ahead():
                self._pause()

    @override
    def eof_received(self) -> bool:
        waits = self._request is not None or self._is_blocked
        can_wait = self._body is None and self._transport.can_write_eof() and has_tcp_info()
        if self._is_over or not (waits and can_wait):
            self.close()
            return False
        # A client that only shut down its sending side still waits; one that closed looks the
        # same.  What we send tells them apart: a closed socket resets the connection, and the
        # sweep sees that.  Inside an answer that is the rest of it; before one, an interim
        # answer (any client must cope with 1xx: RFC 9110 section 15.2).
        self._half_closed = True
        self.closes = self.closes or not self._tail  # it may have sent more requests ahead
        if self._request is not None:
            self._request.inform(100, b"")
        self._time_request()
        return True

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._listener.dismiss(self)
        self._is_over = True
        self.due_at = math.inf
        self._tail = b""
        self._body = None
        self._drop_request()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        if self._request is not None and self._request.sink is not None:
            self._request.sink.writing_paused()

    @override
    def resume_writing(self) -> None:
        self._is_blocked = False
        request = self._request
        if self._is_over:
            self._time_lingering()
        elif request is not None:
            self._time_request()
            if request.sink is not None:
                request.sink.writing_resumed()
        elif self._half_closed and not self._tail:
            self.close()
        else:
            self._wait_for_next()

    # --- called by the sweep ---

    def timed_out(self, now: float) -> None:
        if self._is_blocked or self._is_over:
            self._time_out_writing()
        elif self._request is not None and (self._half_closed or self._body_held or self._is_bare):
            least = HIGH_WATER // 2 if self._is_bare else 1
            is_stalled = self.due_at > 0.0 and self._request.body_sent < self._mark + least
            if is_stalled or was_reset(self._transport):
                self.abort()
            else:
                self._time_request()
        elif self._body is not None:
            enough = self._limits.body_min_rate * self._limits.body_timeout
            if self._body.received - self._mark < enough:
                self._refuse(PeerError(408, "the request's body came too slowly"))
            else:
                self._time_request()
        elif self._tail.strip(b"\r\n"):  # half of an empty line is no request
            self._refuse(PeerError(408, "the request's head did not come in time"))
        else:
            # No answer: a client that has not asked would take it for that to what it will ask.
            self.close()

    def drain(self) -> None:
        self.closes = True
        patience = self._limits.idle_timeout if self._served else self._limits.head_timeout
        # A request that meets a close is lost: who spoke just now may ask, and is told then.
        is_silent = self.due_at - patience + _MAY_SPEAK < time.monotonic()
        if is_silent and self._request is None and not self._tail and not self._is_over:
            self.close()

    # --- reading ---

    def _advance(self) -> None:
        """Serve what is in the tail, one request after the other, while the client reads."""
        if self._busy:
            return
        self._busy = True
        more = True
        while more and self._tail and self._request is None and not self._is_blocked:
            try:
                more = self._read_head(self._tail)
            except Exception as error:
                self._handler_failed(error)
        self._busy = False

    def _read_head(self, data: bytes) -> bool:
        """Start the request whose head stands at the front; False when it is not whole."""
        end = data.find(b"\r\n\r\n")
        limits = self._limits
        if end < 0 or end > limits.max_head or data[0] < 0x41:  # b"A"
            return self._read_head_slow_path(data, end)
        raw = data[: end + 4]
        head = self._listener.memo.find(raw)
        if head is None:
            try:
                head = self._parse_head(raw)
            except PeerError as error:
                self._refuse(error)
                return False
        self._tail = data[end + 4 :]
        self.due_at = math.inf
        self._request = request = Request(head, self)
        self._listener.requests += 1
        self.is_first = False
        if head.framing is NO_BODY:
            self._listener.handle(request)
        else:
            self._start_body(request, head)
        return True

    def _parse_head(self, raw: bytes) -> RequestHead:
        listener = self._listener
        head = listener.parser.parse(raw)
        if head.content_length > listener.limits.max_body:
            raise PeerError(413, f"the body is longer than {listener.limits.max_body} bytes")
        if head.framing is NO_BODY:
            listener.memo.keep(raw, head)
        return head

    def _read_head_slow_path(self, data: bytes, end: int) -> bool:
        """Runs when a head comes in pieces, after empty lines, or is too long."""
        if data.startswith(b"\r\n"):  # a client may send some before a request (RFC 9112 2.2)
            self._tail = without_empty_lines(data)
            return bool(self._tail)
        error = objection(data, end, self._limits)
        if error is not None:
            self._refuse(error)
        elif self._served:
            self._served = False  # from now on the head's own deadline counts, and only once
            self.due_at = time.monotonic() + self._limits.head_timeout
        return False

    def _start_body(self, request: Request, head: RequestHead) -> None:
        self._body = BodyReader(head.framing, head.content_length)
        if not head.expects_continue:
            self._time_request()
        # What came with the head counts as read already, so that a handler which needs no body
        # and answers at once can keep the connection.
        rest, self._tail = self._tail, b""
        body = self._decode_body(rest) if rest else b""
        if body is None:
            return
        ended = self._body is None
        self._listener.handle(request)
        if (body or ended) and request.sink is not None:
            request.sink.body_received(body, ended=ended)

    def _read_body(self, data: bytes) -> None:
        body = self._decode_body(data)
        request, ended = self._request, self._body is None
        if request is not None and request.sink is not None and (body or ended):
            try:
                request.sink.body_received(body or b"", ended=ended)
            except Exception as error:
                self._handler_failed(error)

    def _decode_body(self, data: bytes) -> bytes | None:
        """Take the body out of what came; None when that ended the connection."""
        reader = self._body
        if reader is None:
            return None
        try:
            body, self._tail = reader.feed(data)
            if reader.received > self._limits.max_body:
                raise PeerError(413, "the body is longer than it may be")
        except PeerError as error:
            self._refuse(error)
            return None
        if reader.ended:
            self._body = None
            self._time_request()
        return body

    # --- called by the request ---

    def keeps_alive(self, head: RequestHead) -> bool:
        """Say whether another request may follow; a body not read yet would be in its way."""
        return head.keep_alive and not self.closes and self._body is None

    def become_tunnel(self) -> tuple[TunnelEnd, bytes]:
        self._outbox.flush()
        rest, self._tail, self._request, self._is_over = self._tail, b"", None, True
        end = self._listener.give_away(self, self._transport)
        end.has_ended = self._half_closed
        return end, rest

    def accept_body(self) -> None:
        if self._body is not None:
            if self._body.received == 0:
                self.write(_CONTINUE)
            self._time_request()

    def pause_body(self) -> None:
        if self._body is not None:
            self._body_held = True
            self._pause()
            self._time_request()

    def resume_body(self) -> None:
        if self._body_held:
            self._body_held = False
            self._resume()
            self._time_request()

    def request_done(self) -> None:
        """The answer is complete: go on to the next request, or close."""
        unread = self._body is not None
        self._is_bare = False
        self._request = self._body = None
        self._served = True
        if unread or (self.closes and self._tail):
            self._linger()
        elif self.closes:
            self.close()
        elif not self._is_blocked:
            self._wait_for_next()

    def _time_request(self) -> None:
        """Set the deadline of whatever the current request waits for now."""
        if self._is_blocked:
            return  # that is for its reading, and stays
        request = self._request
        if (self._half_closed or self._is_bare) and request is not None and request.status:
            self._mark = request.body_sent  # where nothing more is sent, nobody will tell us
            self.due_at = time.monotonic() + self._limits.write_timeout
        elif self._half_closed or self._body_held:
            self.due_at = 0.0  # nothing is read, so look for the client at every sweep
        elif self._body is None:
            self.due_at = math.inf  # it is not the client who is slow
        else:
            self._mark = self._body.received
            self.due_at = time.monotonic() + self._limits.body_timeout

    # --- between requests, and the end ---

    def _wait_for_next(self) -> None:
        self.due_at = self._listener.idle_until()
        if self._tail and not self._busy:
            self._go_on()

    def _go_on(self) -> None:
        """Serve what the client sent ahead of our answer."""
        self._advance()
        if self._is_over:
            return
        if self._half_closed:
            if self._request is None and not self._is_blocked:
                self.close()  # what is left is no whole request, and no more will come
            elif not self._tail:
                self.closes = True
        elif not self._is_far_ahead() and not self._body_held:
            self._resume()

    def _is_far_ahead(self) -> bool:
        """Say whether more is waiting than is read while an answer is pending."""
        pending = self._request is not None or self._is_blocked
        return pending and len(self._tail) > self._limits.max_pipelined

    def _drop_request(self) -> bool:
        """Let go of the current request, if any; returns whether its answer had begun."""
        request, self._request = self._request, None
        if request is None:
            return False
        request.detach()
        if request.sink is not None:
            request.sink.client_left()
            request.sink = None
        return request.status > 0

    def _refuse(self, error: PeerError) -> None:
        """Answer a request that broke a rule, and close: where the next one starts is in doubt."""
        self._listener.refused += 1
        request = self._request
        is_head = request.head.method == b"HEAD" if request else self._tail[:5] == b"HEAD "
        self._body = None
        if self._drop_request():
            self.abort()
            return
        self.write(refusal(error.status, error.detail, to_head=is_head))
        self._linger()

    def _handler_failed(self, error: Exception) -> None:
        """A bug of ours: the story for the loop's handler, and a 500 where it can be told."""
        self._listener.report("a handler failed", error)
        if self._request is not None:
            self._refuse(PeerError(500, "the request could not be handled"))
        else:
            self.close()
