"""From one hop to the next: the head that goes upstream, the fields that come back.

RFC 9110 section 7.6.  What is sent is built anew from what was parsed and checked,
never copied: hop-by-hop fields and those that Connection names stay behind, framing
and Host are written once, Via is added.  Must not know who is hedged or why.

What a client says about its own address (``X-Forwarded-*``, ``Forwarded``) is replaced
by what we see, unless the operator says that a trusted proxy stands in front.
"""

import functools
from typing import Final, Literal

from hedgerow.wire.body import Framing
from hedgerow.wire.heads import Fields, RequestHead, ResponseHead

Forwarded = Literal["replace", "append"]

#: The version is the one in which the message came (RFC 9110 section 7.6.3).
_VIA: Final = {True: b"1.1 hedgerow", False: b"1.0 hedgerow"}
#: Never dropped because a Connection field names them: they are not the client's to remove
#: (RFC 9110 section 7.6.1), and we write the framing ones ourselves anyway.
_NOT_NOMINABLE: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"cookie",
                                   b"authorization", b"cache-control", b"date"})  # fmt: skip

#: Methods whose way may be limited (RFC 9110 section 7.6.2).
_COUNTED: Final = frozenset({b"OPTIONS", b"TRACE"})

#: Methods whose empty body is worth saying: a server may refuse them with 411 otherwise.
_WITH_BODY: Final = frozenset({b"POST", b"PUT", b"PATCH"})


def request_lines(request: RequestHead, target: bytes, host: bytes) -> bytes:
    """Build the part of the upstream's head that follows from the client's head alone.

    ``client_lines`` and ``length_line`` come after it, then what the caller wants to add (a
    deadline, an attempt's number), and the empty line.
    """
    fields = request.fields
    if request.connection_options:
        fields = _without_nominated(fields, request.connection_options)
    lines = [b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (request.method, target, host)]
    lines += [b"%b: %b\r\n" % field for field in fields]
    if request.method in _COUNTED and (left := hops_left(request)):
        lines.append(b"Max-Forwards: %d\r\n" % (left - 1))
    return b"".join(lines)


def hops_left(request: RequestHead) -> int | None:
    """Return how often a request may be forwarded yet; None: no limit (RFC 9110 section 7.6.2)."""
    if request.method not in _COUNTED:
        return None
    given = [value.strip() for name, value in request.apart if name == b"max-forwards"]
    numbers = [int(value) for value in given if value.isdigit() and len(value) < 10]
    return min(numbers, default=None)


def client_lines(request: RequestHead, *, peer: str, is_tls: bool, forwarded: Forwarded) -> bytes:
    """Build the part that tells who asked: Via, X-Forwarded-*, Forwarded."""
    if not request.was_forwarded and request.is_http11:
        return _about_client(peer, request.host, is_tls=is_tls)
    return _merged(request, peer, is_tls=is_tls, append=forwarded == "append")


def length_line(request: RequestHead, buffered: int | None) -> bytes:
    """Return the framing line for the upstream; ``buffered``: bytes of a body that is at hand."""
    if buffered is not None:
        if buffered or request.framing is not Framing.NONE or request.method in _WITH_BODY:
            return b"Content-Length: %d\r\n" % buffered
        return b""
    if request.framing is Framing.CHUNKED:
        return b"Transfer-Encoding: chunked\r\n"
    return b"Content-Length: %d\r\n" % request.content_length


def downstream_fields(head: ResponseHead, date: bytes) -> bytes:
    """Build the field lines for the client; ``date`` is added where the upstream sent none."""
    lines = head.lines
    if lines is None:
        fields = head.fields
        if head.connection_options:
            fields = _without_nominated(fields, head.connection_options)
        head.lines = lines = b"".join([b"%b: %b\r\n" % field for field in fields])
    return lines if head.has_date else lines + date


@functools.lru_cache(maxsize=4096)
def _about_client(peer: str, host: bytes, *, is_tls: bool) -> bytes:
    """Return the lines that tell who asked us; the same for all requests of one client."""
    scheme = b"https" if is_tls else b"http"
    return _lines(via=_VIA[True], client=peer.encode(), scheme=scheme, host=host)


def _merged(request: RequestHead, peer: str, *, is_tls: bool, append: bool) -> bytes:
    """Return the lines where something set apart has to be combined with ours."""
    came: dict[bytes, bytes] = {}
    for name, value in request.apart:
        came[name] = came[name] + b", " + value if name in came else value
    via = _listed(came.get(b"via"), _VIA[request.is_http11])
    client = peer.encode()
    scheme = b"https" if is_tls else b"http"
    if not append:
        return _lines(via=via, client=client, scheme=scheme, host=request.host)
    lines = _lines(
        via=via,
        client=_listed(came.get(b"x-forwarded-for"), client),
        scheme=came.get(b"x-forwarded-proto", scheme),
        host=came.get(b"x-forwarded-host", request.host),
    )
    if b"forwarded" in came:
        node = b'"[%b]"' % client if b":" in client else client or b"unknown"
        lines += b"Forwarded: %b, for=%b;proto=%b\r\n" % (came[b"forwarded"], node, scheme)
    return lines


def _lines(*, via: bytes, client: bytes, scheme: bytes, host: bytes) -> bytes:
    """Write down what is known: a unix socket has no address, HTTP/1.0 may have no Host."""
    lines = [b"Via: %b\r\n" % via]
    if client:
        lines.append(b"X-Forwarded-For: %b\r\n" % client)
    lines.append(b"X-Forwarded-Proto: %b\r\n" % scheme)
    if host:
        lines.append(b"X-Forwarded-Host: %b\r\n" % host)
    return b"".join(lines)


def _listed(before: bytes | None, own: bytes) -> bytes:
    return b"%b, %b" % (before, own) if before and own else before or own


def _without_nominated(fields: Fields, options: frozenset[bytes]) -> Fields:
    nominated = options - _NOT_NOMINABLE
    return [field for field in fields if field[0].lower() not in nominated]
