"""One request and its answer, as whoever handles it sees them.

Decides the framing of the answer (RFC 9112 section 6) and nothing else about it.
Must not know sockets: a :class:`Carrier` carries the bytes.  Once the client is
gone every method is harmless, so handlers need not ask.
"""

from typing import Final, Protocol

from hedgerow.wire.chunked import LAST_CHUNK, chunk
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.problem import problem_body, problem_fields
from hedgerow.wire.status import STATUS_LINES, WITHOUT_BODY
from hedgerow.wire.tunnel import TunnelEnd

_NOTHING: Final[frozenset[bytes]] = frozenset()


class Sink(Protocol):
    """What the handler of a request may hear after it was called."""

    def body_received(self, data: bytes, *, ended: bool) -> None:
        """Some of the request's body; with the last piece (maybe empty) ``ended`` is true."""

    def client_left(self) -> None:
        """The client is gone, or broke its request: no answer can reach it any more."""

    def writing_paused(self) -> None:
        """The client reads slower than we write: stop producing."""

    def writing_resumed(self) -> None:
        """There is room again."""


class Carrier(Protocol):
    """What a request needs of the connection that it came on."""

    closes: bool  # after the current answer
    peer: str  # the other end's address, without the port; empty where it has none
    is_tls: bool
    is_trusted: bool  # what it says of others it forwards for is believed
    own_fields: bytes  # whole lines for the head of every answer
    client_fields: bytes  # whole lines that tell an upstream who the client is
    is_first: bool  # nothing was asked before on this connection

    def keeps_alive(self, head: RequestHead) -> bool:
        """Say whether another request may follow this one."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    def request_done(self) -> None:
        """The answer is complete."""

    def abort(self) -> None:
        """Reset the connection."""

    def close(self) -> None:
        """Close the connection once what was written is out."""

    def bare_socket(self) -> int | None:
        """Return the descriptor of the socket, where a file may be sent on it past us."""

    def data_age(self) -> float:
        """Seconds since the client's last bytes came."""

    def become_tunnel(self) -> tuple[TunnelEnd, bytes]:
        """End HTTP here; returns the connection, and what came on it and was not read yet."""

    def accept_body(self) -> None:
        """The client waits for a 100 Continue: send it, unless the body has begun to come."""

    def pause_body(self) -> None:
        """Stop reading."""

    def resume_body(self) -> None:
        """Go on reading."""


