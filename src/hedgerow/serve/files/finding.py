"""Finding what a name stands for: a file in the best encoding, an index, a directory.

The one place that opens files; every one of them, index and compressed sibling too, is opened
beneath the directory by ``tree`` and looked at when it is open.  Must not know requests.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.serve.files.media import is_compressible, media_type
from hedgerow.serve.files.negotiation import ENDINGS, IDENTITY
from hedgerow.serve.files.page import Entry
from hedgerow.serve.files.rules import FileRules
from hedgerow.serve.files.stored import Stored, describe
from hedgerow.serve.files.tree import Opened, Tree

#: Files up to this size are kept in memory, if they are asked for.
SMALL: Final = 64 * 1024
_MOST_LISTED: Final = 10_000


@dataclass(slots=True)
class Found:
    """A file that is open, and what is known of it; whoever has it closes it."""

    opened: Opened
    stored: Stored
    path: bytes  # of the file without the ending of an encoding
    coding: str

    def read(self) -> bytes:
        """Return the whole body of a small one, as long as it was when it was opened."""
        size, data = self.stored.size, b""
        while len(data) < size and (more := os.pread(self.opened.fd, size - len(data), len(data))):
            data += more
        return data


@dataclass(slots=True)
class FoundDirectory:
    """A directory that is open."""

    opened: Opened

    def entries(self, *, shows_hidden: bool) -> list[Entry]:
        """Return what is in it; links are what they lead to, if that is there."""
        found = []
        with os.scandir(self.opened.fd) as entries:
            for entry in entries:
                name = os.fsencode(entry.name)
                if name.startswith(b".") and not shows_hidden:
                    continue
                try:
                    status = entry.stat()
                    is_shown = entry.is_dir() or entry.is_file()
                except OSError:
                    continue
                if is_shown:
                    found.append(Entry(name, entry.is_dir(), status.st_size, status.st_mtime))
                if len(found) >= _MOST_LISTED:
                    break
        return found


class Finder:
    """Finds files of one directory."""

    def __init__(self, tree: Tree, rules: FileRules) -> None:
        self._tree = tree
        self._rules = rules

    def find(self, path: bytes, codings: Sequence[str]) -> Found | FoundDirectory | None:
        """Return what a path stands for, or None; for a directory its index where it has one."""
        opened = self._tree.open(path)
        if opened is None:
            return None
        if not opened.is_directory:
            return self._best(path, opened, codings)
        for name in self._rules.index:
            index = name if path == b"." else path + b"/" + name
            inside = self._tree.open(index)
            if inside is not None and not inside.is_directory:
                opened.close()
                return self._best(index, inside, codings)
            if inside is not None:
                inside.close()
        return FoundDirectory(opened)

    def find_file(self, path: bytes, codings: Sequence[str]) -> Found | None:
        """Return a file and nothing else."""
        found = self.find(path, codings)
        if isinstance(found, FoundDirectory):
            found.opened.close()
            return None
        return found

    def _best(self, path: bytes, opened: Opened, codings: Sequence[str]) -> Found:
        """Choose among a file and its compressed siblings."""
        content_type = media_type(path)
        rules = self._rules
        varies = rules.precompressed or (rules.compress and is_compressible(content_type))
        cache_line = rules.cache_line(path)
        for coding in codings if rules.precompressed else ():
            if coding == IDENTITY:
                break
            sibling = self._tree.open(path + ENDINGS[coding])
            if sibling is None:
                continue
            # One that is older than the file was forgotten when the file changed.
            is_current = sibling.status.st_mtime_ns >= opened.status.st_mtime_ns
            if sibling.is_directory or not is_current:
                sibling.close()
                continue
            opened.close()
            status = sibling.status
            stored = describe(status, content_type, coding, varies=True, cache_line=cache_line)
            return Found(sibling, stored, path, coding)
        status = opened.status
        stored = describe(status, content_type, IDENTITY, varies=varies, cache_line=cache_line)
        return Found(opened, stored, path, IDENTITY)
