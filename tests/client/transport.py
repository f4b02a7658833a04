"""An httpx transport without sockets: attempt n does what the n-th entry of a script says."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
from typing_extensions import override

from tests.client.attempts import elapsed


@dataclass(frozen=True, slots=True)
class Serves:
    """A head after so many seconds, then each piece of the body after ``pause`` more."""

    seconds: float = 0.1
    status: int = 200
    body: tuple[bytes, ...] = (b"hello",)
    pause: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    error: Exception | None = None  # instead of a head
    breaks: Exception | None = None  # after the body's pieces


class ScriptedStream(httpx.AsyncByteStream):
    def __init__(self, serves: Serves) -> None:
        self._serves = serves
        self.closed = False

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._serves.body:
            await asyncio.sleep(self._serves.pause)
            yield piece
        if self._serves.breaks is not None:
            raise self._serves.breaks

    @override
    async def aclose(self) -> None:
        self.closed = True


class ScriptedTransport(httpx.AsyncBaseTransport):
    def __init__(self, *script: Serves) -> None:
        self._script = script
        self.sent: list[float] = []  # seconds since the start
        self.bodies: list[bytes] = []
        self.streams: list[ScriptedStream] = []
        self.entered = False
        self.closed = False

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        serves = self._script[len(self.sent)]
        self.sent.append(elapsed())
        assert isinstance(request.stream, httpx.AsyncByteStream)
        self.bodies.append(b"".join([piece async for piece in request.stream]))
        await asyncio.sleep(serves.seconds)
        if serves.error is not None:
            raise serves.error
        self.streams.append(ScriptedStream(serves))
        return httpx.Response(serves.status, headers=serves.headers, stream=self.streams[-1])

    @override
    async def __aenter__(self) -> "ScriptedTransport":
        self.entered = True
        return self

    @override
    async def aclose(self) -> None:
        self.closed = True

    @property
    def open_streams(self) -> int:
        return sum(not stream.closed for stream in self.streams)
