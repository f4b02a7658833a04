"""Which small files are kept in memory: those that were asked for last, up to so many bytes.

One a route and process.  Must not know requests, nor the disk: whoever puts something here says
until when it may be used without looking.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from hedgerow.serve.files.stored import Stored

#: What an entry costs besides its bodies.
_OVERHEAD: Final = 1000


class Shelf:
    """Ready answers by key."""

    __slots__ = ("_kept", "_room", "_size", "find")

    def __init__(self, room: int) -> None:
        """``room`` is in bytes; 0 keeps nothing."""
        self._kept: OrderedDict[Hashable, Stored] = OrderedDict()
        self._room = room
        self._size = 0
        #: ``find(key)`` returns what is kept, or None; the dictionary's own method: a call less.
        self.find = self._kept.get

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._size

    def put(self, key: Hashable, stored: Stored) -> None:
        """Keep something, in place of what had this key; what was not used longest goes."""
        self.drop(key)
        size = _size(stored)
        if size > self._room:
            return
        while self._size + size > self._room:
            self.drop(next(iter(self._kept)))
        self._kept[key] = stored
        self._size += size

    def used(self, key: Hashable) -> None:
        """Note that this one is wanted; called when it is looked at, which is once a second."""
        if key in self._kept:
            self._kept.move_to_end(key)

    def drop(self, key: Hashable) -> None:
        """Keep it no longer, and let nobody else who has it use it."""
        stored = self._kept.pop(key, None)
        if stored is not None:
            self._size -= _size(stored)
            stored.forget()


def _size(stored: Stored) -> int:
    """Count the body twice: it is kept alone, and joined with the head."""
    return _OVERHEAD + 2 * (len(stored.fields) + (0 if stored.body is None else stored.size))
