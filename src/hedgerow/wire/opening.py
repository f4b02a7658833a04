"""Opens listening sockets: TCP, unix, and those that somebody opened for us.

Decides how a socket is bound; must not know who accepts on it, nor how many share a port.
"""

import contextlib
import errno
import os
import socket
import stat
from typing import Final

from hedgerow.errors import StartError

#: Clients that may wait to be accepted; the kernel caps it at net.core.somaxconn.
BACKLOG: Final = 4096
_LAST_PORT: Final = 65535
#: Bytes that the kernel keeps for a client beyond what is on the wire.  It would keep megabytes
#: for one that hardly reads, and thousands of those exhaust the memory of TCP, for everybody.
_UNSENT: Final = 128 * 1024
_UNSENT_OPTION: Final = getattr(socket, "TCP_NOTSENT_LOWAT", None)
#: What getaddrinfo and getsockname return.
_Name = tuple[str | int | bytes, ...]
#: Several sockets of one address: the kernel deals connections out to them (Linux 3.9).
_SHARES_PORT: Final = getattr(socket, "SO_REUSEPORT", None)


def open_socket(
    address: str, *, shares_port: bool = False, mode: int | None = None
) -> socket.socket:
    """Open ``host:port`` (``[v6]:port``, ``:port`` for all), ``unix:/path`` or ``fd:3``.

    ``shares_port``: other sockets of ours may be opened at the same address; one of somebody
    else is refused all the same.  ``mode``: the permissions of a unix path, where the umask's
    are not wanted.  Raises :class:`StartError` when the address cannot be had.
    """
    if address.startswith("unix:"):
        return _open_unix(address.removeprefix("unix:"), mode)
    if address.startswith("fd:"):
        return _adopt(address)
    return _open_tcp(address, shares_port=shares_port and _SHARES_PORT is not None)


def open_another(first: socket.socket) -> socket.socket:
    """Open one more socket at the address of one that shares its port."""
    return _listen(first.family, first.getsockname(), shares_port=True)


def can_share_port(sock: socket.socket) -> bool:
    """Say whether more sockets can be opened at its address."""
    if _SHARES_PORT is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    return sock.getsockopt(socket.SOL_SOCKET, _SHARES_PORT) != 0


def bound_to(sock: socket.socket) -> str:
    """Return its address, with the port that was really taken (for port 0)."""
    name = sock.getsockname()
    if isinstance(name, bytes):  # an abstract one
        return f"unix:@{name[1:].decode(errors='replace')}"
    if isinstance(name, str):
        return f"unix:{name}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"{host}:{name[1]}"


def url(where: str, *, is_tls: bool = False) -> str:
    """Return what to put into a browser for such an address."""
    if where.startswith("unix:"):
        return where
    return f"{'https' if is_tls else 'http'}://{where}"


def forget_path(sock: socket.socket) -> None:
    """Remove the path of a unix socket that nobody listens at any more."""
    name = sock.getsockname()
    if isinstance(name, str) and name:
        with contextlib.suppress(OSError):
            os.unlink(name)


def _open_tcp(address: str, *, shares_port: bool) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]") or "0.0.0.0"
    try:
        if not port.isdecimal() or int(port) > _LAST_PORT:
            raise ValueError(f"a port is a number up to {_LAST_PORT}")
        found = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, name = found[0]
        socket.socket(family, socket.SOCK_STREAM).close()
    except (OSError, ValueError) as error:
        raise StartError(
            "listen", got=address, must="an address of this machine", fix=f"({error})"
        ) from error
    try:
        # First without sharing: two servers that listen at one port by mistake would each
        # get a part of the clients, and nobody would be told.
        sock = _listen(family, name, shares_port=False)
        if shares_port:
            name = sock.getsockname()
            sock.close()
            sock = _listen(family, name, shares_port=True)
    except OSError as error:
        raise _refused(address, port, error) from error
    return sock


def _listen(family: int, name: _Name, *, shares_port: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shares_port and _SHARES_PORT is not None:
            sock.setsockopt(socket.SOL_SOCKET, _SHARES_PORT, 1)
        _bound_unsent(sock)
        sock.bind(name)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


def _open_unix(path: str, mode: int | None) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _is_left_over(path):
            os.unlink(path)
        _bind_unix(sock, path, mode)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise StartError(
            "listen", got=f"unix:{path}", must="a path that is free and writable", fix=f"({error})"
        ) from error
    sock.setblocking(False)
    return sock


def _bind_unix(sock: socket.socket, path: str, mode: int | None) -> None:
    if mode is None:
        sock.bind(path)
        return
    # By the umask and not afterwards: in between anybody could connect.
    before = os.umask(0o777 & ~mode)
    try:
        sock.bind(path)
    finally:
        os.umask(before)


def _adopt(address: str) -> socket.socket:
    """Take a socket that whoever started us has opened and bound."""
    number = address.removeprefix("fd:")
    sock: socket.socket | None = None
    try:
        sock = socket.socket(fileno=int(number))
        if sock.type != socket.SOCK_STREAM:
            raise ValueError("it is no stream socket")
        sock.listen(BACKLOG)  # it may be bound only
    except (OSError, ValueError) as error:
        if sock is not None:
            sock.detach()  # it is somebody else's
        raise StartError(
            "listen", got=address, must="a listening socket that was handed down", fix=f"({error})"
        ) from error
    if sock.family != socket.AF_UNIX:
        _bound_unsent(sock)
    sock.setblocking(False)
    os.set_inheritable(sock.fileno(), False)
    return sock


def _bound_unsent(sock: socket.socket) -> None:
    """Limit what the kernel keeps for a client; accepted sockets inherit it."""
    if _UNSENT_OPTION is not None:
        sock.setsockopt(socket.IPPROTO_TCP, _UNSENT_OPTION, _UNSENT)


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
            fix="Stop what listens there, or choose another port (0 for any).",
        )
    if error.errno == errno.EACCES:
        return StartError(
            f"port {port}",
            got="not permitted",
            must="1024 or above without privileges",
            fix="Choose another port.",
        )
    return StartError("listen", got=address, must="an address of this machine", fix=f"({error})")
