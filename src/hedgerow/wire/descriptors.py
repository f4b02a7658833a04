"""How many sockets this process may hold: counted, so that it never runs out.

Both sides take from the same purse, clients one each and upstream connections one
each.  A gateway that accepts a client it cannot serve has only moved the queue, so
accepting stops at three quarters of the purse and the rest is for upstreams.

Must not know what a descriptor is used for.
"""

import resource
from typing import Final

#: Standard streams, listeners, logs, the event loop's own, and a margin for the resolver.
RESERVE: Final = 64


class Descriptors:
    """A purse of descriptors."""

    __slots__ = ("in_use", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_use = 0

    def take(self, count: int = 1) -> bool:
        """Take one, or so many; False when they are not left."""
        if self.in_use + count > self.limit:
            return False
        self.in_use += count
        return True

    def accepted(self) -> None:
        """Count a client that the kernel has let in already."""
        self.in_use += 1

    def release(self, count: int = 1) -> None:
        """Give one back, or so many."""
        self.in_use -= count

    @property
    def may_accept(self) -> bool:
        """False when another client would leave too few for upstreams."""
        return self.in_use < self.limit * 3 // 4


def raise_limit() -> int:
    """Raise the soft limit to the hard one and return how many sockets fit below it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else max(soft, 1 << 20)
    if soft != wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (ValueError, OSError):
            pass  # macOS refuses what is above its own maximum; what we have must do
    return max(soft - RESERVE, 16)
