"""What a route works out from a request's head: deadline, target, lines, repeatability."""

from typing import Any

import pytest

from hedgerow.policy import DeadlineRule, HedgeRule, Policy, Situation
from hedgerow.serve.plan import Plan, ProxyTerms
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.serve.route import DeadlineSource, ProxyRoute
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import request_head
from tests.fakes.loop import FakeLoop
from tests.fakes.policy import route as policy_of

ASKED_IN_PATH = DeadlineSource("path", "timeout")


class Kit:
    """One route, and requests for it."""

    def __init__(self, policy: Policy | None = None, terms: Any = None, **more: Any) -> None:
        self.refused: list[Request] = []
        engine = Engine(FakeLoop(FakeClock()), Descriptors(10))
        around = Surroundings(engine, None, self.refused.append)
        proxy_terms = ProxyTerms(policy or policy_of(), **(terms or {}))
        self.route = ProxyRoute("/", proxy_terms, around, b"fallback.test", **more)
        self.carrier = FakeCarrier()

    def plan(
        self,
        *lines: str,
        method: str = "GET",
        path: str = "/x",
        query: str = "",
        values: dict[str, str] | None = None,
    ) -> Plan:
        text = "\r\n".join([f"{method} / HTTP/1.1", "Host: a.test", *lines, "", ""])
        head = request_head(text.encode())
        return self.route.plan(head, values or {}, path.encode(), query.encode())

    def carried_out(self, plan: Plan, raw: bytes = b"") -> Request:
        request = Request(request_head(raw or b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), self.carrier)
        self.route.carry_out(plan, request)
        return request


class TestDeadline:
    RULE = policy_of(deadline=DeadlineRule(default=5.0, minimum=0.3, maximum=60.0))

    def seconds(self, source: DeadlineSource, *lines: str, **asked: Any) -> float | Situation:
        return Kit(self.RULE, deadline_source=source).plan(*lines, **asked).seconds

    def test_may_be_asked_for_in_the_path(self) -> None:
        assert self.seconds(ASKED_IN_PATH, values={"timeout": "700"}) == pytest.approx(0.7)

    def test_may_be_asked_for_in_the_query(self) -> None:
        source = DeadlineSource("query", "timeout")
        assert self.seconds(source, query="a=1&timeout=700&timeout=9") == pytest.approx(0.7)

    def test_may_be_asked_for_in_a_field(self) -> None:
        source = DeadlineSource("header", "X-Timeout")
        assert self.seconds(source, "x-timeout: 700") == pytest.approx(0.7)

    @pytest.mark.parametrize("query", ["", "a=1", "timeouts=700"])
    def test_is_the_routes_where_nobody_asks(self, query: str) -> None:
        assert self.seconds(DeadlineSource("query", "timeout"), query=query) == 5.0

    @pytest.mark.parametrize("query", ["timeout=", "timeout", "timeout=+", "timeout=7e2"])
    def test_is_refused_where_it_is_no_number(self, query: str) -> None:
        source = DeadlineSource("query", "timeout")
        assert self.seconds(source, query=query) is Situation.DEADLINE_MALFORMED


class TestTarget:
    def first_line(self, kit: Kit, **asked: Any) -> bytes:
        return kit.plan(**asked).lines.partition(b"\r\n")[0]

    def test_is_the_path_and_query_as_they_came(self) -> None:
        assert self.first_line(Kit(), query="a=%20&b") == b"GET /x?a=%20&b HTTP/1.1"

    def test_may_be_another_one(self) -> None:
        kit = Kit(rewrite="/api/work")
        assert self.first_line(kit, query="a=1") == b"GET /api/work?a=1 HTTP/1.1"

    def test_may_be_made_of_parameters(self) -> None:
        kit = Kit(rewrite="/v1/{b}/of/{a}")
        values = {"a": "7", "b": "{a}%2F"}
        assert self.first_line(kit, values=values) == b"GET /v1/{a}%2F/of/7 HTTP/1.1"

    def test_may_have_another_prefix(self) -> None:
        kit = Kit(rewrite="/data/", strips=len("/files/"))
        assert self.first_line(kit, path="/files/a/b") == b"GET /data/a/b HTTP/1.1"

    def test_may_lose_its_prefix(self) -> None:
        kit = Kit(rewrite="/", strips=len("/files/"))
        assert self.first_line(kit, path="/files/") == b"GET / HTTP/1.1"


