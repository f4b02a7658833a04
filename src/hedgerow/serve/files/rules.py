"""What the settings say about the files of a directory; must not know where they come from."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class CacheRule:
    """What Cache-Control files of a pattern get: ``*.js`` by name, ``/assets/*`` by path."""

    pattern: str
    value: bytes

    def is_for(self, path: bytes) -> bool:
        """Say whether a path relative to the directory matches."""
        text = path.decode("utf-8", "replace")
        if self.pattern.startswith("/"):
            return fnmatch.fnmatchcase(f"/{text}", self.pattern)
        return fnmatch.fnmatchcase(text.rpartition("/")[2], self.pattern)


@dataclass(frozen=True, slots=True)
class FileRules:
    """How a directory is shown."""

    index: Sequence[bytes] = (b"index.html",)
    listing: bool = False
    shows_hidden: bool = False
    fallback: bytes | None = None  # the file for pages that are not there
    not_found: bytes | None = None  # the body of 404
    cache: Sequence[CacheRule] = ()
    precompressed: bool = True  # siblings with .br, .zst, .gz
    compress: bool = True  # what is small and text, while it is served
    smallest: int = field(default=256)  # bytes that are worth compressing
    largest: int = field(default=1024 * KIB)  # bytes that are compressed while they are served

    def cache_line(self, path: bytes) -> bytes:
        """Return the Cache-Control line of a file; the first pattern that matches counts."""
        for rule in self.cache:
            if rule.is_for(path):
                return b"Cache-Control: %b\r\n" % rule.value
        return b""
