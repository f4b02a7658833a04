"""Every listening socket of a supervisor, which hands them down to its workers.

A worker never opens one.  So a socket outlives the worker that accepts at it, and whoever
waits in its queue when a worker is killed is served by the next one.  With ``reuseport`` there
is one socket a slot (and thread) at each TCP address, else one for all.

A socket of a slot that is given up is *parked* and not closed: closing it would reset whoever
is about to connect there, and would move the others' numbers.

Must not know workers, nor settings beyond an address.
"""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hedgerow.errors import StartError
from hedgerow.serve.workers.steering import let_go, steer
from hedgerow.wire.opening import (
    bound_to,
    can_share_port,
    forget_path,
    open_another,
    open_socket,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An address to listen at."""

    address: str
    mode: int | None = None  # permissions of a unix path


@dataclass(slots=True)
class _Address:
    wanted: Wanted
    sockets: list[socket.socket]
    is_dealt: bool  # each slot has a socket of its own here

    def close(self) -> None:
        if not self.wanted.address.startswith("fd:"):
            forget_path(self.sockets[0])
        for sock in self.sockets:
            sock.close()


class Listeners:
    """All of them."""

    def __init__(self, *, shares_port: bool, threads: int = 1) -> None:
        """``shares_port``: a socket a slot; ``threads``: as many a slot."""
        self._shares_port = shares_port
        self._threads = threads
        self._addresses: dict[str, _Address] = {}
        self._slots = 0  # for so many there are sockets

    def open(self, wanted: Sequence[Wanted]) -> None:
        """Open what is not open yet; all or, with StartError, none of them."""
        opened: list[_Address] = []
        try:
            for one in wanted:
                if one.address in self._addresses:
                    continue
                sock = open_socket(one.address, shares_port=self._shares_port, mode=one.mode)
                opened.append(address := _Address(one, [sock], can_share_port(sock)))
                self._complete(address)
        except StartError:
            for address in opened:
                address.close()
            raise
        self._addresses |= {address.wanted.address: address for address in opened}

    def add_slot(self, slot: int) -> None:
        """See to it that there are sockets for this slot."""
        self._slots = max(self._slots, slot + 1)
        for address in self._addresses.values():
            self._complete(address)

    def keep_only(self, wanted: Sequence[str]) -> None:
        """Close the other addresses."""
        for name in [name for name in self._addresses if name not in wanted]:
            self._addresses.pop(name).close()

    def close(self) -> None:
        """Close all of them."""
        self.keep_only(())

    def bound_to(self, address: str) -> str:
        """Return an address with the port that was really taken."""
        return bound_to(self._addresses[address].sockets[0])

    def of_slot(self, slot: int) -> list[dict[str, socket.socket]]:
        """Return the sockets of a slot by address, for each of its threads."""
        return [
            {
                name: address.sockets[self._number(address, slot, thread)]
                for name, address in self._addresses.items()
            }
            for thread in range(self._threads)
        ]

    def keep_slot(self, slot: int) -> None:
        """In the process of a worker: close all but its own, so that they end with their owners."""
        kept = {sock.fileno() for one in self.of_slot(slot) for sock in one.values()}
        for address in self._addresses.values():
            for sock in address.sockets:
                if sock.fileno() not in kept:
                    sock.close()

    def keep_none(self) -> None:
        """In a process that listens at none of them: close all, and leave their paths alone."""
        for address in self._addresses.values():
            for sock in address.sockets:
                sock.close()

    def steer(self, slots: Sequence[int]) -> None:
        """Send new connections to these slots only, where that can be said."""
        for address in self._addresses.values():
            if not address.is_dealt:
                continue
            numbers = [slot * self._threads + t for slot in slots for t in range(self._threads)]
            if len(numbers) == len(address.sockets):
                let_go(address.sockets[0])
            else:
                steer(address.sockets[0], numbers)

    def without(self, slots: Sequence[int]) -> Iterator[tuple[str, socket.socket]]:
        """Return the sockets, and their addresses, that belong to none of these slots alone."""
        for name, address in self._addresses.items():
            if not address.is_dealt:
                continue
            for number, sock in enumerate(address.sockets):
                if number // self._threads not in slots:
                    yield name, sock

    def _complete(self, address: _Address) -> None:
        """Open sockets until each slot has one; numbered as the kernel numbers them."""
        if not address.is_dealt:
            return
        while len(address.sockets) < self._slots * self._threads:
            try:
                address.sockets.append(open_another(address.sockets[0]))
            except OSError as error:
                raise StartError(
                    "listen",
                    got=address.wanted.address,
                    must="an address that one more worker can listen at",
                    fix=f"({error})",
                ) from error

    def _number(self, address: _Address, slot: int, thread: int) -> int:
        return slot * self._threads + thread if address.is_dealt else 0
