"""Message heads: bytes of one whole head in, one checked record out (RFC 9112).

The only importer of httptools.  llhttp splits the fields and refuses what breaks
their grammar (bare CR and LF, NUL, obs-fold, space before the colon, bad names);
this module refuses what llhttp lets through and decides the body's framing.  It
must not know sockets, timeouts or what the message is for.

A parser is fed exactly one head and never a body.  So it serves every connection
of a listener and cannot run on into the next message, a known trap of using llhttp on
a stream.  It is used again only after a head that leaves nothing behind in it: no
body to wait for, no word on whether the connection goes on, nothing refused.  In any
other case the next connection's head would be taken for a body, or refused.

Fields come out in two lists: ``fields`` are end-to-end and may be forwarded, the
others (framing, hop-by-hop, forwarding) are set apart and interpreted here.

Budget: one Python call a field.
"""

from typing import Final

import httptools

from hedgerow.errors import Failure, PeerError, UpstreamError
from hedgerow.wire.body import BY_LENGTH, IN_CHUNKS, NO_BODY, UNTIL_CLOSE, Framing
from hedgerow.wire.request_line import HOST, is_http11, origin_form, read_request_line
from hedgerow.wire.status import WITHOUT_BODY

Fields = list[tuple[bytes, bytes]]

#: Request fields that are about this hop or about framing; none is forwarded as it came.
_REQUEST_APART: Final = frozenset({
    b"connection", b"content-length", b"expect", b"forwarded", b"host", b"http2-settings",
    b"keep-alive", b"max-forwards", b"proxy-authenticate", b"proxy-authorization",
    b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"via",
    b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto",
})  # fmt: skip
#: Hosts that were checked: the same few come with every request (40 ns against 400).
_GOOD_HOSTS: Final[set[bytes]] = set()
_FORWARDING: Final = frozenset({
    b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto",
})  # fmt: skip
_RESPONSE_APART: Final = frozenset({
    b"connection", b"content-length", b"date", b"keep-alive", b"proxy-authenticate",
    b"proxy-authentication-info", b"proxy-connection", b"retry-after", b"te", b"trailer",
    b"transfer-encoding", b"upgrade",
})  # fmt: skip
#: Set apart to be read, and forwarded all the same.
_RESPONSE_KEPT: Final = frozenset({b"date", b"retry-after"})

_OWS: Final = b" \t"  # around a value (RFC 9110 section 5.6.3); llhttp leaves what follows it


class RequestHead:
    """A request's head, checked: what it asks for, and how its body ends."""

    __slots__ = (
        "apart",
        "connection_options",
        "content_length",
        "expects_continue",
        "fields",
        "framing",
        "host",
        "is_http11",
        "keep_alive",
        "method",
        "plan",
        "target",
        "was_forwarded",
    )

    def __init__(self, method: bytes, target: bytes, *, is_http11: bool) -> None:
        self.method = method
        self.target = target  # origin-form ("/path?query"), or b"*"
        self.is_http11 = is_http11
        self.host = b""  # empty: HTTP/1.0 without a Host field
        self.fields: Fields = []  # end-to-end, in the order and spelling they came in
        self.apart: Fields = []  # the rest, names in lower case
        self.connection_options: frozenset[bytes] = frozenset()
        self.framing: Framing = NO_BODY
        self.content_length = 0  # where framing is LENGTH
        self.keep_alive = is_http11
        self.expects_continue = False
        self.plan: object = None  # whatever its handler wants to find again with the same head
        self.was_forwarded = False  # a proxy in front says so, in Via or X-Forwarded-*

    def field(self, name: bytes) -> bytes | None:
        """Return the first value of an end-to-end field; ``name`` in lower case."""
        for field_name, value in self.fields:
            if field_name.lower() == name:
                return value.rstrip(_OWS)
        return None

    def with_fields(self, fields: Fields) -> "RequestHead":
        """Return the same head with other end-to-end fields; heads are shared, so copied."""
        other = RequestHead(self.method, self.target, is_http11=self.is_http11)
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other.fields, other.plan = fields, None
        return other

    @property
    def upgrade(self) -> bytes | None:
        """The one protocol that the client would rather speak from here on, in lower case.

        None where it does not ask, or not in a way that can be met (RFC 9110 section 7.8): with
        HTTP/1.0, with a body still to come, for several at once.
        """
        if b"upgrade" not in self.connection_options or not self.is_http11:
            return None
        asked = [value for name, value in self.apart if name == b"upgrade"]
        if len(asked) != 1 or b"," in asked[0] or self.framing is not NO_BODY:
            return None
        return asked[0].strip(_OWS).lower()


