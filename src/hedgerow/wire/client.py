"""The client's side of HTTP/1.1: a call, and the connection that carries it.

Sends one request at a time and reads one answer; a connection goes back to its pool
only when the answer ended where its framing said and not a byte came after it.  Must
not know why a call is made, nor whether another one races it.

Budget of an answer in one piece: 0 tasks, 0 timers, 1 write, 1 event.
"""

import asyncio
from typing import Final, Protocol, cast

from typing_extensions import override

from hedgerow.errors import Failure, PeerError, UpstreamError
from hedgerow.wire.body import BY_LENGTH, UNTIL_CLOSE, BodyReader
from hedgerow.wire.call import Call
from hedgerow.wire.chunked import LAST_CHUNK, chunk
from hedgerow.wire.heads import ResponseHead, ResponseHeadParser
from hedgerow.wire.memo import HeadMemo
from hedgerow.wire.outbox import Outbox
from hedgerow.wire.sockets import HIGH_WATER, is_clean_end, reset
from hedgerow.wire.tunnel import take_over

_MAX_HEAD: Final = 64 * 1024  # generous: upstreams are ours, and cookies grow
_BEGINNING: Final = b"HTTP/1."

# What of a request is not out yet.
_BODY: Final = 1  # send_body() has not been told the end
_BUFFER: Final = 2  # more waits in the transport than it should hold
_UNKNOWN: Final = (-2, -2)  # no progress was seen yet


class Owner(Protocol):
    """What a connection needs of its pool."""

    name: str
    memo: HeadMemo[ResponseHead]
    outbox: Outbox

    def opened(self, connection: "ClientConnection") -> None:
        """It is there, and free."""

    def release(self, connection: "ClientConnection", *, reusable: bool) -> None:
        """Its exchange is over; take it back, or close it."""

    def lost(self, connection: "ClientConnection") -> None:
        """It is closed."""

    def streams(self, connection: "ClientConnection") -> None:
        """It carries a body that takes time: look after it."""

    def resend(self, call: Call) -> None:
        """Send a call again that an old connection swallowed."""

    def withdraw(self, call: Call) -> None:
        """A call that waits for a connection was cancelled."""

    def report(self, message: str, error: Exception) -> None:
        """Tell whoever looks after the loop of an exception of a caller's."""


