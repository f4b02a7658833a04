"""The client side, a process of its own: sends each request when it is due, come what may.

    python -m benchmarks.promise.sender PORT < arrivals.json > samples.json

Latency counts from the due time: a sender that falls behind, or a server that
makes it wait for a connection, lengthens the latency instead of thinning the load
("coordinated omission", Gil Tene).  ``sent - due`` is the sender's own share of it.
Reads a JSON list of seconds from the start; writes a list of
``[due, sent, ended, kind]``, with kind "good", a status, or how it broke.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Final

import uvloop

from benchmarks.promise.connection import Answer, Connection
from benchmarks.promise.terms import CLIENT_TIMEOUT, PATH

Sample = tuple[float, float, float, str]
_now: Final = time.perf_counter  # uvloop's loop.time() has whole milliseconds
_LEAD: Final = 0.1  # seconds between the start of the clock and the first request


class Sender:
    """Fires requests at their time, over as many kept-alive connections as that takes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._request = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        self._idle: list[Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, arrivals: list[float]) -> list[Sample]:
        """Send everything, then wait until each request has ended one way or another."""
        start = _now() + _LEAD
        samples: list[Sample] = []
        for due in arrivals:
            # A loop, because uvloop rounds to milliseconds and may wake us early.
            while (left := start + due - _now()) > 0:  # noqa: ASYNC110 - waits for a time
                await asyncio.sleep(left)
            task = asyncio.create_task(self._exchange(start, due, samples))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if self._tasks:
            await asyncio.wait(self._tasks)
        return samples

    async def _exchange(self, start: float, due: float, samples: list[Sample]) -> None:
        sent = _now() - start
        kind = await self._ask()
        samples.append((due, sent, _now() - start, kind))

    async def _ask(self) -> str:
        """Send one request, and say what became of it."""
        answered: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        connection: Connection | None = None
        try:
            async with asyncio.timeout(CLIENT_TIMEOUT):
                connection = self._idle.pop() if self._idle else await self._connect()
                connection.send(self._request, _settle(answered))
                return _kind(await answered)
        except TimeoutError:
            if connection is not None:
                connection.abandon()
            return "timeout"
        except OSError:
            return "connect"

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Connection(self._idle), "127.0.0.1", self._port
        )
        return connection


def _settle(answered: "asyncio.Future[Answer | None]") -> Callable[[Answer | None], None]:
    def settle(answer: Answer | None) -> None:
        if not answered.done():
            answered.set_result(answer)

    return settle


def _kind(answer: Answer | None) -> str:
    if answer is None:
        return "reset"
    if answer.status != 200:
        return str(answer.status)
    try:
        json.loads(answer.body)
    except ValueError:
        return "unusable"
    return "good"


if __name__ == "__main__":
    sender = Sender(int(sys.argv[1]))
    json.dump(uvloop.run(sender.run(json.load(sys.stdin))), sys.stdout)
