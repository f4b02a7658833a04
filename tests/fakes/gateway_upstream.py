"""An upstream on a real socket that does what a test's script says, request by request.

A script is a coroutine that gets each :class:`Arrival` and does anything to it: answers
late, in pieces or not at all, breaks the connection, reads slowly.  The upstream tells
attempts apart by what the gateway says of them (``X-Hedgerow-Attempt``; absent: 1), not
by who came first, and writes down how each connection ended.

Speaks HTTP/1.1 by itself, so that it shares no mistake with ``wire``.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Literal, cast

from typing_extensions import override

Script = Callable[["Arrival"], Awaitable[None]]
End = Literal["reset", "closed"]

_KEPT: Final = 1 << 20
_BACKLOG: Final = 1024  # a connection that finds no room tries again a second later
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class Arrival:
    """One request, and the means to treat it well or badly."""

    def __init__(self, connection: "_Connection", head: bytes) -> None:
        line, *fields = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = line.split(" ")
        self.fields = [(n.lower(), v.strip()) for n, _, v in (f.partition(":") for f in fields)]
        self.attempt = int(self.field("x-hedgerow-attempt") or "1")
        self.connection = connection
        self.body = b""  # a chunked one still in its coding; a long one only to its first MiB
        self.body_size = 0  # of what came, coding included
        self.tail = b""
        self.whole = asyncio.Event()  # the request's body has been read to its end
        self.gone = asyncio.Event()  # the connection is over, for whatever reason
        self.how_gone: End | None = None

    def field(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)

    def all_of(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    @property
    def decoded(self) -> bytes:
        """The body, taken out of its chunks."""
        pieces, rest = [], self.body
        while True:
            line, _, rest = rest.partition(b"\r\n")
            size = int(line, 16)
            pieces.append(rest[:size])
            assert rest[size : size + 2] == b"\r\n"
            rest = rest[size + 2 :]
            if not size:
                assert rest == b""
                return b"".join(pieces)

    def send(self, data: bytes) -> None:
        if not self.connection.is_lost:
            self.connection.transport.write(data)

    def answer(
        self,
        status: int = 200,
        body: bytes = b'{"time": 1}',
        *lines: str,
        kind: str = "application/json",
    ) -> None:
        head = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        self.send("\r\n".join([*head, *lines, "", ""]).encode() + body)

    def begin(self, framing: str = "Transfer-Encoding: chunked", status: int = 200) -> None:
        """Send a head only; an empty framing means that the end of the connection ends it."""
        lines = [f"HTTP/1.1 {status} X", framing] if framing else [f"HTTP/1.1 {status} X"]
        self.send("\r\n".join([*lines, "", ""]).encode())

    def chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def close(self) -> None:
        self.connection.transport.close()

    def reset(self) -> None:
        if not self.connection.is_lost:
            sock = self.connection.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.connection.transport.abort()

    def stop_reading(self) -> None:
        self.connection.transport.pause_reading()

    def read_on(self) -> None:
        self.connection.transport.resume_reading()

    async def drain(self) -> None:
        """Wait until there is room for more of the answer."""
        await self.connection.has_room.wait()


class _Connection(asyncio.Protocol):
    """Reads requests; knows no pipelining, because a gateway must not use it."""

    def __init__(self, upstream: "Upstream") -> None:
        self.transport: asyncio.Transport
        self.is_lost = False
        self.has_room = asyncio.Event()
        self.has_room.set()
        self._upstream = upstream
        self._data = b""
        self._arrival: Arrival | None = None
        self._end: End = "closed"

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._upstream.connections.append(self)

    @override
    def data_received(self, data: bytes) -> None:
        self._data += data
        if self._arrival is None or self._arrival.whole.is_set():
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            self._data = rest
            self._arrival = Arrival(self, head)
            self._upstream.arrived(self._arrival)
        self._read_body(self._arrival)

    def _read_body(self, arrival: Arrival) -> None:
        data, self._data = self._data, b""
        arrival.body_size += len(data)
        if arrival.body_size <= _KEPT:
            arrival.body += data
        if arrival.field("transfer-encoding") == "chunked":
            arrival.tail = (arrival.tail + data)[-5:]
            ended = arrival.tail == b"0\r\n\r\n"
        else:
            ended = arrival.body_size >= int(arrival.field("content-length") or "0")
        if ended:
            arrival.whole.set()

    @override
    def eof_received(self) -> bool:
        self._end = "closed"
        return False

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self.has_room.set()
        if self._arrival is not None:
            self._arrival.how_gone = "reset" if exc is not None else self._end
            self._arrival.gone.set()

    @override
    def pause_writing(self) -> None:
        self.has_room.clear()

    @override
    def resume_writing(self) -> None:
        self.has_room.set()


class Upstream:
    """A listening socket; ``arrivals`` is what came, in order."""

    def __init__(
        self, script: Script, window: int | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.script = script
        self.host = host
        self.window = window  # how little the kernel may take in while a script does not read
        self.arrivals: list[Arrival] = []
        self.connections: list[_Connection] = []
        self.port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        sock = socket.create_server((self.host, self.port), backlog=_BACKLOG)
        if self.window is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.window)
        self.port = sock.getsockname()[1]
        self._server = await loop.create_server(
            lambda: _Connection(self), sock=sock, backlog=_BACKLOG
        )

    async def stop(self) -> None:
        """Refuse connections from now on, and break the ones that there are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        for connection in self.connections:
            connection.transport.abort()

    def arrived(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        task = asyncio.ensure_future(self._play(arrival))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _play(self, arrival: Arrival) -> None:
        await self.script(arrival)


@contextlib.asynccontextmanager
async def upstream(script: Script, *, window: int | None = None) -> AsyncIterator[Upstream]:
    """Run an upstream on a free port while the context lasts."""
    running = Upstream(script, window)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


def dead_port() -> int:
    """A port that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
    return port


async def answers(arrival: Arrival) -> None:
    """The simplest script: a good answer at once."""
    arrival.answer()


async def is_silent(arrival: Arrival) -> None:
    """Never answers."""
    await arrival.gone.wait()
