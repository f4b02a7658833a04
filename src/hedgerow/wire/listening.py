"""A listening socket, and whether it accepts just now.

Accepting can pause without closing the socket: clients then wait in the kernel's
backlog instead of being refused, which is what a process short of descriptors wants.
Must not know what is served.
"""

import asyncio
import contextlib
import errno
import ipaddress
import os
import socket
import ssl
import stat
from collections.abc import Callable
from typing import Final

from hedgerow.errors import StartError

#: Clients that may wait to be accepted; the kernel caps it at net.core.somaxconn.
_BACKLOG: Final = 4096
#: For a handshake, and for the other side's goodbye; asyncio's own are 60 s and 30 s.
_TLS_SECONDS: Final = 10.0
_RETRY_AFTER: Final = 0.25
_LAST_PORT: Final = 65535


class Listening:
    """One address. Opens at once, accepts after :meth:`start`."""

    def __init__(self, address: str) -> None:
        """Open ``host:port`` (``[v6]:port``, ``:port`` for all) or ``unix:/path``.

        Raises :class:`StartError` when the address cannot be had.
        """
        self.address = address
        self._socket = _open(address)
        self._server: asyncio.AbstractServer | None = None
        self._factory: Callable[[], asyncio.Protocol] | None = None
        self._tls: ssl.SSLContext | None = None
        self._wanted = False  # whether to accept; the server follows as soon as it can
        self._changing: asyncio.Task[None] | None = None

    @property
    def bound_to(self) -> str:
        """The address with the port that was really taken (for port 0)."""
        name = self._socket.getsockname()
        if isinstance(name, str):
            return f"unix:{name}"
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        return f"{host}:{name[1]}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        name = self._socket.getsockname()
        return isinstance(name, str) or ipaddress.ip_address(name[0]).is_loopback

    async def start(
        self, factory: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None = None
    ) -> None:
        """Accept connections from now on."""
        self._factory, self._tls = factory, tls
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

    def close(self) -> None:
        """Stop listening for good."""
        self._factory = None
        self.pause()
        if self._socket.fileno() < 0:
            return  # closed before
        name = self._socket.getsockname()
        self._socket.close()
        if isinstance(name, str) and name:
            with contextlib.suppress(OSError):
                os.unlink(name)

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
            factory,
            sock=self._socket.dup(),
            ssl=self._tls,
            backlog=_BACKLOG,
            ssl_handshake_timeout=_TLS_SECONDS if self._tls is not None else None,
            ssl_shutdown_timeout=_TLS_SECONDS if self._tls is not None else None,
        )
        if self._wanted:
            self._server = server
        else:
            server.close()  # paused, or closed for good, while it was being made


def _open(address: str) -> socket.socket:
    if address.startswith("unix:"):
        return _open_unix(address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    host = host.strip("[]") or "0.0.0.0"
    try:
        if not port.isdecimal() or int(port) > _LAST_PORT:
            raise ValueError(f"a port is a number up to {_LAST_PORT}")
        found = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, name = found[0]
        sock = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise StartError(
            "listen", got=address, must="an address of this machine", fix=f"({error})"
        ) from error
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(name)
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise _refused(address, port, error) from error
    sock.setblocking(False)
    return sock


def _open_unix(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _is_left_over(path):
            os.unlink(path)
        sock.bind(path)
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise StartError(
            "listen", got=f"unix:{path}", must="a path that is free and writable", fix=f"({error})"
        ) from error
    sock.setblocking(False)
    return sock


def _is_left_over(path: str) -> bool:
    """Say whether a killed process has left this socket; anything else is not ours to remove."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
    except FileNotFoundError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # with a full backlog a connect would wait
        return probe.connect_ex(path) == errno.ECONNREFUSED


def _refused(address: str, port: str, error: OSError) -> StartError:
    if error.errno == errno.EADDRINUSE:
        return StartError(
            f"port {port}",
            got="in use",
            must="free",
            fix="Stop what listens there, or choose another with --port (0 for any).",
        )
    if error.errno == errno.EACCES:
        return StartError(
            f"port {port}",
            got="not permitted",
            must="1024 or above without privileges",
            fix="Choose another with --port.",
        )
    return StartError("listen", got=address, must="an address of this machine", fix=f"({error})")
