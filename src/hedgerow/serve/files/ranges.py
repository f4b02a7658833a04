"""Parts of a file (RFC 9110 section 14).

Decides from a field's value and a size; must not know files.  Many and overlapping ranges are the
tool of an old attack (section 17.15), so there is a limit to both: who asks for more than the
file, or for more parts than any reader needs, gets the whole file, which is always allowed.
"""

import re
from typing import Final, NamedTuple

_FORM: Final = re.compile(rb"[ \t]*bytes[ \t]*=(.*)", re.IGNORECASE)
_SPEC: Final = re.compile(rb"([0-9]*)-([0-9]*)")
_MOST: Final = 32  # parts
_LONGEST: Final = 18  # digits of a number


class Part(NamedTuple):
    """Bytes from ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    def content_range(self, size: int) -> bytes:
        """Return the value of Content-Range."""
        return b"bytes %d-%d/%d" % (self.first, self.last, size)


def parts(value: bytes, size: int) -> list[Part] | None:
    """Return the parts that are asked for, in their order; empty: none of them can be had (416).

    None: the whole file, because the field is not one of bytes, not well-formed, or too much.
    """
    match = _FORM.fullmatch(value)
    specs = [spec.strip(b" \t") for spec in match[1].split(b",")] if match is not None else []
    specs = [spec for spec in specs if spec]
    if not specs or len(specs) > _MOST:
        return None
    found = []
    for spec in specs:
        bounds = _SPEC.fullmatch(spec)
        if (
            bounds is None
            or bounds[0] == b"-"
            or len(max(bounds[1], bounds[2], key=len)) > _LONGEST
        ):
            return None
        if bounds[1] and bounds[2] and int(bounds[1]) > int(bounds[2]):
            return None
        part = _part(bounds[1], bounds[2], size)
        if part is not None:
            found.append(part)
    if sum(part.length for part in found) > size:
        return None  # they overlap: the whole file is less
    return found


def _part(first: bytes, last: bytes, size: int) -> Part | None:
    """Cut a range to what there is; None where nothing is left."""
    if not first:
        length = min(int(last), size)
        return Part(size - length, size - 1) if length else None
    begin = int(first)
    if begin >= size:
        return None
    return Part(begin, min(int(last), size - 1) if last else size - 1)
