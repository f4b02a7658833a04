"""A misbehaving server without sockets, and one with them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from hedgerow.faults import Behaviour
from hedgerow.flaky import FlakyServer
from hedgerow.wire import Engine, Listening
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.outbox import WRITE_THROUGH
from tests.fakes.client import FakeClient
from tests.fakes.clock import FakeClock, stopped_clock
from tests.fakes.gateway_client import ask
from tests.fakes.loop import FakeLoop

CALM = {"latency": "constant:100ms", "errors": "off"}


def stopped(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = stopped_clock(monkeypatch)
    monkeypatch.setattr("hedgerow.flaky.server.time", clock)
    return clock


class Stage:
    """A server on fake time; unless told otherwise it answers well after 100 ms."""

    def __init__(self, clock: FakeClock, **settings: object) -> None:
        self.loop = FakeLoop(clock)
        self.engine = Engine(self.loop, Descriptors(100))
        self.engine.outbox = WRITE_THROUGH
        behaviour = Behaviour().changed({**CALM, **settings})
        self.server = FlakyServer(self.engine, behaviour)

    def asks(self, target: str = "/api/work", method: str = "GET", body: bytes = b"") -> FakeClient:
        """A client of its own that has asked."""
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        head = f"{method} {target} HTTP/1.1\r\nHost: a\r\n{length}\r\n"
        return FakeClient(self.server._listener).sends(head.encode() + body)

    def later(self, seconds: float) -> "Stage":
        self.loop.run_later(seconds)
        return self

    @property
    def stats(self) -> dict[str, Any]:
        return self.server.statistics()


@contextlib.asynccontextmanager
async def flaky(**settings: object) -> AsyncIterator[tuple[FlakyServer, int]]:
    """A server on a free port, and the port."""
    engine = Engine(asyncio.get_running_loop(), Descriptors(4096))
    quick = {**CALM, "latency": "constant:1ms", **settings}
    server = FlakyServer(engine, Behaviour().changed(quick))
    listening = Listening("127.0.0.1:0")
    await server.listen(listening)
    try:
        yield server, int(listening.bound_to.rpartition(":")[2])
    finally:
        listening.close()
        server.close()
        engine.close()


async def stats(port: int) -> dict[str, Any]:
    answer = await ask(port, "/__stats")
    return msgspec.json.decode(answer.body, type=dict[str, Any])
