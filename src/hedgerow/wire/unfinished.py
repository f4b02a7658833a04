"""What can be said of a request's head before it is whole.

A head that comes in pieces must not be waited for when it can only be wrong: too long,
or not HTTP at all (a TLS handshake on a plain port, say).  Must not know the
connection; the same bytes get the same verdict however they were cut.
"""

import re
from typing import Final

from hedgerow.errors import PeerError
from hedgerow.wire.limits import Limits

_EMPTY_LINES: Final = re.compile(rb"(?:\r\n)+")


def without_empty_lines(data: bytes) -> bytes:
    """Return what follows the empty lines at the front."""
    found = _EMPTY_LINES.match(data)
    return data if found is None else data[found.end() :]


def objection(data: bytes, end: int, limits: Limits) -> PeerError | None:
    """Return why ``data`` is refused, or None: read on.

    ``end`` is where the empty line after the head stands, negative where it has not come.
    """
    if not (data[:1].isalpha() or data == b"\r"):
        return PeerError(400, "the request does not start with a method")
    # A head that is not whole may end in up to three bytes of its empty line.
    if len(data) > limits.max_head + 3 if end < 0 else end > limits.max_head:
        line = data.find(b"\r\n")
        if line < 0 or line > limits.max_request_line:
            limit = limits.max_request_line
            return PeerError(414, f"the request line is longer than {limit} bytes")
        return PeerError(431, f"the head is longer than {limits.max_head} bytes")
    if data.count(b"\n") != data.count(b"\r\n"):
        return PeerError(400, "a line of the head ends in a bare LF")
    return None
