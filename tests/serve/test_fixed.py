"""Routes that answer by themselves."""

import pytest

from hedgerow.serve.durations import Durations
from hedgerow.serve.fixed import FixedRoute, RedirectRoute
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import request_head
from tests.fakes.loop import FakeLoop


def surroundings() -> Surroundings:
    engine = Engine(FakeLoop(FakeClock()), Descriptors(10))
    return Surroundings(engine, None, lambda request: None)


def location(to: str, path: str = "/", query: str = "", strips: int = 0) -> str:
    """Where a request for a path is sent."""
    route = RedirectRoute("a", to, 308, surroundings(), strips=strips)
    head = request_head()
    head.host = b"a.example"
    return route.plan(head, {}, path.encode(), query.encode()).fields.decode()


class TestARedirect:
    @pytest.mark.parametrize(
        ("to", "expected"),
        [
            ("https://b.example{path}", "https://b.example/one/two"),
            ("https://{host}{path}", "https://a.example/one/two"),
            ("/new/{rest}", "/new/two"),
            ("/fixed", "/fixed"),
        ],
    )
    def test_leads_where_it_says(self, to: str, expected: str) -> None:
        assert location(to, "/one/two", strips=5) == f"Location: {expected}\r\n"

    def test_keeps_the_query(self) -> None:
        assert location("/b", "/a", "x=1") == "Location: /b?x=1\r\n"

    def test_adds_the_query_to_its_own(self) -> None:
        assert location("/b?y=2", "/a", "x=1") == "Location: /b?y=2&x=1\r\n"

    def test_never_leads_to_another_host_by_two_slashes(self) -> None:
        assert location("/{path}", "//evil.example") == "Location: /evil.example\r\n"
        assert location("/{rest}", "//evil.example", strips=1) == "Location: /evil.example\r\n"

    def test_puts_in_parameters(self) -> None:
        route = RedirectRoute("a", "/v/{user}", 302, surroundings())
        plan = route.plan(request_head(), {"user": "x%20y"}, b"/u/x%20y", b"")
        assert (plan.status, plan.fields) == (302, b"Location: /v/x%20y\r\n")


class TestAFixedResponse:
    def test_is_one_write(self) -> None:
        route = FixedRoute("a", ReplyTemplate(200, text="fine"), surroundings())
        connection, head = FakeCarrier(), request_head()
        route.carry_out(route.plan(head, {}, b"/", b""), Request(head, connection))
        assert len(connection.written) == 1
        assert connection.written[0].startswith(b"HTTP/1.1 200 OK\r\n")
        assert connection.written[0].endswith(b"\r\n\r\nfine")

    def test_is_told_of(self) -> None:
        told: list[int] = []
        around = surroundings()
        around.answered = lambda request, seconds, durations: told.append(request.status)
        route = FixedRoute("a", ReplyTemplate(410), around, Durations())
        head = request_head()
        route.carry_out(route.plan(head, {}, b"/", b""), Request(head, FakeCarrier()))
        assert told == [410]
