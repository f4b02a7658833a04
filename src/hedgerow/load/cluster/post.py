"""Where a running shard gets its orders: a place for each, in the worker's process.

Orders come in the thread of the worker's event loop and are for a shard in a thread of its
own; this carries them over.  Must not know what they say, nor who brings them.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from hedgerow.load.cluster.messages import Orders, decode_orders

_Take = Callable[[Orders], None]

#: One process may have shards of several runs, one after the other or at once.
_places: Final[dict[tuple[str, int], tuple[asyncio.AbstractEventLoop, _Take]]] = {}


@contextlib.contextmanager
def taking_orders(run: str, shard: int, take: _Take) -> Iterator[None]:
    """Let ``take`` be called, in the running loop, with all orders for this shard."""
    place = (asyncio.get_running_loop(), take)
    _places[run, shard] = place
    try:
        yield
    finally:
        if _places.get((run, shard)) is place:
            del _places[run, shard]


def deliver(orders: bytes) -> bool:
    """Hand orders over, from any thread; False: there is no such shard (any more)."""
    read = decode_orders(orders)
    place = _places.get((read.run, read.shard))
    if place is None:
        return False
    loop, take = place
    with contextlib.suppress(RuntimeError):  # its loop has just been closed
        loop.call_soon_threadsafe(take, read)
    return True
