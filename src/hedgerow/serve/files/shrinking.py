"""Making a body smaller while it is served: gzip, of which every client knows how to undo it.

Short bodies at once (a millisecond at most), longer ones in a thread, and meanwhile clients get
them as they are.  Must not know requests.
"""

import asyncio
import gzip
from collections.abc import Callable, Hashable
from typing import Final

_AT_ONCE: Final = 16 * 1024
_LEVEL: Final = 6
_MOST_AT_ONCE: Final = 4


class Shrinker:
    """Compresses what it is given, each thing once at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._busy: set[Hashable] = set()

    def may_take(self, key: Hashable, size: int) -> bool:
        """Say whether there is a turn for this one now."""
        return size <= _AT_ONCE or (key not in self._busy and len(self._busy) < _MOST_AT_ONCE)

    def shrink(
        self,
        key: Hashable,
        size: int,
        read: Callable[[], bytes],
        done: Callable[[bytes | None], None],
    ) -> None:
        """Call ``done`` with the smaller body, now or later; None: it does not get smaller.

        ``read`` gives the body; it may be called in a thread.  Ask :meth:`may_take` before.
        """
        if size <= _AT_ONCE:
            done(shrunk(read()))
            return
        self._busy.add(key)

        def finished(asking: "asyncio.Future[bytes | None]") -> None:
            self._busy.discard(key)
            if not asking.cancelled() and asking.exception() is None:
                done(asking.result())

        self._loop.run_in_executor(None, lambda: shrunk(read())).add_done_callback(finished)


def shrunk(body: bytes) -> bytes | None:
    """Compress; None where it would not pay."""
    smaller = gzip.compress(body, _LEVEL, mtime=0)
    return smaller if len(smaller) < len(body) * 0.95 else None