class ResponseHead:
    """An answer's head, checked: its status, and how its body ends."""

    __slots__ = (
        "connection_options",
        "content_length",
        "fields",
        "framing",
        "has_date",
        "keep_alive",
        "lines",
        "plan",
        "raw",
        "retry_after",
        "status",
        "whole_size",
    )

    def __init__(self, status: int, *, is_http11: bool) -> None:
        self.status = status
        self.fields: Fields = []
        self.connection_options: frozenset[bytes] = frozenset()
        self.framing: Framing = UNTIL_CLOSE
        self.content_length: int | None = None  # as told, also where there is no body (HEAD)
        self.keep_alive = is_http11
        self.has_date = False
        self.retry_after: bytes | None = None
        self.lines: bytes | None = None  # the fields for the next hop, once they were built
        self.plan: object = None  # whatever its reader wants to find again with the same head
        # Of an answer with a length, once it came whole: its bytes, and its size with the body.
        self.raw = b""
        self.whole_size = 0


class RequestHeadParser:
    """Parses request heads, one whole head a call; one instance serves a listener."""

    __slots__ = ("_apart", "_fields", "_max_fields", "_max_line", "_parser")

    def __init__(self, *, max_request_line: int, max_fields: int) -> None:
        self._max_line = max_request_line
        self._max_fields = max_fields
        self._fields: Fields = []
        self._apart: Fields = []
        self._parser = httptools.HttpRequestParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        lowered = name.lower()
        if lowered in _REQUEST_APART:
            self._apart.append((lowered, value))
        elif b"_" not in lowered or lowered.replace(b"_", b"-") not in _REQUEST_APART:
            self._fields.append((name, value))
        # (X_Forwarded_For goes nowhere: much that runs behind CGI takes it for the other.)

    def parse(self, head: bytes) -> RequestHead:
        """Parse one head that ends in an empty line.

        Raises :class:`PeerError` with the status to answer; the connection must be closed then,
        because where the next message starts is in doubt.
        """
        end = head.find(b"\r\n")
        if end > self._max_line:
            raise PeerError(414, f"the request line is longer than {self._max_line} bytes")
        method, target, speaks_http11 = read_request_line(head[:end])
        request = RequestHead(method, target, is_http11=speaks_http11)
        self._fields, self._apart = request.fields, request.apart
        self._split_fields(head)
        is_spent = True
        try:
            if len(request.fields) + len(request.apart) > self._max_fields:
                raise PeerError(431, f"the request has more than {self._max_fields} fields")
            is_spent = _interpret_request(request)
            if target[0] != 0x2F:  # b"/"
                request.target, host = origin_form(method, target)
                request.host = request.host if host is None else host
        finally:
            if is_spent:
                self._renew()
        return request

    def _split_fields(self, head: bytes) -> None:
        try:
            self._parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            self._renew()  # never honoured: the body, if any, stays a body
        except httptools.HttpParserError as error:
            self._renew()
            raise PeerError(400, str(error) or "the request head is malformed") from error

    def _renew(self) -> None:
        self._parser = httptools.HttpRequestParser(self)


class ResponseHeadParser:
    """Parses answers' heads, one whole head a call; one instance serves a pool."""

    __slots__ = ("_apart", "_fields")

    def __init__(self) -> None:
        self._fields: Fields = []
        self._apart: Fields = []

    def on_header(self, name: bytes, value: bytes) -> None:
        lowered = name.lower()
        if lowered in _RESPONSE_APART:
            self._apart.append((lowered, value))
            if lowered not in _RESPONSE_KEPT:
                return
        self._fields.append((name, value))

    def parse(
        self, head: bytes, *, to_head: bool, upstream: str, upgrade: bytes = b""
    ) -> ResponseHead:
        """Parse one head that ends in an empty line; ``to_head`` says it answers a HEAD.

        A 101 is refused unless it is to the protocol ``upgrade``, which was asked for.  Raises
        :class:`UpstreamError` (PROTOCOL) when it is not a sound HTTP/1.x head.
        """
        self._fields, self._apart = [], []
        # A new parser each time (341 ns): feeding a head without its body leaves one unusable.
        parser = httptools.HttpResponseParser(self)
        try:
            parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            pass  # only 101 gets here, and it is refused below
        except httptools.HttpParserError as error:
            detail = str(error) or "the answer's head is malformed"
            raise UpstreamError(Failure.PROTOCOL, upstream, detail) from error
        speaks_http11 = is_http11(head[:8])
        status = parser.get_status_code()
        if speaks_http11 is None or not 100 <= status <= 999:
            raise UpstreamError(Failure.PROTOCOL, upstream, "not HTTP/1.x")
        if status == 101 and not (upgrade and self._is_to(upgrade)):
            what = "an upgrade that nobody asked for"
            raise UpstreamError(Failure.PROTOCOL, upstream, what)
        response = ResponseHead(status, is_http11=speaks_http11)
        response.fields = self._fields
        try:
            _interpret_response(response, self._apart, to_head=to_head)
        except PeerError as error:
            raise UpstreamError(Failure.PROTOCOL, upstream, error.detail) from error
        if response.framing is IN_CHUNKS and not speaks_http11:
            response.keep_alive = False  # its sender does not know the coding (RFC 9112 6.1)
        return response

    def _is_to(self, upgrade: bytes) -> bool:
        """Say whether the answer names just this protocol."""
        named = [value.strip(_OWS).lower() for name, value in self._apart if name == b"upgrade"]
        return named == [upgrade]