class Request:
    """One request and its answer, as the handler sees them."""

    __slots__ = (
        "_awaits_continue",
        "_chunked",
        "_connection",
        "_writes_body",
        "body_sent",
        "head",
        "hidden",
        "id",
        "is_first",
        "is_tls",
        "own_fields",
        "peer",
        "sink",
        "status",
        "upstream_fields",
    )

    def __init__(self, head: RequestHead, connection: Carrier) -> None:
        self.head = head
        self.sink: Sink | None = None
        self.status = 0  # of the answer, once it has begun
        self.peer = connection.peer
        self.is_tls = connection.is_tls
        self.is_first = connection.is_first
        self.body_sent = 0  # bytes of the answer's body, without the coding
        #: Whole lines for the answer's head, whatever the answer will be.
        self.own_fields = connection.own_fields
        self.id = ""  # what logs call it, where it has a name
        self.upstream_fields = b""  # whole lines for an upstream's head
        self.hidden = _NOTHING  # names, in lower case, of fields that no answer may have
        self._connection: Carrier | None = connection
        self._awaits_continue = head.expects_continue
        self._chunked = False
        self._writes_body = True

    @property
    def hop(self) -> str:
        """The address at the other end of the connection; ``peer`` may be behind it."""
        return self._connection.peer if self._connection is not None else self.peer

    @property
    def is_trusted(self) -> bool:
        """Whether the other end is believed in what it says of those it forwards for."""
        return self._connection is not None and self._connection.is_trusted

    @property
    def client_fields(self) -> bytes:
        """Whole lines that tell an upstream who the client is."""
        return self._connection.client_fields if self._connection is not None else b""

    def data_age(self) -> float:
        """Seconds since the last bytes of the request came, also while nobody had time to read."""
        return self._connection.data_age() if self._connection is not None else 0.0

    def respond(self, status: int, fields: bytes, body: bytes) -> None:
        """Answer with a body at hand, in one write; ``fields`` are whole lines."""
        self.begin(status, fields, len(body), body, ended=True)

    def respond_whole(self, status: int, answer: bytes, body_size: int) -> bool:
        """Answer a GET with bytes that were put together before, the head too; False: not so.

        They have a Content-Length and say nothing of the connection, so they do not fit where
        this answer has to: HTTP/1.0, the connection's last, fields to be added or hidden.
        """
        connection = self._connection
        if connection is None or self.status:
            return True
        head = self.head
        if self.own_fields or self.hidden or not head.is_http11 or not connection.keeps_alive(head):
            return False
        self.status = status
        self.body_sent = body_size
        self._connection = self.sink = None
        connection.write(answer)
        connection.request_done()
        return True

    def bare_socket(self) -> int | None:
        """Return the socket for the rest of a body that goes past us, counted in ``body_sent``.

        It has a Content-Length.  None: it has to be written here, now or altogether.
        """
        if self._connection is None or self._chunked or not self._writes_body:
            return None
        return self._connection.bare_socket()

    def problem(
        self, status: int, detail: str, retry_after: int | None = None, fields: bytes = b""
    ) -> None:
        """Answer with a problem body (RFC 9457); ``fields`` are more lines for the head."""
        lines = problem_fields(retry_after)
        self.respond(status, lines + fields if fields else lines, problem_body(status, detail))

    def begin(  # noqa: C901  # one branch for each rule of framing
        self, status: int, fields: bytes, length: int | None, data: bytes = b"", *, ended: bool
    ) -> None:
        """Start the answer: ``length`` of the body if known, and the first of it if at hand.

        ``fields`` must not contain framing, Connection or hop-by-hop fields: they are ours.
        """
        connection = self._connection
        if connection is None or self.status:
            return
        self.status = status
        head = self.head
        if self.hidden:
            fields = _without(fields, self.hidden)
        pieces = [STATUS_LINES[status], self.own_fields, fields]
        self._writes_body = head.method != b"HEAD" and status not in WITHOUT_BODY
        keep_alive = connection.keeps_alive(head)
        if length is not None and (self._writes_body or _may_tell_length(status, length)):
            pieces.append(b"Content-Length: %d\r\n" % length)
        elif self._writes_body and head.is_http11:
            pieces.append(b"Transfer-Encoding: chunked\r\n")
            self._chunked = True
        elif self._writes_body:
            keep_alive = False  # HTTP/1.0: the end of the body is the end of the connection
        if not keep_alive:
            connection.closes = True
            pieces.append(b"Connection: close\r\n")
        elif not head.is_http11:
            pieces.append(b"Connection: keep-alive\r\n")
        pieces.append(b"\r\n")
        if data and self._writes_body:
            self.body_sent = len(data)
            pieces.append(chunk(data) if self._chunked else data)
        if ended:
            if self._chunked:
                pieces.append(LAST_CHUNK)
            self._connection = self.sink = None
            connection.write(b"".join(pieces))
            connection.request_done()
        else:
            connection.write(b"".join(pieces))

    def write(self, data: bytes, *, ended: bool = False) -> None:
        """Send more of the body."""
        connection = self._connection
        if connection is None:
            return
        if data and self._writes_body:
            self.body_sent += len(data)
            connection.write(chunk(data) if self._chunked else data)
        if ended:
            if self._chunked:
                connection.write(LAST_CHUNK)
            self._connection = self.sink = None
            connection.request_done()

    def inform(self, status: int, fields: bytes) -> None:
        """Send an interim answer (1xx); HTTP/1.0 clients get none (RFC 9110 section 15.2)."""
        if self._connection is not None and self.head.is_http11 and not self.status:
            if self.hidden:
                fields = _without(fields, self.hidden)
            self._connection.write(b"%b%b\r\n" % (STATUS_LINES[status], fields))

    def upgrade(self, fields: bytes) -> tuple[TunnelEnd, bytes] | None:
        """Answer 101 and end HTTP on this connection; ``fields`` name the protocol.

        Returns the connection and what the client has said since; None: it is gone.
        """
        connection = self._connection
        if connection is None or self.status:
            return None
        self.status = 101
        if self.hidden:
            fields = _without(fields, self.hidden)
        connection.write(b"%b%b%b\r\n" % (STATUS_LINES[101], self.own_fields, fields))
        self._connection = self.sink = None
        return connection.become_tunnel()

    def abort(self) -> None:
        """Break the connection, so that nobody takes the answer for a whole one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()

    def cut_off(self) -> None:
        """Close the connection as it stands, cleanly: a short answer ends short."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def accept_body(self) -> None:
        """Ask for the body: sends 100 Continue where the client waits for it."""
        if self._connection is not None and self._awaits_continue and not self.status:
            self._awaits_continue = False
            self._connection.accept_body()

    def pause_body(self) -> None:
        """Stop reading the body: whoever takes it is full."""
        if self._connection is not None:
            self._connection.pause_body()

    def resume_body(self) -> None:
        """Go on reading the body."""
        if self._connection is not None:
            self._connection.resume_body()

    def detach(self) -> None:
        """The connection is gone; whatever is still written goes nowhere."""
        self._connection = None


def _without(fields: bytes, hidden: frozenset[bytes]) -> bytes:
    """Leave out the lines of these names."""
    lines = fields.split(b"\r\n")[:-1]
    kept = [line for line in lines if line.partition(b":")[0].lower() not in hidden]
    return b"".join(b"%b\r\n" % line for line in kept)


def _may_tell_length(status: int, length: int) -> bool:
    """Say whether an answer without a body may have a Content-Length (RFC 9110 section 8.6).

    Never with 204; with 304 it is the length that a 200 would have had, which is not 0 only
    because no body is at hand.
    """
    return status != 204 and (status != 304 or length > 0)
