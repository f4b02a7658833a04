"""The clients, a process of their own: each request in a manner drawn by lot.

    python -m benchmarks.endurance.clients PORT REQUESTS SEED

A closed loop, because nothing is timed here: as many requests as the parts can do.
Writes a line of JSON every few seconds and one at the end: requests that ended, by
``manner:end``.
"""

import asyncio
import collections
import contextlib
import json
import random
import socket
import struct
import sys
from collections.abc import Callable
from typing import Final, cast

import uvloop
from typing_extensions import override

from benchmarks.endurance.terms import BODY, CLIENT_TIMEOUT, EVERY, LEAVES_WITHIN, MANNERS, USERS
from benchmarks.promise.connection import Answer, Connection

_PATHS: Final = {"plain": "/plain/work"}
_REUSES: Final = frozenset({"keep", "plain", "upload", "leave", "reset"})
_LEAVES: Final = frozenset({"leave", "reset", "half"})
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST


class Client(Connection):
    """A connection that can also be broken, as by a crash or a closed laptop."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._socket = transport.get_extra_info("socket")

    def reset(self) -> None:
        """Leave with RST instead of FIN."""
        with contextlib.suppress(OSError):  # it is lost already
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.abandon()


class Clients:
    """Sends the requests, and counts how they ended."""

    def __init__(self, port: int, rng: random.Random) -> None:
        self.ends: collections.Counter[str] = collections.Counter()
        self._port = port
        self._rng = rng
        self._idle: list[Connection] = []
        self._left = 0
        self._requests = {manner: _request(manner, port) for manner in MANNERS}

    async def run(self, requests: int) -> None:
        """Send them all; connections that are kept stay open until the process ends."""
        self._left = requests
        teller = asyncio.create_task(self._tell())
        await asyncio.gather(*(self._user() for _ in range(USERS)))
        teller.cancel()
        self.tell()

    def tell(self) -> None:
        """Say how far we are."""
        print(json.dumps(self.ends), flush=True)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            self.tell()

    async def _user(self) -> None:
        manners, weights = list(MANNERS), list(MANNERS.values())
        while self._left > 0:
            self._left -= 1
            [manner] = self._rng.choices(manners, weights)
            self.ends[f"{manner}:{await self._ask(manner)}"] += 1

    async def _ask(self, manner: str) -> str:
        """Send one request, and say what became of it."""
        patience = self._rng.uniform(0, LEAVES_WITHIN) if manner in _LEAVES else CLIENT_TIMEOUT
        answered: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        try:
            reused = self._idle and manner in _REUSES
            # Only our own kind is ever put there.
            connection = cast("Client", self._idle.pop()) if reused else await self._connect()
        except OSError:
            return "connect"
        connection.send(self._requests[manner], _settle(answered))
        # Not asyncio.timeout(): that may come right behind an answer, when the connection is
        # somebody else's already.
        await asyncio.wait([answered], timeout=patience)
        if not answered.done():
            if manner == "reset":
                connection.reset()
            else:
                connection.abandon()
            return "left" if manner in _LEAVES else "silent"
        answer = answered.result()
        return "cut" if answer is None else str(answer.status)

    async def _connect(self) -> Client:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Client(self._idle), "127.0.0.1", self._port
        )
        return connection


def _request(manner: str, port: int) -> bytes:
    path = _PATHS.get(manner, "/held/work")
    fields = f"Host: 127.0.0.1:{port}\r\n"
    if manner == "close":
        fields += "Connection: close\r\n"
    if manner not in ("upload", "half"):
        return f"GET {path} HTTP/1.1\r\n{fields}\r\n".encode()
    head = f"POST {path} HTTP/1.1\r\n{fields}Content-Length: {len(BODY)}\r\n\r\n".encode()
    return head + (BODY if manner == "upload" else BODY[: len(BODY) // 2])


def _settle(answered: "asyncio.Future[Answer | None]") -> Callable[[Answer | None], None]:
    def settle(answer: Answer | None) -> None:
        if not answered.done():
            answered.set_result(answer)

    return settle


async def _main(port: int, requests: int, seed: int) -> None:
    await Clients(port, random.Random(seed)).run(requests)


if __name__ == "__main__":
    uvloop.run(_main(*map(int, sys.argv[1:])))
