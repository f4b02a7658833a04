"""One connection of a scripted upstream: reads requests, and does what the script says.

Takes one request after the other; knows no pipelining, because a gateway must not use it.
"""

import asyncio
import re
import socket
import struct
from collections.abc import Callable
from typing import Literal, cast

from typing_extensions import override

from tests.fakes.upstream_script import Act, Behaviour

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: chunked", re.IGNORECASE)


class Received:
    """One request as it came: its head without the empty line, its body with its coding."""

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self.head = self.body = b""
        self.whole = asyncio.Event()

    def take(self, data: bytes) -> None:
        if not self.head:
            self.head, _, data = data.partition(b"\r\n\r\n")
        self.body += data
        length = _LENGTH.search(self.head)
        is_chunked = _CHUNKED.search(self.head) is not None
        missing = int(length[1]) - len(self.body) if length else 0
        if self.body.endswith(b"0\r\n\r\n") if is_chunked else missing <= 0:
            self.whole.set()


class Connection(asyncio.Protocol):
    """One connection: all that came on it, and how it ended (None: it is open)."""

    def __init__(
        self, made: list["Connection"], began: Callable[[Received], Behaviour], greeting: bytes
    ) -> None:
        self.received = b""
        self.ended: Literal["reset", "closed", None] = None
        self._made = made
        self._began = began
        self._greeting = greeting
        self._head = b""
        self._request: Received | None = None
        self._task: asyncio.Task[None] | None = None
        self.transport: asyncio.Transport

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._made.append(self)
        self.transport.write(self._greeting)

    @override
    def data_received(self, data: bytes) -> None:
        self.received += data
        if self._request is not None and not self._request.whole.is_set():
            self._request.take(data)
            return
        self._head += data
        if b"\r\n\r\n" in self._head:
            data, self._head = self._head, b""
            self._request = Received(self)
            self._request.take(data)
            self._task = asyncio.create_task(self._behave(self._request))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = "closed" if exc is None else "reset"
        if self._task is not None:
            self._task.cancel()

    def drop(self) -> None:
        """The upstream goes away."""
        self.transport.abort()

    async def _behave(self, request: Received) -> None:
        behaviour = self._began(request)
        if Act.EARLY not in behaviour:
            await request.whole.wait()
        for step in behaviour:
            if isinstance(step, bytes):
                self.transport.write(step)
            elif isinstance(step, Act):
                await self._act(step)
            else:
                await asyncio.sleep(step)

    async def _act(self, act: Act) -> None:
        sock: socket.socket = self.transport.get_extra_info("socket")
        if act is Act.CLOSE:
            self.transport.close()
        elif act is Act.END:
            sock.shutdown(socket.SHUT_WR)
        elif act is Act.RESET:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        elif act is Act.HANG:
            await asyncio.Event().wait()
        elif act is Act.STOP_READING:
            self.transport.pause_reading()
        elif act is Act.READ_ON:
            self.transport.resume_reading()
