"""Which requests go where, what is written about them, and when to accept no more."""

import asyncio
import io
from collections.abc import Callable

import pytest
from typing_extensions import override

from hedgerow.policy import Replica, RoundRobin
from hedgerow.serve.access_log import AccessLog
from hedgerow.serve.gateway import Gateway, Outputs
from hedgerow.serve.plan import ProxyTerms
from hedgerow.serve.route import ProxyRoute
from hedgerow.serve.routes import Pattern, Routes
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.limits import Limits
from hedgerow.wire.listening import Listening
from hedgerow.wire.outbox import WRITE_THROUGH
from tests.fakes.client import FakeClient
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import stopped
from tests.fakes.gateway_pool import FakePool
from tests.fakes.loop import FakeLoop
from tests.fakes.policy import burst, route


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped(monkeypatch)


class FakeListening(Listening):
    """A door that writes down whether it is open."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @override
    async def start(self, factory: Callable[[], asyncio.Protocol], tls: object = None) -> None:
        self.told.append("start")

    @override
    def pause(self) -> None:
        self.told.append("pause")

    @override
    def resume(self) -> None:
        self.told.append("resume")


class House:
    """A gateway with these routes, all to one replica that the test plays."""

    def __init__(self, clock: FakeClock, *patterns: Pattern, descriptors: int = 100) -> None:
        self.loop = FakeLoop(clock)
        self.engine = Engine(self.loop, Descriptors(descriptors))
        self.engine.outbox = WRITE_THROUGH
        self.disk = io.BytesIO()
        self.stories: list[str] = []
        outputs = Outputs(AccessLog(self.disk, "text"), self.stories.append)
        self.gateway = Gateway(self.engine, Limits(), outputs)
        self.pool = FakePool(clock)
        policy = route(burst())
        policy.balancer = RoundRobin([Replica("r1", self.pool)])
        to = ProxyRoute("x", ProxyTerms(policy), self.gateway.surroundings, b"up.test")
        self.gateway.lead(Routes([(pattern, to) for pattern in patterns or [Pattern("/")]]))

    def client(self) -> FakeClient:
        return FakeClient(self.gateway._listener)

    def asked(self, target: str = "/", method: str = "GET") -> FakeClient:
        """A client that has sent one request."""
        return self.client().sends(f"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())

    @property
    def log(self) -> list[str]:
        self.loop.run_later(0.3)
        return self.disk.getvalue().decode().splitlines()


class TestRequest:
    def test_goes_to_its_route(self, clock: FakeClock) -> None:
        house = House(clock, Pattern("/a"))
        house.asked("/a?b=1")
        assert house.pool.lines[0].call.head.startswith(b"GET /a?b=1 HTTP/1.1\r\n")

    def test_goes_there_as_it_was_matched(self, clock: FakeClock) -> None:
        house = House(clock, Pattern("/a/"))
        house.asked("/x/%2e%2e/a/b")
        assert house.pool.lines[0].call.head.startswith(b"GET /a/b HTTP/1.1\r\n")

    def test_that_comes_again_goes_the_same_way(self, clock: FakeClock) -> None:
        house = House(clock)
        client = house.asked("/a")
        house.pool.lines[0].answers(200)
        client.sends(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        one, other = house.pool.lines
        assert one.call.head == other.call.head

    def test_goes_another_way_once_the_routes_have_changed(self, clock: FakeClock) -> None:
        house = House(clock)
        client = house.client()
        for _ in range(3):  # what comes again and again is remembered
            client.sends(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            house.pool.lines[-1].answers(200)
        house.gateway.lead(Routes([]))
        client.sends(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.statuses == [200, 200, 200, 404]


class TestRequestWithoutRoute:
    def test_is_not_found(self, clock: FakeClock) -> None:
        client = House(clock, Pattern("/a")).asked("/b")
        assert client.statuses == [404]

    def test_of_another_method_is_told_which_there_are(self, clock: FakeClock) -> None:
        house = House(clock, Pattern("/a", methods=frozenset({b"PUT", b"GET"})))
        client = house.asked("/a", "DELETE")
        assert client.statuses == [405]
        assert b"\r\nAllow: GET, PUT\r\n" in client.received

    def test_that_climbs_above_the_root_is_refused(self, clock: FakeClock) -> None:
        assert House(clock).asked("/../a").statuses == [400]

    def test_leaves_the_connection_open(self, clock: FakeClock) -> None:
        house = House(clock, Pattern("/a"))
        client = house.asked("/b")
        client.sends(b"GET /c HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.statuses == [404, 404]

    @pytest.mark.parametrize(
        ("target", "method", "status"),
        [("/b", "GET", 404), ("/a", "PUT", 405), ("/..", "GET", 400)],
    )
    def test_is_in_the_log(self, clock: FakeClock, target: str, method: str, status: int) -> None:
        house = House(clock, Pattern("/a", methods=frozenset({b"GET"})))
        house.asked(target, method)
        (line,) = house.log
        assert f'"{method} {target}" {status} ' in line


class TestAnsweredRequest:
    def test_is_in_the_log_with_its_attempts(self, clock: FakeClock) -> None:
        house = House(clock)
        house.asked("/a")
        house.pool.lines[0].answers(200, b"hello")
        assert house.log[0].endswith('"GET /a" 200 5 0.0ms r1 200')

    def test_is_told_to_whoever_traces(self, clock: FakeClock) -> None:
        house = House(clock)
        house.asked("/a")
        house.loop.run_later(0.1)
        house.pool.lines[0].answers(404)
        title, attempt = house.stories[0].split("\n")
        assert title == "GET /a -> 404, 100ms"
        assert attempt == "      0us  primary 1 to r1: 404 after 100ms  <- answered"

    def test_is_a_499_where_the_client_left_first(self, clock: FakeClock) -> None:
        house = House(clock)
        house.asked("/a").leaves()
        assert '"GET /a" 499 0 ' in house.log[0]
        assert house.pool.lines[0].told == ["cancel"]


class TestAccepting:
    def house(self, clock: FakeClock, clients: int) -> tuple[FakeListening, list[FakeClient]]:
        """One with 8 descriptors, of which clients may have 6."""
        house = House(clock, descriptors=8)
        door = FakeListening()
        asyncio.run(house.gateway.listen([door]))
        self.loop = house.loop
        return door, [house.client() for _ in range(clients)]

    def test_goes_on_while_there_is_room_for_upstreams(self, clock: FakeClock) -> None:
        door, _ = self.house(clock, clients=5)
        assert door.told == ["start"]

    def test_stops_before_there_is_none(self, clock: FakeClock) -> None:
        door, _ = self.house(clock, clients=7)
        assert door.told == ["start", "pause"]

    def test_begins_again_when_clients_have_left(self, clock: FakeClock) -> None:
        door, clients = self.house(clock, clients=6)
        clients[0].leaves()
        self.loop.run_later(0.3)
        assert door.told == ["start", "pause", "resume"]

    def test_does_not_begin_again_before_they_have(self, clock: FakeClock) -> None:
        door, _ = self.house(clock, clients=6)
        self.loop.run_later(1.0)
        assert door.told == ["start", "pause"]

    def test_may_stop_more_than_once(self, clock: FakeClock) -> None:
        door, clients = self.house(clock, clients=6)
        for client in clients:
            client.leaves()
        self.loop.run_later(0.3)
        house = clients[0].connection._listener
        _again = [FakeClient(house) for _ in range(6)]
        assert door.told == ["start", "pause", "resume", "pause"]