def _interpret_request(request: RequestHead) -> bool:
    """Read the fields that were set apart; refuse what leaves the framing in doubt.

    Returns whether the parser must not be used again (see the top of this file).
    """
    length: bytes | None = None
    coding: bytes | None = None
    hosts = 0
    is_spent = not request.is_http11
    for name, value in request.apart:
        if name == b"host":
            hosts += 1
            request.host = value
        elif name == b"connection":
            _read_connection(request, value)
        elif name == b"content-length":
            length = _one_length(length, value)
        elif name == b"transfer-encoding":
            coding = value if coding is None else coding + b"," + value
        elif name == b"expect":
            _read_expect(request, value)
        elif name in _FORWARDING:
            request.was_forwarded = True
        elif name == b"proxy-connection":
            is_spent = True  # llhttp takes it for Connection; nobody else does
    _check_host(request, hosts)
    if coding is not None or length is not None:
        _frame_request(request, length, coding)
        return True
    return is_spent or bool(request.connection_options)


def _check_host(request: RequestHead, hosts: int) -> None:
    """Exactly one Host, well-formed or empty (RFC 9112 section 3.2); HTTP/1.0 may omit it."""
    if hosts != 1 and (hosts or request.is_http11):
        raise PeerError(400, "a request must have exactly one Host field")
    if request.host not in _GOOD_HOSTS and request.host:
        request.host = request.host.rstrip(_OWS)
        if HOST.fullmatch(request.host) is None:
            raise PeerError(400, "the Host field is not a host and port")
        if len(_GOOD_HOSTS) >= 1000:
            _GOOD_HOSTS.clear()
        if len(request.host) < 256:  # a long one is no name, and would only cost memory
            _GOOD_HOSTS.add(request.host)


def _read_expect(request: RequestHead, value: bytes) -> None:
    if value.rstrip(_OWS).lower() != b"100-continue":
        raise PeerError(417, "the only expectation that can be met is 100-continue")
    request.expects_continue = request.is_http11


def _frame_request(request: RequestHead, length: bytes | None, coding: bytes | None) -> None:
    """Decide where the request's body ends (RFC 9112 section 6.3)."""
    if coding is None:
        request.content_length = int(length or 0)
        request.framing = BY_LENGTH if request.content_length else NO_BODY
        return
    if length is not None:
        raise PeerError(400, "Content-Length together with Transfer-Encoding")
    if not request.is_http11:
        raise PeerError(400, "Transfer-Encoding in an HTTP/1.0 request")
    if coding.strip().lower() != b"chunked":
        raise PeerError(501, "the only transfer coding understood is chunked")
    request.framing = IN_CHUNKS


def _interpret_response(response: ResponseHead, apart: Fields, *, to_head: bool) -> None:
    """Read the fields that were set apart; raise PeerError when the framing is in doubt."""
    length: bytes | None = None
    coding: bytes | None = None
    for name, value in apart:
        if name == b"content-length":
            length = _one_length(length, value)
        elif name == b"connection":
            _read_connection(response, value)
        elif name == b"date":
            response.has_date = True
        elif name == b"transfer-encoding":
            coding = value if coding is None else coding + b"," + value
        elif name == b"retry-after":
            response.retry_after = value
    if coding is not None and (length is not None or coding.strip().lower() != b"chunked"):
        raise PeerError(502, "the framing of the answer is in doubt")
    _frame_response(response, length, coding, to_head=to_head)


def _frame_response(
    response: ResponseHead, length: bytes | None, coding: bytes | None, *, to_head: bool
) -> None:
    """Decide where the answer's body ends (RFC 9112 section 6.3)."""
    if length is not None:
        response.content_length = int(length)
    if to_head or response.status in WITHOUT_BODY:
        response.framing = NO_BODY
    elif coding is not None:
        response.framing = IN_CHUNKS
    elif length is not None:
        response.framing = BY_LENGTH
    else:
        response.keep_alive = False


def _read_connection(head: RequestHead | ResponseHead, value: bytes) -> None:
    """Read one Connection field; it may come several times (RFC 9110 section 7.6.1)."""
    lowered = value.lower()
    if lowered == b"keep-alive" and not head.connection_options:
        head.keep_alive = True  # by far the commonest: nothing to remember
        return
    options = head.connection_options.union(o.strip() for o in lowered.split(b","))
    head.connection_options = options
    # Close wins, wherever it stands.
    head.keep_alive = b"close" not in options and (head.keep_alive or b"keep-alive" in options)


def _one_length(before: bytes | None, value: bytes) -> bytes:
    if before is not None:
        raise PeerError(400, "more than one Content-Length")
    if not value.isdigit() or len(value) > 18:
        value = value.rstrip(_OWS)
        if not value.isdigit() or len(value) > 18:
            raise PeerError(400, "a Content-Length that is not a number")
    return value