class TestLines:
    def test_name_the_host_that_the_client_asked_for(self) -> None:
        assert b"Host: a.test\r\n" in Kit().plan().lines

    def test_name_the_upstream_where_the_client_named_nobody(self) -> None:
        head = request_head(b"GET / HTTP/1.0\r\n\r\n")
        plan = Kit().route.plan(head, {}, b"/", b"")
        assert b"Host: fallback.test\r\n" in plan.lines

    def test_leave_out_the_clients_own_count_of_copies(self) -> None:
        """A copy would carry two of them, and the primary one that is not true."""
        assert b"Attempt" not in Kit().plan("x-hedgerow-attempt: 7").lines

    def test_leave_out_the_clients_own_time_where_we_tell_ours(self) -> None:
        kit = Kit(terms={"deadline_field": b"X-Left"})
        assert b"left" not in kit.plan("x-left: 7", "X-Other: 1").lines.lower()

    def test_keep_the_clients_own_time_where_we_tell_none(self) -> None:
        assert b"X-Left: 7\r\n" in Kit().plan("X-Left: 7").lines

    def test_change_nothing_in_the_head_that_others_share(self) -> None:
        head = request_head(b"GET / HTTP/1.1\r\nHost: a\r\nX-Hedgerow-Attempt: 7\r\n\r\n")
        Kit().route.plan(head, {}, b"/", b"")
        assert head.fields == [(b"X-Hedgerow-Attempt", b"7")]

    def test_tell_the_length_of_a_body_that_is_empty(self) -> None:
        assert b"Content-Length: 0\r\n" in Kit().plan(method="POST").lines

    def test_tell_no_length_of_a_body_that_is_still_to_come(self) -> None:
        plan = Kit().plan("Content-Length: 5", method="POST")
        assert b"Content-Length" not in plan.lines


class TestRepeating:
    @pytest.mark.parametrize(
        ("method", "key", "may"),
        [
            ("GET", False, True),
            ("HEAD", False, True),
            ("OPTIONS", False, True),
            ("PUT", False, False),
            ("DELETE", False, False),
            ("POST", False, False),
            ("POST", True, True),
            ("PATCH", True, True),
            ("PUT", True, False),
        ],
    )
    def test_is_for_what_is_safe_to_repeat(self, method: str, key: bool, may: bool) -> None:
        lines = ["idempotency-key: k"] if key else []
        assert Kit().plan(*lines, method=method).may_repeat is may

    def test_is_for_what_the_route_says(self) -> None:
        kit = Kit(policy_of(HedgeRule(0.1, 1, methods=frozenset({"PUT"}))))
        assert kit.plan(method="PUT").may_repeat
        assert not kit.plan(method="GET").may_repeat


class TestRefusal:
    RULE = policy_of(deadline=DeadlineRule(default=5.0, minimum=0.3))
    TOO_SHORT = Situation.DEADLINE_TOO_SHORT

    def test_of_a_deadline_is_a_problem(self) -> None:
        kit = Kit(self.RULE, deadline_source=ASKED_IN_PATH)
        kit.carried_out(kit.plan(values={"timeout": "299"}))
        assert kit.carrier.output.startswith(b"HTTP/1.1 400 ")
        assert b"application/problem+json" in kit.carrier.output

    def test_of_a_deadline_may_be_the_routes_own(self) -> None:
        replies = {self.TOO_SHORT: ReplyTemplate(418, text="too short")}
        kit = Kit(self.RULE, {"replies": replies}, deadline_source=ASKED_IN_PATH)
        kit.carried_out(kit.plan(values={"timeout": "299"}))
        assert kit.carrier.output.endswith(b"\r\n\r\ntoo short")

    def test_of_a_body_names_the_limit(self) -> None:
        kit = Kit(terms={"max_body": 10})
        raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n"
        kit.carried_out(kit.plan(), raw)
        assert kit.carrier.output.startswith(b"HTTP/1.1 413 ")
        assert b"10 bytes" in kit.carrier.output

    def test_is_told_to_whoever_keeps_the_log(self) -> None:
        kit = Kit(self.RULE, deadline_source=ASKED_IN_PATH)
        request = kit.carried_out(kit.plan(values={"timeout": "x"}))
        assert kit.refused == [request]

    def test_has_a_date(self) -> None:
        kit = Kit(self.RULE, deadline_source=ASKED_IN_PATH)
        kit.carried_out(kit.plan(values={"timeout": "x"}))
        assert kit.carrier.output.count(b"\r\nDate: ") == 1
