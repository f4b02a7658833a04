"""The connections to one origin: kept alive, opened when needed, bounded.

Decides which connection carries a call.  Must not know replicas, routes or hedging;
an *origin* is a scheme, a host and a port (RFC 6454).

The connection used last is used next, so that a quiet hour lets the others go idle
and close.  A call that finds none waits for whichever comes first: a new connection
or one given back.  Opening is the one place with a task, one per connection.

Names are resolved for every new connection (the operating system's resolver, answers
kept for a few seconds) and addresses are tried in turn, starting with another one
each time, so a name with many addresses is spread over all of them.
"""

import asyncio
import collections
import ipaddress
import itertools
import math
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.wire.client import Call, ClientConnection
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.heads import ResponseHead, ResponseHeadParser
from hedgerow.wire.memo import HeadMemo
from hedgerow.wire.outbox import WRITE_THROUGH, Outbox
from hedgerow.wire.timers import Sweeper

#: How long an answer of the resolver is used; it only has to outlast a burst of connections.
_RESOLVED_FOR: Final = 5.0
#: Connections being opened at once: 60 us each, so a burst of a thousand requests must not keep
#: the loop from reading the next ones (and their deadlines) for 60 ms, nor flood a backlog.
_MAX_OPENING: Final = 128


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Counts, and times in seconds."""

    max_connections: int = 8192  # open and opening, to one origin
    max_waiting: int = 1024  # calls without a connection; more fail at once
    connect_timeout: float = 3.0  # name, TCP and TLS together; longer than one lost SYN
    idle_timeout: float = 55.0  # below the 60 s and 75 s after which servers commonly close


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections go."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Pool:
    """Connections to one origin."""

    def __init__(
        self,
        origin: Origin,
        limits: PoolLimits,
        sweeper: Sweeper,
        descriptors: Descriptors,
        outbox: Outbox = WRITE_THROUGH,
    ) -> None:
        self.name = str(origin)
        self.memo: HeadMemo[ResponseHead] = HeadMemo()
        self._origin = origin
        self._limits = limits
        self.outbox = outbox
        self._sweeper = sweeper
        self._descriptors = descriptors
        self._parser = ResponseHeadParser()
        self._idle: dict[ClientConnection, None] = {}  # in the order in which they fell idle
        self._open = 0  # connections, busy or idle
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: collections.deque[Call] = collections.deque()
        self._addresses: list[tuple[str, int]] = []
        self._resolved_at = -math.inf
        self._resolving: asyncio.Task[list[tuple[str, int]]] | None = None
        if _is_address(origin.host):
            self._addresses = [(origin.host, origin.port)]
            self._resolved_at = math.inf  # it never changes, and needs no resolver
        self._rotation = itertools.count()
        self._closed = False
        sweeper.add(self._sweep)

    @property
    def open_connections(self) -> int:
        """Connections that are open, busy or idle."""
        return self._open

    @property
    def idle_connections(self) -> int:
        """Connections that wait for a call."""
        return len(self._idle)

    def start(self, call: Call) -> None:
        """Send a call, now or as soon as there is a connection; it may fail before this returns."""
        idle = self._idle
        while idle:
            connection, _ = idle.popitem()
            if connection.is_usable:
                connection.carry(call)
                return
        self._wait(call)

    def resend(self, call: Call) -> None:
        """Send a call again, on a new connection: the other kept ones may be as old."""
        call.is_resent = True
        self._wait(call)

    def release(self, connection: ClientConnection, *, reusable: bool) -> None:
        if not reusable or self._closed:
            connection.close()
            return
        connection.is_reused = True
        if self._waiting:
            self._hand_out(connection)
        else:
            connection.idle_since = self._sweeper.now
            self._idle[connection] = None

    def lost(self, connection: ClientConnection) -> None:
        self._open -= 1
        self._descriptors.release()
        self._idle.pop(connection, None)
        self._open_for_waiting()

    def close(self) -> None:
        """Close what is idle, fail what waits; what is busy closes when its answer ends."""
        self._closed = True
        for task in self._opening:
            task.cancel()
        for connection in tuple(self._idle):
            connection.close()
        self._idle.clear()
        self._fail_all(Failure.CONNECT, "shutting down")

    def _sweep(self, now: float) -> None:
        oldest_allowed = now - self._limits.idle_timeout
        for connection in tuple(self._idle):
            if connection.idle_since > oldest_allowed:
                break  # the rest fell idle later
            del self._idle[connection]
            connection.close()

    def _hand_out(self, connection: ClientConnection) -> None:
        """Give a free connection to the call that has waited longest, or keep it."""
        while self._waiting:
            call = self._waiting.popleft()
            if not call.is_done:
                connection.carry(call)
                return
        connection.idle_since = self._sweeper.now
        self._idle[connection] = None

    # --- opening ---

    def _wait(self, call: Call) -> None:
        if len(self._waiting) >= self._limits.max_waiting:
            self._fail(call, Failure.NO_CAPACITY, f"{self._limits.max_waiting} calls wait already")
            return
        self._waiting.append(call)
        self._open_for_waiting()
        if not self._open and not self._opening:
            # Nothing will ever come back to this call.
            self._fail_all(Failure.NO_CAPACITY, "no descriptor is left for a connection")

    def _open_for_waiting(self) -> None:
        """Open a connection for every waiting call, within the limits."""
        while (
            len(self._opening) < min(len(self._waiting), _MAX_OPENING)
            and self._open + len(self._opening) < self._limits.max_connections
            and not self._closed
            and self._descriptors.take()
        ):
            task = asyncio.get_running_loop().create_task(self._open_one())
            self._opening.add(task)

    async def _open_one(self) -> None:
        """Open one connection and give it to the call that has waited longest."""
        task = asyncio.current_task()
        connection: ClientConnection | None = None
        detail = "shutting down"
        try:
            async with asyncio.timeout(self._limits.connect_timeout):
                connection = await self._dial()
        except TimeoutError:
            detail = f"no connection within {self._limits.connect_timeout:g}s"
        except (OSError, ssl.SSLError, UnicodeError) as error:
            detail = str(error)
        finally:
            if task is not None:
                self._opening.discard(task)
            if connection is None:
                self._descriptors.release()
        if connection is not None:
            self._open += 1
            self._hand_out(connection)
        else:
            self._forget_addresses()
            self._fail_next(Failure.CONNECT, detail)
            self._open_for_waiting()

    async def _dial(self) -> ClientConnection:
        """Try the origin's addresses in turn; the last one's error is the one that is told."""
        addresses = await self._resolve()
        first = next(self._rotation)
        loop = asyncio.get_running_loop()
        origin = self._origin
        last: OSError = OSError(f"{origin.host} has no address")
        for offset in range(len(addresses)):
            host, port = addresses[(first + offset) % len(addresses)]
            try:
                _, connection = await loop.create_connection(
                    lambda: ClientConnection(self, self._parser),
                    host,
                    port,
                    ssl=origin.tls,
                    server_hostname=origin.host if origin.tls else None,
                )
            except OSError as error:
                last = error
            else:
                return connection
        raise last

    async def _resolve(self) -> list[tuple[str, int]]:
        """Return the origin's addresses; many who ask at once wait for one answer."""
        if time.monotonic() - self._resolved_at < _RESOLVED_FOR:
            return self._addresses
        if self._resolving is None:
            loop = asyncio.get_running_loop()
            self._resolving = loop.create_task(self._ask_resolver(loop))
        # Shielded: the first to ask may give up, and the others still want the answer.
        return await asyncio.shield(self._resolving)

    async def _ask_resolver(self, loop: asyncio.AbstractEventLoop) -> list[tuple[str, int]]:
        try:
            found = await loop.getaddrinfo(
                self._origin.host, self._origin.port, type=socket.SOCK_STREAM
            )
        finally:
            self._resolving = None
        self._addresses = list(dict.fromkeys((str(i[4][0]), int(i[4][1])) for i in found))
        self._resolved_at = time.monotonic()
        return self._addresses

    def _forget_addresses(self) -> None:
        """Ask the resolver again before the next connection."""
        if self._resolved_at != math.inf:
            self._resolved_at = -math.inf

    # --- failing ---

    def _fail_next(self, failure: Failure, detail: str) -> None:
        while self._waiting:
            call = self._waiting.popleft()
            if not call.is_done:
                self._fail(call, failure, detail)
                return

    def _fail_all(self, failure: Failure, detail: str) -> None:
        waiting, self._waiting = self._waiting, collections.deque()
        for call in waiting:
            if not call.is_done:
                self._fail(call, failure, detail)

    def _fail(self, call: Call, failure: Failure, detail: str) -> None:
        call.is_done = True
        call.failed(failure, detail)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
