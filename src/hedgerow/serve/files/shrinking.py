"""Making a body smaller while it is served: gzip, of which every client knows how to undo it.

Short bodies at once (a millisecond at most), longer ones in a thread, and meanwhile clients get
them as they are.  What does not get smaller is not tried again.  Must not know requests.
"""

import asyncio
import gzip
from collections.abc import Callable, Hashable
from typing import Final

_AT_ONCE: Final = 16 * 1024
_LEVEL: Final = 6
_MOST_TOGETHER: Final = 4
#: So many bodies that did not get smaller are remembered; then it starts anew.
_MOST_USELESS: Final = 1024


class Shrinker:
    """Compresses what it is given, each thing once at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._busy: set[Hashable] = set()
        self._useless: set[Hashable] = set()

    def may_take(self, identity: Hashable, size: int) -> bool:
        """Say whether this one is worth it and there is a turn for it now."""
        if identity in self._useless or identity in self._busy:
            return False
        return size <= _AT_ONCE or len(self._busy) < _MOST_TOGETHER

    def shrink(
        self,
        identity: Hashable,
        size: int,
        read: Callable[[], bytes],
        done: Callable[[bytes], None],
    ) -> None:
        """Call ``done`` with the smaller body, now or later, or never where there is none.

        ``read`` gives the body; it may be called in a thread.  Ask :meth:`may_take` before.
        """
        if size <= _AT_ONCE:
            self._finish(identity, shrunk(read()), done)
            return
        self._busy.add(identity)

        def finished(asking: "asyncio.Future[bytes | None]") -> None:
            self._busy.discard(identity)
            if not asking.cancelled() and asking.exception() is None:
                self._finish(identity, asking.result(), done)

        self._loop.run_in_executor(None, lambda: shrunk(read())).add_done_callback(finished)

    def _finish(
        self, identity: Hashable, body: bytes | None, done: Callable[[bytes], None]
    ) -> None:
        if body is not None:
            done(body)
            return
        if len(self._useless) >= _MOST_USELESS:
            self._useless.clear()
        self._useless.add(identity)


def shrunk(body: bytes) -> bytes | None:
    """Compress; None where it would not pay."""
    smaller = gzip.compress(body, _LEVEL, mtime=0)
    return smaller if len(smaller) < len(body) * 0.95 else None
