"""A request's first line: what may stand in it (RFC 9112 section 3).

llhttp takes more than one reading of this line allows: a missing version, several
spaces, empty lines in front, the methods of RTSP and Icecast, any ``Host``.  What is
read here is the only reading; llhttp then splits the fields.  Must not know the rest
of the head.
"""

import re
from typing import Final

from hedgerow.errors import PeerError

#: A host and maybe a port, without user information (RFC 9110 section 4.2.4).
HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_ABSOLUTE: Final = re.compile(rb"[Hh][Tt][Tt][Pp][Ss]?://([^/?]*)(.*)", re.DOTALL)
#: What may stand in a request target.  Beyond RFC 3986 we take the five characters that
#: browsers send unescaped in queries ({ } | ^ `); a fragment, a backslash, quotes and angle
#: brackets have no meaning there and more than one reading downstream.
_TARGET_BYTES: Final = bytes(
    byte for byte in range(0x21, 0x7F) if byte not in b'#"<>\\'
)  # fmt: skip
_VERSIONS: Final = {b"HTTP/1.1": True, b"HTTP/1.0": False}
_SOME_VERSION: Final = re.compile(rb"HTTP/[0-9]\.[0-9]")
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
#: What llhttp knows of HTTP's methods (the IANA registry), without CONNECT.
METHODS: Final = frozenset(
    b"GET HEAD POST PUT DELETE OPTIONS PATCH TRACE QUERY ACL BIND CHECKOUT COPY LINK LOCK MERGE "
    b"MKACTIVITY MKCALENDAR MKCOL MOVE M-SEARCH NOTIFY PROPFIND PROPPATCH PURGE REBIND REPORT "
    b"SEARCH SUBSCRIBE UNBIND UNLINK UNLOCK UNSUBSCRIBE".split()
)


def is_http11(version: bytes) -> bool | None:
    """Tell HTTP/1.1 from HTTP/1.0; None for anything else."""
    return _VERSIONS.get(version)


def read_request_line(line: bytes) -> tuple[bytes, bytes, bool]:
    """Return the method, the target as it stands, and whether this is HTTP/1.1.

    Raises :class:`PeerError` when there is any doubt.
    """
    parts = line.split(b" ")
    if len(parts) != 3:
        raise PeerError(400, "the request line is not 'method target version'")
    method, target, version = parts
    speaks_http11 = _VERSIONS.get(version)
    if speaks_http11 is None:
        raise _bad_version(version)
    if method not in METHODS:
        raise _bad_method(method)
    if not target or target.translate(None, _TARGET_BYTES):
        raise PeerError(400, "the request target has a character that must be escaped")
    return method, target, speaks_http11


def origin_form(method: bytes, target: bytes) -> tuple[bytes, bytes | None]:
    """Bring another form of target to origin-form (RFC 9112 section 3.2).

    Returns it, and the host that the target names: it overrides the Host field (3.2.2).
    """
    if target == b"*":
        if method != b"OPTIONS":
            raise PeerError(400, "the target * goes with OPTIONS only")
        return target, None
    match = _ABSOLUTE.fullmatch(target)
    if match is None or HOST.fullmatch(match[1]) is None:
        raise PeerError(400, "the request target is not a path")
    host, rest = match.groups()
    if not rest and method == b"OPTIONS":
        return b"*", host  # it asks about the server (RFC 9112 section 3.2.4)
    return rest if rest.startswith(b"/") else b"/" + rest, host


def _bad_version(version: bytes) -> PeerError:
    if _SOME_VERSION.fullmatch(version) is not None:
        return PeerError(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    return PeerError(400, "the request line is not 'method target version'")


def _bad_method(method: bytes) -> PeerError:
    if method == b"CONNECT":
        return PeerError(501, "CONNECT: this is not a forward proxy")
    if _TOKEN.fullmatch(method) is None:
        return PeerError(400, "the request line does not begin with a method")
    return PeerError(501, "the method is not known here")
