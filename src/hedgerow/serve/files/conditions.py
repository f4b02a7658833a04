"""Conditional requests, evaluated in the order of RFC 9110 section 13.2.2.

Decides from a head and what is known of a file; must not know files or sockets.  Times are whole
seconds since 1970, because HTTP's are.
"""

import email.utils
import re
from dataclasses import dataclass
from typing import Final, Literal

from hedgerow.wire.heads import RequestHead

_TAG: Final = re.compile(rb'[ \t,]*((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)[ \t,]*')
_WEAK: Final = b"W/"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request's head makes its answer depend on; None: not on that."""

    match: bytes | None  # If-Match
    none_match: bytes | None  # If-None-Match
    modified_since: int | None
    unmodified_since: int | None
    range: bytes | None
    if_range: bytes | None

    def status(self, etag: bytes, modified_at: int) -> Literal[304, 412] | None:
        """Say what to answer instead of the file; None: the file."""
        if self.match is not None:
            if not _is_any(self.match, etag, is_strong=True):
                return 412
        elif self.unmodified_since is not None and modified_at > self.unmodified_since:
            return 412
        if self.none_match is not None:
            return 304 if _is_any(self.none_match, etag, is_strong=False) else None
        if self.modified_since is not None and modified_at <= self.modified_since:
            return 304
        return None

    def wants_range(self, etag: bytes, modified_at: int) -> bool:
        """Say whether Range counts: If-Range must name the very file (section 13.1.5)."""
        if self.range is None:
            return False
        asked = self.if_range
        if asked is None:
            return True
        if asked.startswith((b'"', _WEAK)):
            return asked == etag and not asked.startswith(_WEAK)
        return http_date(asked) == modified_at


def conditions(head: RequestHead) -> Conditions | None:
    """Read the fields; None where there are none of them, as is usual.

    A date that cannot be read is as good as not there, and dates do not count where tags are.
    """
    found: dict[bytes, bytes] = {}
    for name, value in head.fields:
        lowered = name.lower()
        if lowered in _FIELDS:
            # Lists may come in several lines (section 5.3); for the others the first counts.
            if lowered in found and lowered in _LISTS:
                found[lowered] += b", " + value
            else:
                found.setdefault(lowered, value.strip(b" \t"))
    if not found:
        return None
    is_read = head.method in (b"GET", b"HEAD")
    since = found.get(b"if-modified-since") if is_read else None
    unless = found.get(b"if-unmodified-since")
    return Conditions(
        found.get(b"if-match"),
        found.get(b"if-none-match"),
        None if since is None else http_date(since),
        None if unless is None else http_date(unless),
        found.get(b"range") if head.method == b"GET" else None,
        found.get(b"if-range"),
    )


_LISTS: Final = frozenset({b"if-match", b"if-none-match"})
_FIELDS: Final = _LISTS | {b"if-modified-since", b"if-unmodified-since", b"range", b"if-range"}


def http_date(value: bytes) -> int | None:
    """Read a date in one of HTTP's three forms (RFC 9110 section 5.6.7)."""
    text = value.decode("latin-1")
    if not text.endswith(" GMT") and "-" not in text and len(text) != 24:
        return None
    parsed = email.utils.parsedate_tz(text)
    if parsed is None:
        return None
    try:
        return int(email.utils.mktime_tz(parsed))
    except (ValueError, OverflowError):
        return None


def _tags(value: bytes) -> list[bytes]:
    """Read a list of tags; nothing of what is not well-formed."""
    tags, at = [], 0
    while at < len(value):
        match = _TAG.match(value, at)
        if match is None:
            return []
        tags.append(match[1])
        at = match.end()
    return tags


def _is_any(value: bytes, etag: bytes, *, is_strong: bool) -> bool:
    """Say whether a list of tags has this one; ``*`` is any file that there is."""
    if value.strip(b" \t") == b"*":
        return True
    tags = _tags(value)
    if is_strong:
        return not etag.startswith(_WEAK) and etag in tags
    bare = etag.removeprefix(_WEAK)
    return any(tag.removeprefix(_WEAK) == bare for tag in tags)
