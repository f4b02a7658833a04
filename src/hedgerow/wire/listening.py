"""A listening socket, and whether it accepts just now.

Accepting can pause without closing the socket: clients then wait in the kernel's
backlog instead of being refused, which is what a process short of descriptors wants.
Must not know what is served.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable
from typing import Final

from hedgerow.wire.opening import BACKLOG, bound_to, forget_path, open_socket

_RETRY_AFTER: Final = 0.25


class Listening:
    """One address. Opens at once, accepts after :meth:`start`."""

    def __init__(
        self, address: str, sock: socket.socket | None = None, *, mode: int | None = None
    ) -> None:
        """Open an address as :func:`open_socket` does, or use ``sock``, opened by another process.

        Raises :class:`StartError` when the address cannot be had.
        """
        self.address = address
        self._is_lent = sock is not None or address.startswith("fd:")  # others listen at it, too
        self._socket = open_socket(address, mode=mode) if sock is None else sock
        self._server: asyncio.AbstractServer | None = None
        self._factory: Callable[[], asyncio.Protocol] | None = None
        self._wanted = False  # whether to accept; the server follows as soon as it can
        self._changing: asyncio.Task[None] | None = None
        self._taking: set[asyncio.Task[None]] = set()

    @property
    def bound_to(self) -> str:
        """The address with the port that was really taken (for port 0)."""
        return bound_to(self._socket)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        name = self._socket.getsockname()
        return isinstance(name, (str, bytes)) or ipaddress.ip_address(name[0]).is_loopback

    async def start(self, factory: Callable[[], asyncio.Protocol]) -> None:
        """Accept connections from now on."""
        self._factory = factory
        self._wanted = True
        await self._accept(factory)

    def pause(self) -> None:
        """Leave new clients in the backlog."""
        self._wanted = False
        if self._server is not None:
            self._server.close()
            self._server = None

    def resume(self) -> None:
        """Accept again."""
        factory = self._factory
        if factory is not None and not self._wanted:
            self._wanted = True
            if self._changing is None:
                self._changing = asyncio.get_running_loop().create_task(self._keep_trying(factory))

    async def finish(self) -> int:
        """Accept whoever is in the backlog, and stop; returns how many there were.

        A socket that is closed resets all who wait in its backlog.  Call it when nobody else
        listens at this socket, and :meth:`close` afterwards.
        """
        self.pause()
        count = 0
        while self._factory is not None and count < BACKLOG:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                break  # nobody is left; or there are no descriptors for them
            self.take(connection)
            count += 1
        if self._taking:
            await asyncio.wait(self._taking)
        return count

    def take(self, connection: socket.socket) -> None:
        """Serve a client that was accepted by somebody else."""
        factory = self._factory
        if factory is None:
            connection.close()
            return
        connection.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._take(factory, connection))
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)

    def close(self) -> None:
        """Stop listening for good."""
        self._factory = None
        self.pause()
        if self._socket.fileno() < 0:
            return  # closed before
        if not self._is_lent:
            forget_path(self._socket)
        self._socket.close()

    async def _take(
        self, factory: Callable[[], asyncio.Protocol], connection: socket.socket
    ) -> None:
        with contextlib.suppress(OSError):  # it has gone
            await asyncio.get_running_loop().connect_accepted_socket(factory, connection)

    async def _keep_trying(self, factory: Callable[[], asyncio.Protocol]) -> None:
        """Accept again, also where descriptors ran short a second time."""
        try:
            while self._wanted and self._server is None:
                try:
                    await self._accept(factory)
                except OSError:
                    await asyncio.sleep(_RETRY_AFTER)
        finally:
            self._changing = None

    async def _accept(self, factory: Callable[[], asyncio.Protocol]) -> None:
        # A duplicate: the server closes its socket when it pauses, ours keeps the backlog.
        server = await asyncio.get_running_loop().create_server(
            factory, sock=self._socket.dup(), backlog=BACKLOG
        )
        if self._wanted:
            self._server = server
        else:
            server.close()  # paused, or closed for good, while it was being made
