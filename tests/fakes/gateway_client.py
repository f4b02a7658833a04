"""A client on a real socket that says exactly what arrived, and how it ended.

Reads HTTP/1.1 by itself, so that it shares no mistake with ``wire``.  What it never
does is to call a short answer a whole one: ``end`` says which it was.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import msgspec

End = Literal["whole", "reset", "cut short"]


@dataclass
class Answer:
    """What came back for one request."""

    status: int = 0  # 0: not even a head came
    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    body_size: int = 0
    end: End = "whole"
    took: float = 0.0
    interim: list[int] = field(default_factory=list)

    def field(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def ask(self, target: str, *lines: str, method: str = "GET", body: bytes = b"") -> None:
        """Send a request with these field lines; a body gets its Content-Length."""
        head = [f"{method} {target} HTTP/1.1", "Host: gateway.test", *lines]
        if body:
            head.append(f"Content-Length: {len(body)}")
        self.writer.write("\r\n".join([*head, "", ""]).encode() + body)

    async def answer(self, *, to_head: bool = False, keep: bool = True) -> Answer:
        """Read one answer; without ``keep`` its body is only counted."""
        began = time.monotonic()
        answer = Answer()
        try:
            await self._read_head(answer)
            await self._read_body(answer, to_head=to_head, keep=keep)
        except ConnectionResetError:
            answer.end = "reset"
        except asyncio.IncompleteReadError as error:
            answer.end = "cut short"
            answer.body += error.partial if answer.status else b""
        answer.took = time.monotonic() - began
        return answer

    async def closed(self) -> bool:
        """Wait for the end of the connection: True when nothing more came before it."""
        try:
            return await self.reader.read() == b""
        except ConnectionResetError:
            return True

    def stop_reading(self) -> None:
        cast("asyncio.Transport", self.writer.transport).pause_reading()

    def read_on(self) -> None:
        cast("asyncio.Transport", self.writer.transport).resume_reading()

    def reset(self) -> None:
        """Break the connection."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def leave(self) -> None:
        """Go away without a word; the other end sees an orderly close."""
        self.writer.transport.abort()

    async def _read_head(self, answer: Answer) -> None:
        while True:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
            status = int(line.split(" ")[1])
            if status >= 200:
                break
            answer.interim.append(status)
        pairs = (text.partition(":") for text in lines)
        answer.fields = [(name.lower(), value.strip()) for name, _, value in pairs]
        answer.status = status

    async def _read_body(self, answer: Answer, *, to_head: bool, keep: bool) -> None:
        length = answer.field("content-length")
        if to_head or answer.status in (204, 304):
            return
        if answer.field("transfer-encoding") == "chunked":
            while size := int((await self.reader.readuntil(b"\r\n"))[:-2], 16):
                await self._take(answer, size, keep=keep)
                await self.reader.readexactly(2)
            await self.reader.readuntil(b"\r\n")
        elif length is not None:
            await self._take(answer, int(length), keep=keep)
        else:
            answer.body = await self.reader.read()
            answer.body_size = len(answer.body)

    async def _take(self, answer: Answer, size: int, *, keep: bool) -> None:
        left = size
        while left:
            data = await self.reader.read(min(left, 1 << 18))
            if not data:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(data)
            answer.body_size += len(data)
            if keep:
                answer.body += data


@contextlib.asynccontextmanager
async def connected(
    port: int,
    *,
    window: int | None = None,
    tls: ssl.SSLContext | None = None,
    name: str = "",
    first: bytes = b"",
    source: str = "",
) -> AsyncIterator[Client]:
    """A connection to the gateway, closed afterwards.

    ``window``: how little the kernel may take in for us while we do not read.  With ``tls`` it
    asks for ``name``; ``first`` is sent before anything else, in clear.  ``source`` is the
    address that it comes from.
    """
    sock = socket.socket()
    sock.setblocking(False)
    if window is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    if source:
        sock.bind((source, 0))
    try:
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    if first:
        await asyncio.get_running_loop().sock_sendall(sock, first)
    server_name = name if tls is not None else None
    reader, writer = await asyncio.open_connection(sock=sock, ssl=tls, server_hostname=server_name)
    try:
        yield Client(reader, writer)
    finally:
        if writer.transport.get_write_buffer_size():
            writer.transport.abort()  # nobody is going to read it
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def ask(
    port: int, target: str = "/", *lines: str, method: str = "GET", body: bytes = b""
) -> Answer:
    """One request on a connection of its own."""
    async with connected(port) as client:
        client.ask(target, *lines, method=method, body=body)
        return await client.answer(to_head=method == "HEAD")
