"""A network without sockets, on virtual time: names, addresses, and who answers there.

``Network`` is an event loop whose connections end in :class:`Peer` objects.  It runs only
while a test lets it: ``does`` calls something as if on the loop, ``settle`` lets what is due
happen, ``later`` lets time pass.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, TypeVar

from typing_extensions import override

from tests.fakes.transport import FakeTransport
from tests.fakes.virtual_loop import VirtualLoop

T = TypeVar("T")


class Peer(FakeTransport):
    """The far end of one connection; its transport too, so it hears what is done to that."""

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self._network = loop
        self._is_lost = False

    @override
    def close(self) -> None:
        super().close()
        self._lose(None)

    @override
    def abort(self) -> None:
        super().abort()
        self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._network.call_soon(self.protocol.connection_lost, error)

    @property
    def requests(self) -> int:
        """How many came; each ends in an empty line."""
        return self.unsent.count(b"\r\n\r\n")


class Network(VirtualLoop):
    """Addresses answer unless ``fates`` says otherwise: an error, or None for silence."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, list[str]] = {}
        self.fates: dict[str, Exception | None] = {}
        self.round_trip = 0.01  # seconds that opening a connection takes
        self.peers: list[Peer] = []
        self.dialled: list[str] = []
        self.server_names: list[str | None] = []  # that certificates were to be for
        self.lookups = 0
        self.on_connect: Callable[[], None] = lambda: None  # before the pool hears of it

    # --- for the test ---

    def does(self, function: Callable[..., T], *arguments: Any) -> T:
        async def call() -> T:
            return function(*arguments)

        return self.run_until_complete(call())

    def settle(self) -> None:
        self.later(0.0)

    def later(self, seconds: float) -> None:
        self.run_until_complete(asyncio.sleep(seconds))
        for _ in range(6):  # what that set off, and what that set off
            self.run_until_complete(asyncio.sleep(0))

    def says(self, peer: Peer, data: bytes) -> None:
        if not peer.is_closing():
            self.does(peer.protocol.data_received, data)
        self.settle()

    def closes(self, peer: Peer) -> None:
        self.does(peer.protocol.eof_received)
        peer.close()
        self.settle()

    # --- for the pool ---

    @override
    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:
        self.lookups += 1
        await asyncio.sleep(self.round_trip)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in self.names[host]]

    @override
    async def create_connection(self, *where: Any, **options: Any) -> Any:
        factory, host, _port = where
        self.dialled.append(host)
        self.server_names.append(options.get("server_hostname"))
        await asyncio.sleep(self.round_trip)
        if host in self.fates:
            fate = self.fates[host]
            if fate is not None:
                raise fate
            await asyncio.Event().wait()
        peer = Peer(self, factory())
        self.peers.append(peer)
        self.call_soon(peer.protocol.connection_made, peer)
        self.on_connect()
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            peer.close()
            raise
        return peer, peer.protocol
