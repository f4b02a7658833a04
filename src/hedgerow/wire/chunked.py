"""The chunked transfer coding, decoded (RFC 9112 section 7.1).

A strict decoder that says exactly where a message ends, which is what keeps one
message's bytes out of the next.  Must not know requests, answers or sockets.

Stricter than the grammar asks of a recipient: sizes are 1 to 15 hex digits, lines
end in CRLF only, extensions and trailers are bounded.  Extensions and trailer
fields are checked and dropped (RFC 9112 7.1.1; RFC 9110 6.5.1 lets a recipient
discard trailers): what is never kept cannot be mistaken for a header.

Why not llhttp: it reads on into the next message, and does not tell how far it got.
"""

import enum
import re
from typing import Final

from hedgerow.errors import PeerError

_SIZE_LINE: Final = re.compile(
    rb"([0-9A-Fa-f]{1,15})"
    rb"(?:[ \t]*;[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
    rb"(?:[ \t]*=[ \t]*(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|\"[\t !#-\[\]-~\x80-\xff]*\"))?)*"
)
_TRAILER_LINE: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*")

#: Extensions are read by nobody; 256 bytes is generous and bounds what a chunk can cost.
_MAX_SIZE_LINE: Final = 256
_MAX_TRAILERS: Final = 8 * 1024


class _Reads(enum.Enum):
    SIZE = enum.auto()
    DATA = enum.auto()
    DATA_END = enum.auto()
    TRAILERS = enum.auto()
    NOTHING = enum.auto()  # the body has ended


class ChunkedDecoder:
    """Bytes in; body bytes out, and what is left over once the body has ended."""

    __slots__ = ("_buffer", "_left", "_reads", "_trailer_bytes")

    def __init__(self) -> None:
        self._reads = _Reads.SIZE
        self._buffer = b""  # an unfinished line
        self._left = 0  # bytes of the current chunk still to come
        self._trailer_bytes = 0

    @property
    def ended(self) -> bool:
        """True once the last chunk and its trailers have been read."""
        return self._reads is _Reads.NOTHING

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return body bytes, and the bytes after the end of the body (if it has ended).

        Raises :class:`PeerError` (400) when the coding is broken: the connection must be closed.
        """
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        pieces: list[bytes] = []
        position, size = 0, len(data)
        while position < size and self._reads is not _Reads.NOTHING:
            if self._reads is _Reads.DATA:
                piece = data[position : position + self._left]
                position += len(piece)
                self._left -= len(piece)
                pieces.append(piece)
                if self._left == 0:
                    self._reads = _Reads.DATA_END
                continue
            end = data.find(b"\n", position)
            if end < 0:
                self._keep_unfinished(data[position:])
                position = size
                break
            line = data[position : end + 1]
            position = end + 1
            self._line(line)
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return body, data[position:]

    def _keep_unfinished(self, line: bytes) -> None:
        """Keep a line whose end has not come, unless it can only be wrong or is too long."""
        limit = _MAX_TRAILERS if self._reads is _Reads.TRAILERS else _MAX_SIZE_LINE
        if len(line) > limit + 1:  # its CR may be here already
            raise PeerError(400, f"a line of the chunked body is longer than {limit} bytes")
        if b"\r" in line[:-1]:
            raise PeerError(400, "a bare CR in the chunked body")
        if self._reads is _Reads.DATA_END and not b"\r\n".startswith(line):
            raise PeerError(400, "a chunk is longer than its size says")
        self._buffer = line

    def _line(self, line: bytes) -> None:
        if line[-2:] != b"\r\n":
            raise PeerError(400, "a bare LF in the chunked body")
        text = line[:-2]
        if self._reads is _Reads.DATA_END:
            if text:
                raise PeerError(400, "a chunk is longer than its size says")
            self._reads = _Reads.SIZE
        elif self._reads is _Reads.SIZE:
            match = _SIZE_LINE.fullmatch(text) if len(text) <= _MAX_SIZE_LINE else None
            if match is None:
                raise PeerError(400, "a chunk size that is not a hexadecimal number")
            self._left = int(match[1], 16)
            self._reads = _Reads.DATA if self._left else _Reads.TRAILERS
        elif not text:
            self._reads = _Reads.NOTHING
        else:
            self._trailer_bytes += len(line)
            if self._trailer_bytes > _MAX_TRAILERS or _TRAILER_LINE.fullmatch(text) is None:
                raise PeerError(400, "a trailer field that is malformed or too long")


def chunk(data: bytes) -> bytes:
    """Encode one non-empty piece of a body as a chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK: Final = b"0\r\n\r\n"
