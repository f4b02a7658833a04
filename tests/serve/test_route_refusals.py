"""Whom a route turns away before anything is done for it."""

from typing import Any

import pytest

from hedgerow.policy import DeadlineRule, Situation
from hedgerow.policy.loop_lag import LoopLagShedder
from hedgerow.policy.rate_limit import RateLimiter, RateRule
from hedgerow.policy.refusals import Reason
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.serve.source import Source
from tests.fakes.carrier import FakeCarrier
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_route import Kit
from tests.fakes.policy import route as policy_of


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr("hedgerow.serve.route.time", clock)
    return clock


class TestRateLimit:
    def kit(self, **more: Any) -> Kit:
        """Each client may ask once a minute."""
        return Kit(limiter=RateLimiter(RateRule(1 / 60, 1, "calm")), **more)

    def refused(self, kit: Kit, *lines: str, peer: str = "192.0.2.7") -> bool:
        return kit.asked(*lines, peer=peer).startswith(b"HTTP/1.1 429 ")

    def test_is_for_each_address(self) -> None:
        kit = self.kit()
        peers = ["192.0.2.7", "192.0.2.8", "192.0.2.7", "192.0.2.8"]
        assert [self.refused(kit, peer=peer) for peer in peers] == [False, False, True, True]

    def test_is_for_each_network_of_64_bits(self) -> None:
        kit = self.kit()
        peers = ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1"]
        assert [self.refused(kit, peer=peer) for peer in peers] == [False, True, False]

    def test_is_for_all_together_where_there_is_no_address(self) -> None:
        kit = self.kit()
        assert [self.refused(kit, peer="") for _ in range(2)] == [False, True]

    def test_is_for_whoever_a_trusted_proxy_names(self) -> None:
        kit = self.kit(forwarded="append")
        lines = [f"X-Forwarded-For: 10.0.0.1, 203.0.113.{n}" for n in (1, 2, 1)]
        assert [self.refused(kit, line, peer="") for line in lines] == [False, False, True]

    def test_is_not_escaped_by_what_anybody_may_say(self) -> None:
        kit = self.kit()
        lines = [f"X-Forwarded-For: 203.0.113.{n}" for n in (1, 2)]
        assert [self.refused(kit, line) for line in lines] == [False, True]

    def test_is_for_each_that_says_who_it_is(self) -> None:
        kit = self.kit(client_source=Source("header", "X-Key"))
        lines = ["X-Key: a", "X-Key: b", "X-Key: a"]
        assert [self.refused(kit, line) for line in lines] == [False, False, True]

    def test_is_for_the_address_of_one_that_does_not(self) -> None:
        kit = self.kit(client_source=Source("header", "X-Key"))
        assert [self.refused(kit, line) for line in ["A: b", "X-Key:"]] == [False, True]

    def test_says_when_to_come_back(self) -> None:
        kit = self.kit()
        kit.asked()
        answer = kit.asked()
        assert b"\r\nRetry-After: 60\r\n" in answer
        assert b'\r\nRateLimit-Policy: "calm";q=1;w=60\r\n' in answer
        assert b'\r\nRateLimit: "calm";r=0;t=60\r\n' in answer
        assert b"\r\nContent-Type: application/problem+json\r\n" in answer
        assert answer.count(b"\r\nDate: ") == 1

    def test_says_it_in_whole_seconds_and_never_too_few(self, clock: FakeClock) -> None:
        kit = self.kit()
        kit.asked()
        clock.now += 0.9
        assert b"\r\nRetry-After: 60\r\n" in kit.asked()

    def test_is_over_then(self, clock: FakeClock) -> None:
        kit = self.kit()
        kit.asked()
        clock.now += 59.9
        assert self.refused(kit)
        clock.now += 0.1
        assert not self.refused(kit)

    def test_says_so_however_long_that_is(self) -> None:
        kit = Kit(limiter=RateLimiter(RateRule(1 / 3600, 1)))
        kit.asked()
        assert b"\r\nRetry-After: 3600\r\n" in kit.asked()

    def test_says_what_is_left_in_an_answer_of_any_kind(self) -> None:
        rule = policy_of(deadline=DeadlineRule(default=5.0, minimum=0.3))
        kit = Kit(
            rule,
            limiter=RateLimiter(RateRule(1.0, 5)),
            deadline_source=Source("header", "X-Timeout"),
        )
        answer = kit.asked("X-Timeout: soon")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b'\r\nRateLimit: "default";r=4;t=1\r\n' in answer

    def test_is_never_answered_with_the_routes_own_reply(self) -> None:
        replies = {Situation.UNAVAILABLE: ReplyTemplate(200, text="sorry")}
        kit = self.kit(terms={"replies": replies})
        kit.asked()
        assert self.refused(kit)

    def test_is_in_the_log_and_counted(self) -> None:
        kit = self.kit()
        kit.asked()
        kit.asked()
        assert [request.status for request in kit.refused] == [429]
        assert kit.around.refusals == {Reason.RATE_LIMITED: 1}

    def test_comes_before_the_body_is_asked_for(self) -> None:
        kit = self.kit()
        raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        for _ in range(2):
            kit.carrier = FakeCarrier()
            kit.carried_out(kit.plan(), raw)
        assert kit.carrier.output.startswith(b"HTTP/1.1 429 ")
        assert "accept body" not in kit.carrier.asked


class TestShedding:
    def kit(self, lag: float, **more: Any) -> Kit:
        kit = Kit(**more)
        kit.around.shedder = LoopLagShedder()
        for _ in range(2):
            kit.around.shedder.sample(1_000_000.0, lag)
        return kit

    def test_turns_away_the_less_urgent(self) -> None:
        kit = self.kit(0.11, priority_source=Source("header", "Priority"))
        assert kit.asked("Priority: 5").startswith(b"HTTP/1.1 503 ")
        assert kit.asked("Priority: 3") == b""  # it is on its way

    def test_says_when_to_come_back(self) -> None:
        assert b"\r\nRetry-After: 4\r\n" in self.kit(1.5).asked()

    def test_may_be_answered_as_the_route_likes(self) -> None:
        replies = {Situation.UNAVAILABLE: ReplyTemplate(200, text="sorry")}
        kit = self.kit(1.5, terms={"replies": replies})
        assert kit.asked().endswith(b"\r\n\r\nsorry")

    def test_is_in_the_log_and_counted(self) -> None:
        kit = self.kit(1.5)
        kit.asked()
        assert [request.status for request in kit.refused] == [503]
        assert kit.around.refusals == {Reason.PROCESS_OVERLOADED: 1}

    def test_costs_the_client_none_of_its_rate(self) -> None:
        limiter = RateLimiter(RateRule(1.0, 1))
        self.kit(1.5, limiter=limiter).asked()
        assert limiter.statistics().allowed == 0

    def test_is_over_when_the_loop_keeps_up(self) -> None:
        assert self.kit(0.0).asked() == b""
