"""The upstream of this experiment: sends and takes long bodies, and can die in the middle.

    python -m benchmarks.stream.upstream PORT

    GET /length/SIZE   GET /chunked/SIZE     a body of ``pattern``
    PUT /upload                              compares the body with it
    GET /seen                                what became of every transfer so far, by its id

Each takes a query: ``id=NAME``, ``dies=BYTES`` and ``how=fin|reset`` (give up after so many),
``rate=BYTES`` a second (read no faster).  One raw protocol, because the less it costs
the more of the shared core is left to curl.
"""

import asyncio
import json
import socket
import struct
import sys
from dataclasses import asdict, dataclass
from typing import Final, cast
from urllib.parse import parse_qsl, urlsplit

import httptools
import uvloop
from typing_extensions import override

from benchmarks.stream.pattern import LONGEST_PIECE, Comparison, piece

_AHEAD: Final = 4 * LONGEST_PIECE  # unsent bytes above which we wait for room
_LAST_WORDS: Final = 0.1  # seconds for what was sent to arrive before a death
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST


@dataclass
class Seen:
    """What became of one transfer."""

    requests: int = 0  # more than one: it was sent again
    size: int = 0  # bytes of the body that left us or reached us
    whole: bool = False
    differs_at: int | None = None
    broken: str | None = None  # how its connection ended before its body did


@dataclass
class Order:
    """What a request asks for."""

    path: list[str]
    size: int = 0
    dies: int | None = None
    how: str = "fin"
    rate: int = 0


class Upstream(asyncio.Protocol):
    """One connection; a transfer at a time."""

    def __init__(self, seen: dict[str, Seen]) -> None:
        # For the life of the process.
        self._all = seen
        # For the life of the connection.
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._has_room = True
        # For the life of one request; reset by on_message_begin.
        self._url = b""
        self._expects = False
        self._order = Order([])
        self._seen: Seen | None = None  # while a transfer runs
        self._comparison = Comparison()
        self._at = 0  # of the body being sent

    # --- called by the event loop ---

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports keep the interface but are not of this class, so it cannot be checked.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_AHEAD)

    @override
    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)
        if self._order.rate:
            self._transport.pause_reading()
            self._loop.call_later(len(data) / self._order.rate, self._read_on)

    @override
    def pause_writing(self) -> None:
        self._has_room = False

    @override
    def resume_writing(self) -> None:
        self._has_room = True
        self._send()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        seen, self._seen = self._seen, None
        if seen is not None and not seen.whole:
            seen.broken = seen.broken or (type(exc).__name__ if exc else "closed")

    # --- called by the parser, in this order ---

    def on_message_begin(self) -> None:
        self._url, self._expects, self._order = b"", False, Order([])

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"expect":
            self._expects = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        parts = urlsplit(self._url.decode())
        query = dict(parse_qsl(parts.query))
        path = parts.path.strip("/").split("/")
        self._order = Order(
            path,
            size=int(path[1]) if len(path) > 1 else 0,
            dies=int(query["dies"]) if "dies" in query else None,
            how=query.get("how", "fin"),
            rate=int(query.get("rate", 0)),
        )
        self._comparison, self._at = Comparison(), 0
        if path[0] != "seen":
            self._seen = self._all.setdefault(query.get("id", ""), Seen())
            self._seen.requests += 1
        if self._expects:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        seen = self._seen
        if seen is None:
            return
        self._comparison.feed(body)
        seen.size, seen.differs_at = self._comparison.size, self._comparison.differs_at
        if self._order.dies is not None and seen.size >= self._order.dies:
            self._die()

    def on_message_complete(self) -> None:
        kind = self._order.path[0]
        if kind == "seen":
            self._answer({name: asdict(one) for name, one in self._all.items()})
        elif kind == "upload":
            seen, self._seen = self._seen, None
            if seen is not None:
                seen.whole = True
                self._answer(asdict(seen))
        else:
            length = f"Content-Length: {self._order.size}\r\n"
            framing = length if kind == "length" else "Transfer-Encoding: chunked\r\n"
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n{framing}\r\n"
            self._transport.write(head.encode())
            self._send()

    # --- writing ---

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self._transport.write(head.encode() + b"\r\n\r\n" + body)

    def _send(self) -> None:
        """Write as much of the body as there is room for."""
        seen, order = self._seen, self._order
        end = order.size if order.dies is None else min(order.size, order.dies)
        while seen is not None and self._has_room and self._at < end:
            part = piece(self._at, end - self._at)
            if order.path[0] == "chunked":
                self._transport.writelines([b"%x\r\n" % len(part), part, b"\r\n"])
            else:
                self._transport.write(part)
            self._at += len(part)
            seen.size = max(0, self._at - self._transport.get_write_buffer_size())
        if seen is None or self._at < end:
            return
        if self._at < order.size:
            self._loop.call_later(_LAST_WORDS, self._die)
        else:
            if order.path[0] == "chunked":
                self._transport.write(b"0\r\n\r\n")
            seen.size, seen.whole, self._seen = self._at, True, None

    def _die(self) -> None:
        """Leave a body unfinished, on purpose."""
        if self._seen is not None:
            self._seen.broken = "on purpose"
        if self._order.how == "reset":
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()

    def _read_on(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()


async def _main(port: int) -> None:
    seen: dict[str, Seen] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Upstream(seen), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1])))
