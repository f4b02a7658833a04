"""What a route works out from a request's head: deadline, urgency, target, lines."""

from typing import Any, Literal

import pytest

from hedgerow.policy import DeadlineRule, HedgeRule, Situation
from hedgerow.policy.deadline_fields import deadline_field
from hedgerow.policy.priorities import PriorityRule
from hedgerow.policy.refusals import Reason
from hedgerow.serve.plan import Plan
from hedgerow.serve.proxy import ProxiedRequest
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.serve.source import Source
from tests.fakes.gateway_bench import request_head
from tests.fakes.gateway_route import Kit
from tests.fakes.policy import route as policy_of

ASKED_IN_PATH = Source("path", "timeout")


class TestDeadline:
    RULE = policy_of(deadline=DeadlineRule(default=5.0, minimum=0.3, maximum=60.0))

    def seconds(self, source: Source, *lines: str, **asked: Any) -> float | Situation:
        return Kit(self.RULE, deadline_source=source).plan(*lines, **asked).seconds

    def test_may_be_asked_for_in_the_path(self) -> None:
        assert self.seconds(ASKED_IN_PATH, values={"timeout": "700"}) == pytest.approx(0.7)

    def test_may_be_asked_for_in_the_query(self) -> None:
        source = Source("query", "timeout")
        assert self.seconds(source, query="a=1&timeout=700&timeout=9") == pytest.approx(0.7)

    def test_may_be_asked_for_in_a_field(self) -> None:
        source = Source("header", "X-Timeout")
        assert self.seconds(source, "x-timeout: 700") == pytest.approx(0.7)

    @pytest.mark.parametrize("query", ["", "a=1", "timeouts=700"])
    def test_is_the_routes_where_nobody_asks(self, query: str) -> None:
        assert self.seconds(Source("query", "timeout"), query=query) == 5.0

    @pytest.mark.parametrize("query", ["timeout=", "timeout", "timeout=+", "timeout=7e2"])
    def test_is_refused_where_it_is_no_number(self, query: str) -> None:
        source = Source("query", "timeout")
        assert self.seconds(source, query=query) is Situation.DEADLINE_MALFORMED


class Clock:
    """The time of day."""

    def __init__(self) -> None:
        self.now = 1_795_800_000.0

    def __call__(self) -> float:
        return self.now


class TestDeadlineThatTheClientShortens:
    HONOURS = ("X-Wait-Ms", "X-Request-Deadline", "X-Timeout")

    def kit(self, covers: Literal["head", "answer"] = "head", **more: Any) -> Kit:
        self.clock = Clock()
        honours = [deadline_field(name, "ms", self.clock) for name in self.HONOURS]
        policy = policy_of(deadline=DeadlineRule(default=5.0, minimum=0.1, covers=covers))
        return Kit(policy, honours=honours, send_as="X-Left", **more)

    def test_is_what_the_field_says(self) -> None:
        assert self.kit().plan("x-wait-MS: 700").seconds == pytest.approx(0.7)

    def test_covers_the_answer(self) -> None:
        assert self.kit().plan("X-Wait-Ms: 700").terms.policy.deadline.covers == "answer"
        assert self.kit().plan("X-Wait-Ms: 7000").terms.policy.deadline.covers == "head"

    def test_is_not_what_replicas_are_judged_by(self) -> None:
        kit = self.kit(covers="answer")
        assert kit.plan().terms.policy.deadline.blames
        assert not kit.plan("X-Wait-Ms: 700").terms.policy.deadline.blames

    def test_shares_all_else_with_the_route(self) -> None:
        kit = self.kit()
        own, shortened = kit.plan().terms.policy, kit.plan("X-Wait-Ms: 700").terms.policy
        assert own is not shortened
        assert own.balancer is shortened.balancer
        assert own.budget is shortened.budget
        assert own.counters is shortened.counters
        assert kit.plan("X-Wait-Ms: 800").terms.policy is shortened

    def test_is_told_to_the_upstream_instead_of_what_came(self) -> None:
        plan = self.kit().plan("X-Wait-Ms: 700", "X-Left: 9", "X-Other: 1")
        assert {tell.line(0.5) for tell in plan.tells} == {
            b"X-Wait-Ms: 500\r\n",
            b"X-Left: 500\r\n",
        }
        assert plan.lines.endswith(b"Host: a.test\r\nX-Other: 1\r\n")

    def test_goes_on_as_it_came_where_it_shortens_nothing(self) -> None:
        plan = self.kit().plan("X-Wait-Ms: 7000", "X-Left: 9")
        assert plan.tells == ()
        assert plan.lines.endswith(b"X-Wait-Ms: 7000\r\nX-Left: 9\r\n")

    def test_does_not_give_a_field_two_meanings(self) -> None:
        """Where the route itself asks in that field, its own unit and bounds count."""
        in_seconds = policy_of(deadline=DeadlineRule(default=5.0, unit="s"))
        source = Source("header", "x-wait-ms")
        honours = [deadline_field("X-Wait-Ms", "s", Clock())]
        kit = Kit(in_seconds, deadline_source=source, honours=honours)
        assert kit.plan("X-Wait-Ms: 9").seconds == 9.0

    def test_that_has_passed_is_a_gateway_timeout(self) -> None:
        kit = self.kit()
        assert kit.asked("X-Request-Deadline: 1795799999").startswith(b"HTTP/1.1 504 ")
        assert kit.around.refusals == {Reason.EXPIRED: 1}
        assert len(kit.refused) == 1

    def test_that_has_passed_gets_the_routes_own_reply(self) -> None:
        replies = {Situation.EXPIRED: ReplyTemplate(200, text="sorry")}
        kit = self.kit(terms={"replies": replies})
        assert kit.asked("X-Wait-Ms: 99").endswith(b"\r\n\r\nsorry")

    def test_by_a_time_of_day_is_worked_out_for_each_request(self) -> None:
        kit = self.kit()
        plan = kit.plan("X-Request-Deadline: 1795800002")
        assert plan.seconds == pytest.approx(2.0)
        self.clock.now += 3
        raw = b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Deadline: 1795800002\r\n\r\n"
        kit.carried_out(plan, raw)
        assert kit.carrier.output.startswith(b"HTTP/1.1 504 ")

    def test_by_a_length_of_time_is_worked_out_once(self) -> None:
        kit = self.kit()
        assert kit.plan("X-Wait-Ms: 700").taker is kit.route


