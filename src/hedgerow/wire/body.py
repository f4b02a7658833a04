"""Where a message's body ends (RFC 9112 section 6.3), for both directions.

A ``BodyReader`` takes what came from the socket and separates body bytes from what
follows.  Must not know who sends or who reads.  The framing was decided by
``wire.heads``; llhttp never sees a body.
"""

import enum
from typing import Final

from hedgerow.wire.chunked import ChunkedDecoder


class Framing(enum.Enum):
    """How the end of a body is told."""

    NONE = enum.auto()
    LENGTH = enum.auto()
    CHUNKED = enum.auto()
    UNTIL_CLOSE = enum.auto()  # answers only


# The members as names: reading one off its Enum costs 100 ns in CPython 3.11, a name 10.
NO_BODY: Final = Framing.NONE
BY_LENGTH: Final = Framing.LENGTH
IN_CHUNKS: Final = Framing.CHUNKED
UNTIL_CLOSE: Final = Framing.UNTIL_CLOSE


class BodyReader:
    """One body: feed it, and it says what belongs to it."""

    __slots__ = ("_decoder", "_left", "ended", "framing", "received")

    def __init__(self, framing: Framing, length: int = 0) -> None:
        self.framing = framing
        self._left = length
        self._decoder = ChunkedDecoder() if framing is Framing.CHUNKED else None
        self.received = 0  # body bytes so far, without the coding
        self.ended = framing is Framing.NONE or (framing is Framing.LENGTH and length == 0)

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return (body bytes, bytes after the body); the second is empty until it ends.

        Raises :class:`~hedgerow.errors.PeerError` when the chunked coding is broken.
        """
        if self._decoder is not None:
            body, rest = self._decoder.feed(data)
            self.ended = self._decoder.ended
        elif self.framing is Framing.UNTIL_CLOSE:
            body, rest = data, b""
        elif len(data) <= self._left:
            body, rest = data, b""
            self._left -= len(data)
            self.ended = self._left == 0
        else:
            body, rest = data[: self._left], data[self._left :]
            self._left = 0
            self.ended = True
        self.received += len(body)
        return body, rest