class ClientConnection(asyncio.Protocol):
    """One connection to an origin; state is grouped by how long it lives."""

    __slots__ = (
        "_body",
        "_call",
        "_is_paused",
        "_keep_alive",
        "_parser",
        "_pool",
        "_progress",
        "_progress_at",
        "_tail",
        "_transport",
        "_unsent",
        "idle_since",
        "is_reused",
    )

    def __init__(self, pool: Owner, parser: ResponseHeadParser) -> None:
        # For the life of the pool.
        self._pool = pool
        self._parser = parser
        # For the life of the connection.
        self._transport: asyncio.Transport
        self._is_paused = False
        self.is_reused = False  # has carried a whole exchange before
        self.idle_since = 0.0
        # For the life of one call.
        self._call: Call | None = None
        self._tail = b""  # an unfinished head
        self._body: BodyReader | None = None
        self._unsent = 0  # _BODY, _BUFFER, or both
        self._keep_alive = False
        self._progress = _UNKNOWN  # bytes of the answer's body, and bytes not sent yet
        self._progress_at = 0.0  # when that was last seen to change

    # --- called by the pool ---

    def carry(self, call: Call) -> None:
        """Send a call's head and what there is of its body."""
        self._call = call
        self._unsent = _BODY if call.has_more else 0
        if call.has_more:
            self._progress = _UNKNOWN
            self._pool.streams(self)
        call.connection = self
        data = call.head + call.body if call.body else call.head
        self._pool.outbox.post(self._transport, data)
        call.sent()

    @property
    def is_usable(self) -> bool:
        return not self._transport.is_closing()

    def close(self) -> None:
        """Close a connection that carries no call."""
        if self._unsent or self._transport.get_write_buffer_size():
            # The answer overtook its request, and a clean close would wait until that is read.
            reset(self._transport)
        else:
            self._transport.close()

    def check_progress(self, now: float, stall_timeout: float) -> bool:
        """Fail a streaming call whose upstream stands still; False: nothing streams any more."""
        call, body = self._call, self._body
        if call is None:
            return False
        progress = (body.received if body else -1, self._transport.get_write_buffer_size())
        if self._is_paused or (body is None and not progress[1]) or progress != self._progress:
            self._progress, self._progress_at = progress, now
        elif now - self._progress_at > stall_timeout:
            self.cancel()
            self._fail(call, Failure.TIMEOUT, f"nothing moved for {stall_timeout:g}s")
        return True

    # --- called by the event loop ---

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER, low=HIGH_WATER // 4)
        self._pool.opened(self)

    @override
    def data_received(self, data: bytes) -> None:
        call = self._call
        if call is None:
            # Nobody asked: whatever it is, it must not become the answer to the next request.
            self._transport.abort()
            return
        try:
            if self._body is not None:
                self._read_body(call, data)
            else:
                if self._tail:
                    data = self._tail + data
                    self._tail = b""
                self._read_head(call, data)
        except Exception as error:
            self._handler_failed(call, error)

    @override
    def eof_received(self) -> bool:
        call, body = self._call, self._body
        if call is None or body is None or body.framing is not UNTIL_CLOSE:
            return False  # close; connection_lost() sorts out what it means
        if is_clean_end(self._transport):
            self._done(call, keep_alive=False)
            call.body_received(b"", ended=True)
        return False

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._pool.lost(self)
        call, self._call = self._call, None
        if call is None:
            return
        has_begun = self._body is not None or bool(self._tail)
        call.connection = None
        if not has_begun and self._may_resend(call):
            self._pool.resend(call)
        else:
            where = "inside the answer" if has_begun else "before the answer"
            self._fail(call, Failure.RESET, f"the connection broke {where}")

    @override
    def pause_writing(self) -> None:
        self._unsent |= _BUFFER
        if self._call is not None:
            self._call.writing_paused()

    @override
    def resume_writing(self) -> None:
        self._unsent &= ~_BUFFER
        if self._call is not None:
            self._call.writing_resumed()

    # --- reading ---

    def _read_head(self, call: Call, data: bytes) -> None:
        while (end := data.find(b"\r\n\r\n")) >= 0:
            raw = data[: end + 4]
            head = None if call.to_head else self._pool.memo.find(raw)
            if head is None:
                head = self._parse(call, raw)
                if head is None:
                    return
            data = data[end + 4 :]
            if head.framing is BY_LENGTH and len(data) == head.content_length:
                # The whole answer at once: by far the commonest for small answers.
                self._done(call, keep_alive=head.keep_alive)
                call.answer_began(head, data, ended=True)
                return
            if head.status >= 200:
                self._start_body(call, head, data)
                return
            if head.status == 101:
                self._switch(call, head, data)
                return
            self._interim(call, head)
            if call.is_done or not data:
                return
        self._keep_unfinished(call, data)

    def _parse(self, call: Call, raw: bytes) -> ResponseHead | None:
        """Parse a head that is not known yet; None: it is refused, and the call has failed."""
        if len(raw) > _MAX_HEAD:
            self._break(call, f"the answer's head is longer than {_MAX_HEAD} bytes")
            return None
        try:
            head = self._parser.parse(
                raw, to_head=call.to_head, upstream=self._pool.name, upgrade=call.upgrade
            )
        except UpstreamError as error:
            self._break(call, error.detail)
            return None
        if not call.to_head and head.status != 101:  # which is an answer to that question only
            self._pool.memo.keep(raw, head)
        return head

    def _keep_unfinished(self, call: Call, data: bytes) -> None:
        """Keep the beginning of a head, unless it can only be wrong (RFC 9112 section 2.2)."""
        if data[:7] != _BEGINNING[: len(data)]:
            self._break(call, "not HTTP/1.x")
        elif len(data) >= _MAX_HEAD:
            self._break(call, f"the answer's head is longer than {_MAX_HEAD} bytes")
        elif data.count(b"\n") != data.count(b"\r\n"):
            self._break(call, "a line of the answer's head ends in a bare LF")
        else:
            self._tail = data

    def _interim(self, call: Call, head: ResponseHead) -> None:
        call.replayable = False  # something was answered
        if head.status != 100:
            call.informed(head)

    def _switch(self, call: Call, head: ResponseHead, rest: bytes) -> None:
        """Leave the connection to the call: it speaks another protocol from here on."""
        call.is_done = True
        call.connection = self._call = None
        end = take_over(self._transport, lambda _: self._pool.lost(self))
        call.switched, call.said_since = end, rest
        call.answer_began(head, b"", ended=True)
        if end.tunnel is None:
            end.abort()  # nobody wants it, as it is one of several

    def _start_body(self, call: Call, head: ResponseHead, rest: bytes) -> None:
        reader = BodyReader(head.framing, head.content_length or 0)
        try:
            data, rest = reader.feed(rest) if not reader.ended else (b"", rest)
        except PeerError as error:
            self._break(call, error.detail)
            return
        if reader.ended:
            self._done(call, keep_alive=head.keep_alive and not rest)
        else:
            self._body = reader
            self._keep_alive = head.keep_alive
            self._progress = _UNKNOWN
            self._pool.streams(self)
        call.answer_began(head, data, ended=reader.ended)

    def _read_body(self, call: Call, data: bytes) -> None:
        reader = self._body
        if reader is None:
            return
        try:
            data, rest = reader.feed(data)
        except PeerError as error:
            self._break(call, error.detail)
            return
        if reader.ended:
            self._done(call, keep_alive=self._keep_alive and not rest)
        if data or reader.ended:
            call.body_received(data, ended=reader.ended)

    def _done(self, call: Call, *, keep_alive: bool) -> None:
        """The answer is whole: give the connection back before anybody acts on the answer."""
        call.is_done = True
        call.connection = None
        self._call = None
        self._body = None
        if self._is_paused:
            self.resume()
        # An answer that overtook its request leaves the rest of that request on the wire.
        self._pool.release(self, reusable=keep_alive and not self._unsent)

    # --- called by the call ---

    def send_body(self, data: bytes, *, chunked: bool, ended: bool) -> None:
        if data:
            self._pool.outbox.post(self._transport, chunk(data) if chunked else data)
        if ended:
            self._unsent &= ~_BODY
            if chunked:
                self._pool.outbox.post(self._transport, LAST_CHUNK)

    def pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def cancel(self) -> None:
        self._call = None
        reset(self._transport)  # what the outbox still has for it is not sent any more

    # --- failing ---

    def _may_resend(self, call: Call) -> bool:
        """A kept-alive connection may close just as we send on it (RFC 9112 section 9.3.1)."""
        return self.is_reused and call.replayable and not (call.is_resent or call.has_more)

    def _handler_failed(self, call: Call, error: Exception) -> None:
        """A bug of ours: whoever waits for the answer must not wait for ever."""
        self._pool.report("an answer could not be handled", error)
        self._break(call, "it could not be handled")

    def _break(self, call: Call, detail: str) -> None:
        self._call = None
        self._transport.abort()
        self._fail(call, Failure.PROTOCOL, detail)

    def _fail(self, call: Call, failure: Failure, detail: str) -> None:
        call.is_done = True
        call.connection = None
        call.failed(failure, detail)