class TestUrgency:
    RULE = PriorityRule(3, most_urgent=1)
    SOURCE = Source("header", "Priority")

    @pytest.mark.parametrize(
        ("line", "urgency"),
        [("priority: u=5", 5), ("Priority: 0", 1), ("Priority: what", 3), ("X-Other: 1", 3)],
    )
    def test_is_what_the_request_says_within_bounds(self, line: str, urgency: int) -> None:
        kit = Kit(priority=self.RULE, priority_source=self.SOURCE)
        assert kit.plan(line).priority == urgency

    def test_is_the_routes_where_it_does_not_ask(self) -> None:
        assert Kit(priority=PriorityRule(6)).plan("Priority: 1").priority == 6


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
        assert b"attempt" not in Kit().plan("x-hedgerow-attempt: 7").lines.lower()

    def test_leave_out_the_clients_own_time_where_we_tell_ours(self) -> None:
        kit = Kit(send_as="X-Left")
        assert b"left" not in kit.plan("x-left: 7", "X-Other: 1").lines.lower()

    def test_keep_the_clients_own_time_where_we_tell_none(self) -> None:
        assert b"X-Left: 7\r\n" in Kit().plan("X-Left: 7").lines

    def test_leave_out_what_the_client_wants_left_out(self) -> None:
        lines = ["Connection: X-Other", "X-Other: 1", "X-Hedgerow-Attempt: 7", "X-Third: 1"]
        assert Kit().plan(*lines).lines.endswith(b"Host: a.test\r\nX-Third: 1\r\n")

    def test_change_nothing_in_the_head_that_others_share(self) -> None:
        head = request_head(b"GET / HTTP/1.1\r\nHost: a\r\nX-Hedgerow-Attempt: 7\r\n\r\n")
        Kit().route.plan(head, {}, b"/", b"")
        assert head.fields == [(b"X-Hedgerow-Attempt", b"7")]

    def test_tell_the_length_of_a_body_that_is_empty(self) -> None:
        assert b"Content-Length: 0\r\n" in Kit().plan(method="POST").lines

    def test_tell_no_length_of_a_body_that_is_still_to_come(self) -> None:
        plan = Kit().plan("Content-Length: 5", method="POST")
        assert b"Content-Length" not in plan.lines


class TestWhoAsks:
    """The last one's lines are kept with the plan, and heads are shared by many clients."""

    @staticmethod
    def told(kit: Kit, plan: Plan) -> bytes:
        sink = kit.carried_out(plan).sink
        assert isinstance(sink, ProxiedRequest)
        return sink._head_lines

    def test_is_told_of_each_request_by_itself(self) -> None:
        kit = Kit()
        plan = kit.plan()
        for peer in ("192.0.2.7", "192.0.2.8", "192.0.2.8", "192.0.2.7"):
            kit.carrier.peer = peer
            assert b"X-Forwarded-For: %b\r\n" % peer.encode() in self.told(kit, plan)

    def test_is_told_with_how_they_came(self) -> None:
        kit = Kit()
        plan = kit.plan()
        for is_tls, scheme in ((False, b"http"), (True, b"https"), (False, b"http")):
            kit.carrier.is_tls = is_tls
            assert b"X-Forwarded-Proto: %b\r\n" % scheme in self.told(kit, plan)


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
