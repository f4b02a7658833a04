"""Finding what a name stands for: a file in the best encoding, an index, a directory.

The one place that opens files; every one of them, index and compressed sibling too, is opened
beneath the directory by ``tree`` and looked at when it is open.  Must not know requests.
"""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hedgerow.serve.files.media import is_compressible, media_type
from hedgerow.serve.files.negotiation import ENDINGS, IDENTITY
from hedgerow.serve.files.page import Entry
from hedgerow.serve.files.rules import FileRules
from hedgerow.serve.files.stored import Stored, describe, identity_of
from hedgerow.serve.files.tree import Opened, Tree

#: Files up to this size are kept in memory, if they are asked for.
SMALL: Final = 64 * 1024
_MOST_LISTED: Final = 10_000
_MOST_DESCRIBED: Final = 1024
#: Nanoseconds between two files that were written together.
_SAME_TIME: Final = 1_000_000_000


@dataclass(slots=True)
class Found:
    """A file that is open, and what is known of it; whoever has it closes it."""

    opened: Opened
    stored: Stored
    path: bytes  # of the file without the ending of an encoding
    coding: str

    def copy(self) -> "Found":
        """Return the same file under another descriptor."""
        return replace(self, opened=self.opened.copy())

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


#: The end of the year 9999: no calendar of Python's goes further.
_LAST_SHOWN: Final = 253_402_300_799.0


class Finder:
    """Finds files of one directory."""

    def __init__(self, tree: Tree, rules: FileRules, clock: Callable[[], float]) -> None:
        """``clock`` tells the seconds since 1970."""
        self._tree = tree
        self._rules = rules
        self._clock = clock
        self._described: dict[tuple[bytes, str, bool], Stored] = {}

    def copy(self) -> "Finder":
        """Return one for a thread, to be closed there: the tree's descriptor may change."""
        return Finder(self._tree.copy(), self._rules, self._clock)

    def close(self) -> None:
        """Let go of the directory."""
        self._tree.close()

    def find(
        self, path: bytes, codings: Sequence[str], *, by_accept: bool = False
    ) -> Found | FoundDirectory | None:
        """Return what a path stands for, or None; for a directory its index where it has one.

        ``by_accept``: whether clients that take no HTML get something else.
        """
        opened = self._tree.open(path)
        if opened is None:
            return None
        try:
            return self._found(path, opened, codings, by_accept=by_accept)
        except OSError:  # no descriptor is left for a sibling or an index, say
            opened.close()
            raise

    def _found(
        self, path: bytes, opened: Opened, codings: Sequence[str], *, by_accept: bool
    ) -> Found | FoundDirectory:
        if not opened.is_directory:
            return self._best(path, opened, codings, by_accept=by_accept)
        for name in self._rules.index:
            index = name if path == b"." else path + b"/" + name
            inside = self._tree.open(index)
            if inside is not None and not inside.is_directory:
                try:
                    found = self._best(index, inside, codings, by_accept=by_accept)
                except OSError:
                    inside.close()
                    raise
                opened.close()
                return found
            if inside is not None:
                inside.close()
        return FoundDirectory(opened)

    def find_file(
        self, path: bytes, codings: Sequence[str], *, by_accept: bool = False
    ) -> Found | None:
        """Return a file and nothing else."""
        found = self.find(path, codings, by_accept=by_accept)
        if isinstance(found, FoundDirectory):
            found.opened.close()
            return None
        return found

    def entries(self, found: FoundDirectory, path: bytes) -> list[Entry]:
        """Return what is in a directory and may be seen; of links, what they lead to."""
        entries: list[Entry] = []
        with os.scandir(found.opened.fd) as listed:
            for one in listed:
                name = os.fsencode(one.name)
                if len(entries) >= _MOST_LISTED:
                    break
                if name.startswith(b".") and not self._rules.shows_hidden:
                    continue
                status = self._status(one, name if path == b"." else path + b"/" + name)
                if status is None:
                    continue
                is_directory = stat.S_ISDIR(status.st_mode)
                if is_directory or stat.S_ISREG(status.st_mode):
                    changed = min(max(status.st_mtime, 0.0), _LAST_SHOWN)
                    entries.append(Entry(name, is_directory, status.st_size, changed))
        return entries

    def _status(self, entry: "os.DirEntry[str]", path: bytes) -> os.stat_result | None:
        """Look at an entry; a link is followed only as it would be when it is asked for."""
        try:
            if not entry.is_symlink():
                return entry.stat(follow_symlinks=False)
            opened = self._tree.open(path)
        except OSError:
            return None
        if opened is None:
            return None
        with opened:
            return opened.status

    def _best(
        self, path: bytes, opened: Opened, codings: Sequence[str], *, by_accept: bool
    ) -> Found:
        """Choose among a file and its compressed siblings."""
        content_type = media_type(path)
        rules = self._rules
        vary = [b"Accept"] if by_accept else []
        if rules.precompressed or (rules.compress and is_compressible(content_type)):
            vary.append(b"Accept-Encoding")
        coding = IDENTITY
        for name in codings if rules.precompressed else ():
            if name == IDENTITY:
                break
            sibling = self._tree.open(path + ENDINGS[name])
            if sibling is None:
                continue
            if sibling.is_directory or _is_outdated(sibling.status, opened.status):
                sibling.close()
                continue
            opened.close()
            opened, coding = sibling, name
            break
        key = (path, coding, by_accept)
        stored = self._described.get(key)
        if stored is None or stored.identity != identity_of(opened.status):
            stored = describe(
                opened.status,
                content_type,
                coding,
                latest=self._clock(),
                vary=b", ".join(vary),
                cache_line=rules.cache_line(path),
            )
            if stored.size > SMALL:
                self._describe(key, stored)
        return Found(opened, stored, path, coding)

    def _describe(self, key: tuple[bytes, str, bool], stored: Stored) -> None:
        """Remember what is said of a large file; small ones are kept whole, elsewhere."""
        if len(self._described) >= _MOST_DESCRIBED:
            self._described.clear()
        self._described[key] = stored


def _is_outdated(sibling: os.stat_result, file: os.stat_result) -> bool:
    """Say whether a sibling was forgotten when the file changed.

    Both may have been written by one copy or checkout, in any order, so seconds count.
    """
    return sibling.st_mtime_ns < file.st_mtime_ns - _SAME_TIME
