"""The connections to one origin: kept alive, opened when needed, bounded.

Decides which connection carries a call.  Must not know replicas, routes or hedging;
an *origin* is a scheme, a host and a port (RFC 6454).

The connection used last is used next, so that a quiet hour lets the others go idle
and close.  A call that finds none waits for whichever comes first: a new connection
or one given back; a call that is sent again, for a new one only.  Whoever changes what
is open, being opened or waiting ends in ``_open_for_waiting``, so that no call waits for
nobody.  Opening is the one place with a task, one per connection.

Names are resolved for every new connection (the operating system's resolver, answers
kept for a few seconds) and addresses are tried in turn, starting with another one
each time, so a name with many addresses is spread over all of them.  Each gets an equal
share of the time that is left, so one that is silent does not use it up.

A descriptor is taken when opening begins and given back when the connection is lost or
could not be opened; the two are told apart by ``opened``, which the loop calls.
"""

import asyncio
import collections
import functools
import ipaddress
import itertools
import math
import os
import socket
import ssl
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.wire.call import Call
from hedgerow.wire.client import ClientConnection
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.heads import ResponseHead, ResponseHeadParser
from hedgerow.wire.memo import HeadMemo
from hedgerow.wire.outbox import WRITE_THROUGH, Outbox
from hedgerow.wire.timers import Sweeper, report

