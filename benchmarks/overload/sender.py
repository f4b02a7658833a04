"""The client side, a process of its own: sends each request when it is due, come what may.

    python -m benchmarks.overload.sender PORT < arrivals.json > samples.json

Reads a JSON list of ``[due, priority]``, in order, seconds from the start; writes a list of
``[due, sent, ended, status, priority]``.  Status 0: no whole answer came.  ``sent - due`` is
the sender's own share of a latency.

One request costs some 50 us and no task: at thousands a second the sender must not be
what is measured.
"""

import asyncio
import gc
import json
import sys
import time
from collections import deque
from typing import Final

import uvloop

from benchmarks.overload.terms import PATIENCE
from benchmarks.promise.connection import Answer, Connection

Sample = tuple[float, float, float, int, int]
_now: Final = time.perf_counter  # uvloop's loop.time() has whole milliseconds
_LEAD: Final = 0.1  # seconds between the start of the clock and the first request
_SWEEP: Final = 0.05  # seconds between two looks for those whose patience is over


class _Asked:
    """A request from when it is due until it has ended, which it does once."""

    __slots__ = ("connection", "due", "has_ended", "priority", "sender", "sent")

    def __init__(self, sender: "Sender", due: float, sent: float, priority: int) -> None:
        self.sender = sender
        self.due = due
        self.sent = sent
        self.priority = priority
        self.connection: Connection | None = None
        self.has_ended = False

    def end(self, answer: Answer | None) -> None:
        if self.has_ended:
            return
        self.has_ended = True
        status = 0 if answer is None else answer.status
        ended = _now() - self.sender.start
        self.sender.samples.append((self.due, self.sent, ended, status, self.priority))


class Sender:
    """Fires requests at their time, over as many kept-alive connections as that takes."""

    def __init__(self, port: int) -> None:
        self.start = 0.0
        self.samples: list[Sample] = []
        self._port = port
        self._requests: dict[int, bytes] = {}
        self._idle: list[Connection] = []
        self._unended: deque[_Asked] = deque()  # oldest first; some have ended
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, arrivals: list[tuple[float, int]]) -> list[Sample]:
        """Send everything, then wait until each request has ended one way or another."""
        self.start = _now() + _LEAD
        next_sweep = self.start
        for due, priority in arrivals:
            # A loop, because uvloop rounds to milliseconds and may wake us early.
            while (left := self.start + due - _now()) > 0:  # noqa: ASYNC110 - waits for a time
                await asyncio.sleep(left)
            self._ask(due, priority)
            if (now := _now()) >= next_sweep:
                next_sweep = now + _SWEEP
                self._give_up(now)
                await asyncio.sleep(0)
        while len(self.samples) < len(arrivals):
            await asyncio.sleep(_SWEEP)
            self._give_up(_now())
        return self.samples

    def _ask(self, due: float, priority: int) -> None:
        asked = _Asked(self, due, _now() - self.start, priority)
        self._unended.append(asked)
        if self._idle:
            self._send(asked, self._idle.pop())
        else:
            task = asyncio.create_task(self._connect(asked))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _send(self, asked: _Asked, connection: Connection) -> None:
        asked.connection = connection
        connection.send(self._request(asked.priority), asked.end)

    def _request(self, priority: int) -> bytes:
        made = self._requests.get(priority)
        if made is None:
            head = f"GET /work HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            made = self._requests[priority] = f"{head}X-Priority: {priority}\r\n\r\n".encode()
        return made

    async def _connect(self, asked: _Asked) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._idle), "127.0.0.1", self._port
            )
        except OSError:
            asked.end(None)
            return
        if asked.has_ended:
            self._idle.append(connection)
        else:
            self._send(asked, connection)

    def _give_up(self, now: float) -> None:
        unended = self._unended
        while unended and (unended[0].has_ended or now - self.start - unended[0].due > PATIENCE):
            asked = unended.popleft()
            if not asked.has_ended:
                asked.end(None)
                if asked.connection is not None:
                    asked.connection.abandon()


if __name__ == "__main__":
    gc.disable()  # its pauses would be told as a contender's
    sender = Sender(int(sys.argv[1]))
    json.dump(uvloop.run(sender.run(json.load(sys.stdin))), sys.stdout)
