"""From the path of a request to a name beneath the directory, decoded once.

Decides; must not know the disk.  What cannot be the name of a file that is to be seen is told
apart here, so that nothing strange ever gets to the kernel: escapes that are none, NUL, a slash
or backslash that hides in an escape, names longer than any file system has, dotfiles.
"""

import re
from typing import Final, Literal, NamedTuple

_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})?")
#: As long as a name (NAME_MAX) and a path (PATH_MAX) may be on Linux.
_LONGEST_NAME: Final = 255
_LONGEST_PATH: Final = 4095
#: The one dot directory that is meant to be seen (RFC 8615).
_WELL_KNOWN: Final = b".well-known"


class Name(NamedTuple):
    """What a path stands for."""

    segments: tuple[bytes, ...]  # none is empty, . or ..
    is_directory: bool  # the path ends in a slash

    @property
    def path(self) -> bytes:
        """Return it relative to the directory; ``.`` is the directory itself."""
        return b"/".join(self.segments) or b"."


def name_of(path: bytes, *, shows_hidden: bool) -> Name | Literal[400, 404]:
    """Read what follows a route's prefix; or the status of what it cannot be.

    ``path`` is normal (``serve.routes``): dot segments are gone, and escapes are still there.
    """
    if b"%" in path:
        if any(match[1] is None for match in _ESCAPE.finditer(path)):
            return 400
        parts = [_ESCAPE.sub(_unescaped, part) for part in path.split(b"/")]
    else:
        parts = path.split(b"/")
    segments = tuple(part for part in parts if part)
    is_directory = not path or path.endswith(b"/")
    if any(b"\0" in part for part in segments):
        return 400
    if any(b"/" in part or b"\\" in part for part in segments):
        return 404
    if len(path) > _LONGEST_PATH or any(len(part) > _LONGEST_NAME for part in segments):
        return 404
    if any(part in (b".", b"..") for part in segments):
        return 404
    if not shows_hidden and any(part[0] == 0x2E and part != _WELL_KNOWN for part in segments):
        return 404
    return Name(segments, is_directory)


def _unescaped(escape: "re.Match[bytes]") -> bytes:
    return bytes.fromhex(escape[1].decode())
