"""Opening connections: names, addresses, TLS, and what it means when it fails.

Must not know what a connection is for.  A name is looked up again every ten seconds, and
its addresses are used in turn, as many clients together would; where one of them does not
take the connection the next one is tried, as clients do.  One task a connection.
"""

import asyncio
import collections
import errno
import itertools
import socket
import ssl
import time
from typing import Final, Protocol

from hedgerow.load.generator.request_maker import Endpoint
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Connecting
from hedgerow.wire.lean import LeanConnection

#: How long a name's addresses are used.
_RESOLVED_FOR: Final = 10.0
_NO_CAPACITY: Final = frozenset({
    errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM,
})  # fmt: skip

#: The next address of a name may do better: localhost is both ::1 and 127.0.0.1.
_NOT_THIS_ADDRESS: Final = frozenset({
    errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
})  # fmt: skip

#: Connections being opened at once: a thousand users who arrive together must not keep the
#: loop from reading answers, nor flood a backlog.
_MAX_OPENING: Final = 128

Address = tuple[str, int]


class Caller(Protocol):
    """Who wants a connection; the connection itself tells its reader that it is there."""

    def dialling(self, now_ns: int) -> None:
        """It is being opened from now on."""

    def not_opened(self, connection: LeanConnection, outcome: Outcome, detail: str) -> None:
        """It could not be opened."""


_Wish = tuple[Endpoint, LeanConnection, Caller, float]  # the last: until when


class Dialler:
    """Makes connections as the plan says."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connecting: Connecting) -> None:
        self._loop = loop
        self._connecting = connecting
        self._tls = _tls_context(connecting)
        self._addresses: dict[Address, tuple[float, list[Address]]] = {}
        self._rotation = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: collections.deque[_Wish] = collections.deque()
        self.opened = 0
        self.descriptors_short = False
        self.ports_short = False

    @property
    def under_way(self) -> int:
        """How many connections are being opened."""
        return len(self._tasks) + len(self._waiting)

    def dial(self, endpoint: Endpoint, connection: LeanConnection, caller: Caller) -> None:
        """Open a connection; its reader hears ``opened``, or the caller ``not_opened``."""
        until = self._loop.time() + self._connecting.connect_timeout
        self._waiting.append((endpoint, connection, caller, until))
        self._dial_more()

    def close(self) -> None:
        """Give up whatever is being opened."""
        self._waiting.clear()
        for task in tuple(self._tasks):
            task.cancel()

    def _dial_more(self) -> None:
        while self._waiting and len(self._tasks) < _MAX_OPENING:
            task = self._loop.create_task(self._dial(*self._waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._dialled)

    def _dialled(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._dial_more()
        if not task.cancelled():
            task.result()  # an error of our own must not leave its user waiting for ever

    async def _dial(
        self, endpoint: Endpoint, connection: LeanConnection, caller: Caller, until: float
    ) -> None:
        limit = self._connecting.connect_timeout
        caller.dialling(time.perf_counter_ns())
        try:
            # Its wait for its turn counts too, or the last of many would wait for minutes.
            async with asyncio.timeout_at(until):
                await self._connect(endpoint, connection)
        except (OSError, ssl.SSLError, ValueError) as error:
            if connection.was_opened:
                return  # it was there, and is lost already: its reader has been told
            caller.not_opened(connection, *self._told(error, limit))
        else:
            self.opened += 1

    async def _connect(self, endpoint: Endpoint, connection: LeanConnection) -> None:
        tls = self._tls if endpoint.tls else None
        name = endpoint.host if endpoint.tls else None
        if self._connecting.unix is not None:
            await self._loop.create_unix_connection(
                lambda: connection, self._connecting.unix, ssl=tls, server_hostname=name
            )
            return
        addresses = await self._in_turn(self._mapped(endpoint))
        for tried, (host, port) in enumerate(addresses, 1):
            try:
                await self._loop.create_connection(
                    lambda: connection, host, port, ssl=tls, server_hostname=name
                )
            except OSError as error:
                if tried == len(addresses) or error.errno not in _NOT_THIS_ADDRESS:
                    raise
            else:
                return

    def _mapped(self, endpoint: Endpoint) -> Address:
        """Apply --connect-to: the first rule whose left side is this host and port, or empty."""
        for given, other in self._connecting.connect_to:
            if given in ("", f"{endpoint.host}:{endpoint.port}"):
                host, _, port = other.rpartition(":")
                return host.strip("[]") or endpoint.host, int(port or endpoint.port)
        return endpoint.host, endpoint.port

    async def _in_turn(self, wanted: Address) -> list[Address]:
        """Return all addresses, each time another one first."""
        now = self._loop.time()
        until, addresses = self._addresses.get(wanted, (0.0, []))
        if now >= until:
            found = await self._loop.getaddrinfo(*wanted, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys((str(i[4][0]), int(i[4][1])) for i in found))
            self._addresses[wanted] = (now + _RESOLVED_FOR, addresses)
        first = next(self._rotation) % len(addresses)
        return addresses[first:] + addresses[:first]

    def _told(self, error: Exception, limit: float) -> tuple[Outcome, str]:
        """Say which class a failure belongs to, and in words what it was."""
        if isinstance(error, ssl.SSLError):
            told = (getattr(error, name, "") for name in ("verify_message", "reason"))
            return Outcome.TLS, next(filter(None, told), str(error))
        if isinstance(error, socket.gaierror):
            return Outcome.DNS, error.strerror or "the name has no address"
        number = error.errno if isinstance(error, OSError) else None
        if isinstance(error, TimeoutError):
            return Outcome.CONNECT_TIMEOUT, f"no connection within {limit:g}s"
        if number == errno.ECONNREFUSED:
            return Outcome.CONNECT_REFUSED, "connection refused"
        if number in _NO_CAPACITY:
            self.ports_short |= number == errno.EADDRNOTAVAIL
            self.descriptors_short |= number in (errno.EMFILE, errno.ENFILE)
            return Outcome.NO_CAPACITY, errno.errorcode[number or 0]
        return Outcome.CONNECT_FAILED, str(error) or type(error).__name__


def _tls_context(connecting: Connecting) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=connecting.ca_file)
    if not connecting.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
