"""The budgets that ``serve/proxy.py`` states, counted.

A whole gateway between two transports without sockets: everything that it asks of the
loop is counted, and so are the objects that a request makes.  Counts are stable where
timings are not; whoever adds a task, a timer or a write to the common way sees it here.
"""

import asyncio
import gc
import sys
from collections.abc import Callable
from contextvars import Context
from types import FrameType
from typing import Any

import pytest
from typing_extensions import TypeVarTuple, override

from hedgerow.serve.assembly import assemble
from hedgerow.serve.proxy import ProxiedRequest
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.wire.client import ClientConnection
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.pool import Pool
from tests.fakes.client import FakeClient
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import stopped
from tests.fakes.loop import FakeLoop
from tests.fakes.transport import FakeTransport

Arguments = TypeVarTuple("Arguments")

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: now\r\n\r\nhello"
HEDGED = """
[upstream.work]
replicas = ["http://127.0.0.1:1"]
[[route]]
path     = "/"
deadline = "1s"
hedge    = {delay = "300ms", extra = 2, same_replica = true}
"""

#: Counted; a part that asks for more is worth a look.
MOST_CALLS_ARMED = 12
#: Everything that a request can meet on its way, with limits that it does not reach.
ARMED = """
[server]
admin = "127.0.0.1:0"
[upstream.work]
replicas = ["http://127.0.0.1:1"]
limit    = "adaptive"
queue    = 1000
throttle = true
check    = "/"
[[route]]
path     = "/"
deadline = "1s"
hedge    = {delay = "300ms", extra = 2, same_replica = true}
priority = {from = "header.Priority"}
rate     = {limit = "1000000/s", burst = 1000000}
"""


class CountingLoop(FakeLoop):
    """Counts tasks too, and makes none; ``end_turn`` does what is left for the end of a turn."""

    tasks_created = 0

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.soon: list[asyncio.Handle] = []

    @override
    def call_soon(
        self,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self.soon.append(handle)
        return handle

    def end_turn(self) -> None:
        soon, self.soon = self.soon, []
        for handle in soon:
            handle._run()

    @override
    def create_task(self, *args: Any, **more: Any) -> Any:
        self.tasks_created += 1
        raise AssertionError("a task on the way of a request")


class Kept:
    """An upstream's connection that is open and idle, as after an earlier request."""

    def __init__(self, pool: Pool) -> None:
        self.transport = FakeTransport()
        self.connection = ClientConnection(pool, pool._parser)
        self.connection.connection_made(self.transport)
        pool._open += 1
        pool._hand_out(self.connection)

    def answers(self) -> None:
        self.transport.unsent.clear()
        self.connection.data_received(ANSWER)


class Gateway:
    """A gateway whose upstream has idle connections, and one client."""

    def __init__(self, clock: FakeClock, settings: str = HEDGED) -> None:
        self.loop = CountingLoop(clock)
        self.engine = Engine(self.loop, Descriptors(100))
        gateway = assemble(settings_from_text(settings), self.engine, lambda _: None)
        self.upstream = [Kept(gateway.pools[0]) for _ in range(3)]
        self.client = FakeClient(gateway._listener)
        for _ in range(3):
            self.request()
        self.client.transport.writes = self.loop.timers_armed = 0
        for kept in self.upstream:
            kept.transport.writes = 0

    def asks(self) -> None:
        self.client.sends(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        self.loop.end_turn()

    def answered_by(self, kept: Kept) -> None:
        kept.answers()
        self.loop.end_turn()

    def request(self) -> None:
        """A request that its primary answers at once; the connection used last is next."""
        self.asks()
        self.answered_by(self.upstream[-1])

    def calls_of_a_request(self) -> int:
        """How many functions of ours, written in Python, one request calls."""
        calls = 0

        def count(frame: FrameType, event: str, _: object) -> None:
            nonlocal calls
            calls += event == "call" and "/hedgerow/" in frame.f_code.co_filename

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            self.request()
        finally:
            sys.setprofile(before)
        return calls


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    return Gateway(stopped(monkeypatch))


class TestRequestAnsweredByItsPrimary:
    def test_is_answered(self, gateway: Gateway) -> None:
        gateway.request()
        assert gateway.client.received.endswith(b"\r\n\r\nhello")
        assert set(gateway.client.statuses) == {200}

    def test_costs_one_write_to_each_side(self, gateway: Gateway) -> None:
        gateway.request()
        assert gateway.upstream[-1].transport.writes == 1
        assert gateway.client.transport.writes == 1

    def test_costs_no_task(self, gateway: Gateway) -> None:
        gateway.request()
        assert gateway.loop.tasks_created == 0

    def test_leaves_no_timer_behind(self, gateway: Gateway) -> None:
        gateway.request()
        assert sum(map(len, gateway.engine.wheel._buckets.values())) == 0

    def test_makes_five_objects_where_its_heads_have_come_before(self, gateway: Gateway) -> None:
        gc.collect()
        gc.disable()
        try:
            alive = gc.get_objects()  # and kept so, or a new one might have an old one's id
            before = {id(thing) for thing in alive}
            gateway.asks()
            new = [thing for thing in gc.get_objects() if id(thing) not in before]
            ours = [type(t).__name__ for t in new if type(t).__module__.startswith("hedgerow")]
        finally:
            gc.enable()
        assert sorted(ours) == ["Attempt", "AttemptCall", "Exchange", "ProxiedRequest", "Request"]

    def test_lives_no_longer_than_its_answer(self, gateway: Gateway) -> None:
        """Without a cycle the last reference frees it: the collector has nothing to do."""
        gc.collect()
        gc.disable()
        try:
            gateway.request()
            alive = [t for t in gc.get_objects() if isinstance(t, ProxiedRequest)]
        finally:
            gc.enable()
        assert alive == []


class TestRequestThatMeetsEverything:
    """Each call costs about 0.1 us; what is armed may not cost many more than it has parts."""

    def test_is_answered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        gateway = Gateway(stopped(monkeypatch), ARMED)
        gateway.request()
        assert set(gateway.client.statuses) == {200}
        assert b"RateLimit: " in gateway.client.received

    def test_costs_few_calls_more_than_one_that_meets_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = stopped(monkeypatch)
        bare, armed = (
            Gateway(clock).calls_of_a_request(),
            Gateway(clock, ARMED).calls_of_a_request(),
        )
        assert armed - bare <= MOST_CALLS_ARMED, (bare, armed)


class TestManyRequests:
    def test_share_one_timer_of_the_loop(self, gateway: Gateway) -> None:
        """All due at the same millisecond wake the loop once, not once each."""
        for _ in range(100):
            gateway.request()
        assert gateway.loop.timers_armed <= 1


class TestHedgedRequest:
    def test_costs_one_write_an_attempt(self, gateway: Gateway) -> None:
        gateway.asks()
        gateway.loop.run_later(0.31)
        gateway.loop.end_turn()
        gateway.answered_by(gateway.upstream[0])
        assert [kept.transport.writes for kept in gateway.upstream] == [1, 1, 1]
        assert gateway.client.transport.writes == 1
        assert gateway.loop.tasks_created == 0
