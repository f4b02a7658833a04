"""What is known of a file in one encoding, ready for the head of an answer.

Decides the validators and the fields; must not know the disk or requests.

The tag is strong: it is made of the time of the last change in nanoseconds, the size and the
number of the inode.  A file that is replaced has another inode, one that is written to another
time.  Two writes of equal length within one tick of the kernel's clock (4 ms at most) could not
be told apart; nginx and Apache accept the same for a whole second.
"""

import email.utils
import os
from dataclasses import dataclass


@dataclass(slots=True)
class Stored:
    """One file in one encoding."""

    etag: bytes
    modified_at: int  # seconds since 1970
    size: int
    fields: bytes  # whole lines, all but framing and date
    content_type: bytes
    body: bytes | None = None  # of a small one
    until: float = 0.0  # when to look whether it has changed
    identity: tuple[int, ...] = ()

    @property
    def validators(self) -> bytes:
        """Return the lines that a 304 has (RFC 9110 section 15.4.5): all but those of the body."""
        lines = self.fields.split(b"\r\n")[:-1]
        kept = [line for line in lines if not line.startswith((b"Content-", b"Accept-Ranges"))]
        return b"".join(b"%b\r\n" % line for line in kept)


def identity_of(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes whenever a file does."""
    return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


def describe(
    status: os.stat_result, content_type: bytes, coding: str, *, varies: bool, cache_line: bytes
) -> Stored:
    """Make the fields of a file whose ``coding`` is gzip, br, zstd or identity.

    ``varies``: whether other clients may get it in another encoding.
    """
    tag = f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"
    etag = f'"{tag}"' if coding == "identity" else f'"{tag}-{coding}"'
    modified_at = int(status.st_mtime)
    lines = [f"Content-Type: {content_type.decode()}"]
    if coding != "identity":
        lines.append(f"Content-Encoding: {coding}")
    if varies:
        lines.append("Vary: Accept-Encoding")
    lines += [
        f"Last-Modified: {email.utils.formatdate(modified_at, usegmt=True)}",
        f"ETag: {etag}",
        "Accept-Ranges: bytes",
    ]
    fields = "".join(f"{line}\r\n" for line in lines).encode() + cache_line
    return Stored(
        etag.encode(),
        modified_at,
        status.st_size,
        fields,
        content_type,
        identity=identity_of(status),
    )