#: How long an answer of the resolver is used; it only has to outlast a burst of connections.
_RESOLVED_FOR: Final = 5.0
#: Connections being opened at once: 60 us each, so a burst of a thousand requests must not keep
#: the loop from reading the next ones (and their deadlines) for 60 ms, nor flood a backlog.
_MAX_OPENING: Final = 128
#: For the other end to confirm the end of a TLS connection; nothing depends on it.
_TLS_GOODBYE: Final = 1.0


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Counts, and times in seconds."""

    max_connections: int = 8192  # open and opening, to one origin
    max_waiting: int = 1024  # calls without a connection; more fail at once
    connect_timeout: float = 3.0  # name, TCP and TLS together; longer than one lost SYN
    stall_timeout: float = 60.0  # for an upstream to move on inside a body, either way
    idle_timeout: float = 55.0  # below the 60 s and 75 s after which servers commonly close


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections go."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    server_name: str | None = None  # whose certificate it must show, where ``host`` is an address

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
        self.was_refused = False  # nobody listened when a connection was last to be opened
        self.memo: HeadMemo[ResponseHead] = HeadMemo()
        self._origin = origin
        self._limits = limits
        self.outbox = outbox
        self._sweeper = sweeper
        self._descriptors = descriptors
        self._parser = ResponseHeadParser()
        self._idle: dict[ClientConnection, None] = {}  # in the order in which they fell idle
        self._streaming: set[ClientConnection] = set()  # those that are looked after
        self._open = 0  # connections, busy or idle
        self._opening: dict[ClientConnection, asyncio.Task[None]] = {}
        self._waiting: collections.OrderedDict[Call, None] = collections.OrderedDict()
        self._resent: collections.OrderedDict[Call, None] = collections.OrderedDict()
        self._makes_room = False  # what comes back is closed, so that another can be opened
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
        self._queue(call, self._resent)

    def withdraw(self, call: Call) -> None:
        self._waiting.pop(call, None)
        self._resent.pop(call, None)

    def report(self, message: str, error: Exception) -> None:
        self._sweeper.report(message, error)

    def opened(self, connection: ClientConnection) -> None:
        self._opening.pop(connection, None)
        self._open += 1
        self.was_refused = False
        if self._closed:
            connection.close()
        elif self._resent:
            connection.carry(self._resent.popitem(last=False)[0])
        else:
            self._hand_out(connection)
        self._open_for_waiting()

    def release(self, connection: ClientConnection, *, reusable: bool) -> None:
        if not reusable or self._makes_room:
            connection.close()
            return
        connection.is_reused = True
        self._hand_out(connection)

    def lost(self, connection: ClientConnection) -> None:
        self._open -= 1
        self._descriptors.release()
        self._idle.pop(connection, None)
        self._streaming.discard(connection)
        self._open_for_waiting()

    def streams(self, connection: ClientConnection) -> None:
        self._streaming.add(connection)

    def close(self) -> None:
        """Close what is idle, fail what waits; what is busy closes when its answer ends."""
        self._closed = self._makes_room = True
        for task in self._opening.values():
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
        for connection in tuple(self._streaming):
            if not connection.check_progress(now, self._limits.stall_timeout):
                self._streaming.discard(connection)
        if self._closed and not self._open and not self._opening:
            self._sweeper.remove(self._sweep)  # pools come and go with the addresses of a name
        # Somebody else may have given back the descriptor that was missing.
        self._open_for_waiting()

    def _hand_out(self, connection: ClientConnection) -> None:
        """Give a free connection to the call that has waited longest, or keep it."""
        if self._waiting:
            connection.carry(self._waiting.popitem(last=False)[0])
        else:
            connection.idle_since = self._sweeper.now
            self._idle[connection] = None

    # --- opening ---

    def _wait(self, call: Call) -> None:
        if len(self._waiting) >= self._limits.max_waiting:
            self._fail(call, Failure.NO_CAPACITY, f"{self._limits.max_waiting} calls wait already")
        else:
            self._queue(call, self._waiting)

    def _queue(self, call: Call, queue: collections.OrderedDict[Call, None]) -> None:
        if self._closed:
            self._fail(call, Failure.CONNECT, "shutting down")
            return
        call.waits_for = self
        queue[call] = None
        self._open_for_waiting()

    def _open_for_waiting(self) -> None:
        """Open a connection for every waiting call, within the limits; see that none is lost."""
        wanted = min(len(self._waiting) + len(self._resent), _MAX_OPENING)
        while (
            len(self._opening) < wanted
            and self._open + len(self._opening) < self._limits.max_connections
            and not self._closed
            and self._descriptors.take()
        ):
            connection = ClientConnection(self, self._parser)
            task = asyncio.get_running_loop().create_task(self._dial(connection))
            self._opening[connection] = task
            task.add_done_callback(functools.partial(self._dialled, connection))
        self._makes_room = self._closed or (bool(self._resent) and not self._opening)
        if self._makes_room and self._idle:
            oldest = next(iter(self._idle))
            del self._idle[oldest]
            oldest.close()
        elif wanted and not self._open and not self._opening:
            # Nothing will ever come back to these calls.
            self._fail_all(Failure.NO_CAPACITY, "no descriptor is left for a connection")

    def _dialled(self, connection: ClientConnection, task: asyncio.Task[None]) -> None:
        """Sort out a connection that could not be opened."""
        error = None if task.cancelled() else task.exception()
        if self._opening.pop(connection, None) is None:
            return  # it was: opened() took over
        self._descriptors.release()
        if isinstance(error, Exception) and not isinstance(error, (OSError, ValueError)):
            report(task.get_loop(), "a connection could not be opened", error)
        self._forget_addresses()
        self.was_refused = isinstance(error, ConnectionRefusedError)
        if len(self._opening) < len(self._waiting) + len(self._resent):
            self._fail_oldest(Failure.CONNECT, _told(error))
        self._open_for_waiting()

    async def _dial(self, connection: ClientConnection) -> None:
        """Try the origin's addresses in turn; the last one's error is the one that is told."""
        loop = asyncio.get_running_loop()
        origin, limit = self._origin, self._limits.connect_timeout
        until = loop.time() + limit
        try:
            async with asyncio.timeout_at(until):
                addresses = await self._resolve()
        except TimeoutError:
            raise OSError(f"the name {origin.host}: no answer within {limit:g}s") from None
        except socket.gaierror as error:
            raise OSError(f"the name {origin.host}: {error.strerror}") from None
        first = next(self._rotation)
        last: OSError = OSError(f"the name {origin.host}: no address")
        all_refuse = True
        for tried in range(len(addresses)):
            address = addresses[(first + tried) % len(addresses)]
            # One that does not even refuse must leave time for the others.
            share = max(0.0, until - loop.time()) / (len(addresses) - tried)
            try:
                async with asyncio.timeout(share):
                    await loop.create_connection(
                        lambda: connection,
                        *address,
                        ssl=origin.tls,
                        server_hostname=(origin.server_name or origin.host) if origin.tls else None,
                        ssl_shutdown_timeout=_TLS_GOODBYE if origin.tls else None,
                    )
            except OSError as error:
                if connection not in self._opening:
                    return  # it was there, and is lost already
                all_refuse = all_refuse and isinstance(error, ConnectionRefusedError)
                kind = ConnectionRefusedError if all_refuse else OSError
                last = kind(_reason(address, error, share))
                self._avoid(address)
            else:
                return
        raise last

    async def _resolve(self) -> list[tuple[str, int]]:
        """Return the origin's addresses; many who ask at once wait for one answer."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._resolved_at < _RESOLVED_FOR:
            return self._addresses
        if self._resolving is None:
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
        self._resolved_at = loop.time()
        return self._addresses

    def _forget_addresses(self) -> None:
        """Ask the resolver again before the next connection."""
        if self._resolved_at != math.inf:
            self._resolved_at = -math.inf

    def _avoid(self, address: tuple[str, int]) -> None:
        """Do not try an address again before the name is resolved anew, if there is another."""
        self._addresses = [a for a in self._addresses if a != address] or self._addresses

    # --- failing ---

    def _fail_oldest(self, failure: Failure, detail: str) -> None:
        queue = self._resent or self._waiting
        self._fail(queue.popitem(last=False)[0], failure, detail)

    def _fail_all(self, failure: Failure, detail: str) -> None:
        calls = [*self._resent, *self._waiting]
        self._resent.clear()
        self._waiting.clear()
        for call in calls:
            if not call.is_done:  # one that failed may have had the others cancelled
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


def _reason(address: tuple[str, int], error: OSError, seconds: float) -> str:
    """Say what was wrong with an address, in words for a log."""
    host, port = address
    if isinstance(error, ssl.SSLCertVerificationError):
        what = f"its certificate is not accepted: {error.verify_message}"
    elif isinstance(error, TimeoutError) and not error.errno:
        what = f"no connection within {seconds:.1f}s"
    elif isinstance(error, ssl.SSLError) or not error.errno:
        what = str(error) or "closed while connecting"
    else:
        what = os.strerror(error.errno)
    return f"{Origin(host, port)}: {what}"


def _told(error: BaseException | None) -> str:
    return "shutting down" if error is None else str(error) or type(error).__name__
