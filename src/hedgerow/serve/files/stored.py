"""What is known of a file in one encoding, ready to be sent.

Decides the validators and the fields; must not know the disk or requests.

The tag is strong: it is made of the time of the last change in nanoseconds and the size.  Two
writes of equal length within one tick of the kernel's clock (4 ms at most) could not be told
apart; nginx and Apache accept the same for a whole second.  So machines that have a file from one
archive give it one tag.  Some build tools give all files one time long ago, so that archives can
be compared; where the time is such a one the number of the inode is in the tag too, and clients
that are sent to another machine get the file once more.
"""

import email.utils
import os
from dataclasses import dataclass
from typing import Final

from hedgerow.wire.status import STATUS_LINES

#: Times before this (3 January 1980, with room for time zones) tell nothing: 0, 1, and the first
#: day that a ZIP archive knows.
_FIRST_TIME: Final = 315_705_600
_ALL_BITS: Final = (1 << 64) - 1  # a time may be before 1970
#: What a file is, and changes whenever its content does: device, inode, time, size.
Identity = tuple[int, int, int, int]


@dataclass(slots=True)
class Stored:
    """One file in one encoding."""

    etag: bytes
    modified_at: int  # seconds since 1970
    size: int  # of the body in this encoding
    fields: bytes  # whole lines, all but framing and date
    content_type: bytes
    identity: Identity
    body: bytes | None = None  # of a small one
    is_shrunk: bool = False  # the body was compressed by us
    until: float = 0.0  # when to look whether it has changed
    _whole: bytes = b""
    _date: bytes = b""

    @property
    def validators(self) -> bytes:
        """Return the lines that a 304 has (RFC 9110 section 15.4.5): all but those of the body."""
        lines = self.fields.split(b"\r\n")[:-1]
        kept = [line for line in lines if not line.startswith((b"Content-", b"Accept-Ranges"))]
        return b"".join(b"%b\r\n" % line for line in kept)

    def whole(self, date_line: bytes) -> bytes:
        """Return the whole answer to a plain GET, made anew only when the date is another."""
        if date_line != self._date:
            assert self.body is not None  # it is a small one
            length = b"Content-Length: %d\r\n\r\n" % self.size
            self._whole = b"".join((STATUS_LINES[200], self.fields, date_line, length, self.body))
            self._date = date_line
        return self._whole

    def forget(self) -> None:
        """Let go of the body; whoever still has this must look at the disk again."""
        self.until = 0.0
        self.body = None
        self._whole = self._date = b""

    def smaller(self, body: bytes) -> "Stored":
        """Describe the same file in gzip, with a tag of its own."""
        etag = self.etag[:-1] + b'-gzip"'
        fields = self.fields.replace(b"ETag: " + self.etag, b"ETag: " + etag)
        fields = fields.replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1)
        return Stored(
            etag,
            self.modified_at,
            len(body),
            fields,
            self.content_type,
            self.identity,
            body,
            is_shrunk=True,
        )


def identity_of(status: os.stat_result) -> Identity:
    """Return what is another whenever the content is."""
    return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


def describe(
    status: os.stat_result,
    content_type: bytes,
    coding: str,
    *,
    latest: float,
    vary: bytes,
    cache_line: bytes,
) -> Stored:
    """Make the fields of a file whose ``coding`` is gzip, br, zstd or identity.

    ``latest``: no file is said to be from later than this, which is now (RFC 9110 section
    8.8.2.1).  ``vary``: the request fields by which clients get different answers; empty: none.
    """
    tag = b"%x-%x" % (status.st_mtime_ns & _ALL_BITS, status.st_size)
    if status.st_mtime_ns < _FIRST_TIME * 1_000_000_000:
        tag += b"-%x" % status.st_ino
    etag = b'"%b"' % tag if coding == "identity" else b'"%b-%b"' % (tag, coding.encode())
    modified_at = max(0, min(status.st_mtime_ns // 1_000_000_000, int(latest)))
    modified = email.utils.formatdate(modified_at, usegmt=True).encode()
    lines = [b"Content-Type: " + content_type]
    if coding != "identity":
        lines.append(b"Content-Encoding: " + coding.encode())
    if vary:
        lines.append(b"Vary: " + vary)
    lines += [b"Last-Modified: " + modified, b"ETag: " + etag, b"Accept-Ranges: bytes"]
    return Stored(
        etag,
        modified_at,
        status.st_size,
        b"".join(b"%b\r\n" % line for line in lines) + cache_line,
        content_type,
        identity_of(status),
    )
