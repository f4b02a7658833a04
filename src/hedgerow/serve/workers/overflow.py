"""Clients that wait at sockets where nobody accepts just now: others take them.

At a socket of a slot whose worker is being started again, is stuck, or was taken away.  The
supervisor accepts them there and hands them to workers that serve.  Where all is well there
is nothing to watch.  Must not know why nobody accepts.
"""

import selectors
import socket
from collections.abc import Callable, Sequence
from typing import Final

from hedgerow.serve.workers.line import Line

#: So many clients are taken from a queue at a time.
_AT_ONCE: Final = 64

#: Return the lines of those who can take a client that came to this address.
Takers = Callable[[str], list[Line]]


class Overflow:
    """The sockets that are watched."""

    def __init__(self, selector: selectors.BaseSelector, takers: Takers) -> None:
        self._selector = selector
        self._takers = takers
        self._watched: dict[int, tuple[str, socket.socket]] = {}
        self._turn = 0  # whose it is to take the next one

    def watch(self, wanted: Sequence[tuple[str, socket.socket]]) -> None:
        """Watch these sockets, each with its address, and no others."""
        sockets = {sock.fileno(): (name, sock) for name, sock in wanted}
        for number in self._watched.keys() - sockets.keys():
            self._selector.unregister(number)
        for number in sockets.keys() - self._watched.keys():
            self._selector.register(number, selectors.EVENT_READ, self.accept)
        self._watched = sockets

    def accept(self, number: int) -> None:
        """Somebody waits at the socket with this descriptor."""
        watched = self._watched.get(number)
        if watched is None:
            return  # what is watched has changed since the system told us
        address, listening = watched
        takers = self._takers(address)
        if not takers:
            self.watch([one for key, one in self._watched.items() if key != number])
            return
        for _ in range(_AT_ONCE):
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with client:
                self._turn += 1
                first = self._turn % len(takers)
                # One that cannot take it now is asked again later; the next one is.
                any(one.hand_over(address, client) for one in takers[first:] + takers[:first])
