"""What the shell adds to the exchange: heads, kept answers, cancelling, room, one timer."""

import math

import pytest

from hedgerow.errors import Failure
from hedgerow.policy import AnswerRule, DeadlineRule, HedgeRule, Policy, Situation
from hedgerow.policy.deadline_fields import NumberTell
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim
from hedgerow.serve.replies import ReplyTemplate
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import Bench, bench, stopped
from tests.fakes.gateway_pool import FakeLine, answer_head
from tests.fakes.policy import burst, retrying, route

JSON = AnswerRule(body="json")
LEFT = (NumberTell("X-Left"),)
HEAD = b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped(monkeypatch)


def hedged(clock: FakeClock, policy: Policy | None = None) -> Bench:
    """The primary is silent, and two copies are out."""
    return bench(clock, policy or route(burst())).later(0.31)


class TestAnswer:
    def test_goes_to_the_client_as_it_comes(self, clock: FakeClock) -> None:
        room = bench(clock)
        room.line(1).begins(200, b"first", "X-A: b")
        room.line(1).goes_on(b"second", ended=True)
        assert b"X-A: b\r\n" in room.output
        assert room.output.endswith(b"\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n")

    def test_that_came_whole_is_written_at_once(self, clock: FakeClock) -> None:
        room = bench(clock)
        room.line(1).answers(200, b"hello")
        assert len(room.carrier.written) == 1
        assert room.carrier.asked == ["done"]

    def test_of_a_copy_wins_and_resets_the_others(self, clock: FakeClock) -> None:
        room = hedged(clock)
        room.line(3).answers(200, b"hello")
        assert [line.told for line in room.lines] == [["cancel"], ["cancel"], []]
        assert room.output.endswith(b"hello")

    def test_that_comes_when_all_is_over_changes_nothing(self, clock: FakeClock) -> None:
        room = hedged(clock)
        room.line(3).answers(200, b"hello")
        late = answer_head(200, length=4)
        room.line(1).call.answer_began(late, b"late", ended=True)
        assert room.output.endswith(b"hello")

    def test_gets_a_date_where_it_has_none(self, clock: FakeClock) -> None:
        room = bench(clock)
        room.line(1).answers(200)
        assert room.output.count(b"Date: ") == 1

    def test_that_is_final_ends_the_race(self, clock: FakeClock) -> None:
        room = hedged(clock)
        room.line(2).answers(404, b"no")
        assert room.status == 404
        assert room.line(1).told == ["cancel"]

    def test_that_breaks_inside_its_body_breaks_the_client(self, clock: FakeClock) -> None:
        room = bench(clock)
        room.line(1).begins(200, b"half")
        room.line(1).breaks()
        assert room.carrier.asked == ["abort"]
        assert not room.output.endswith(b"0\r\n\r\n")


class TestJsonAnswer:
    def test_is_kept_until_it_is_whole(self, clock: FakeClock) -> None:
        room = bench(clock, route(answers=JSON))
        room.line(1).begins(200, b"[1,")
        assert room.output == b""
        room.line(1).goes_on(b"2]", ended=True)
        assert room.output.endswith(b"5\r\n[1,2]\r\n0\r\n\r\n")

    @pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": ', b"\xff", b"[" * 100_000])
    def test_that_is_none_has_failed(self, clock: FakeClock, body: bytes) -> None:
        room = bench(clock, route(retrying(2), answers=JSON))
        room.line(1).answers(200, body)
        room.line(2).answers(200, b"[]")
        assert room.status == 200
        assert room.exchange.attempts[0].failure is Failure.UNUSABLE

    def test_that_is_too_long_is_cancelled_and_has_failed(self, clock: FakeClock) -> None:
        room = bench(clock, route(retrying(2), answers=JSON), max_held=10)
        room.line(1).begins(200, b"[" + b"1," * 5)
        assert room.line(1).told[0] == "cancel"
        assert len(room.lines) == 2

    def test_may_be_as_long_as_is_kept(self, clock: FakeClock) -> None:
        room = bench(clock, route(answers=JSON), max_held=10)
        room.line(1).answers(200, b"[1,2,3,45]")
        assert room.output.endswith(b"[1,2,3,45]")

    def test_to_a_head_request_needs_no_body(self, clock: FakeClock) -> None:
        room = bench(clock, route(answers=JSON), raw=HEAD)
        room.line(1).answers(200, b"[1,2]")
        assert room.status == 200

    def test_may_say_that_nothing_has_changed(self, clock: FakeClock) -> None:
        room = bench(clock, route(answers=JSON))
        room.line(1).answers(304)
        assert room.status == 304


class TestReplyOfTheRoute:
    REPLY = ReplyTemplate(201, json={"got": "{body.time}"}, headers={"X-Own": "1"})

    def test_takes_its_values_from_the_good_answer(self, clock: FakeClock) -> None:
        room = bench(clock, route(answers=JSON), replies={Situation.SUCCESS: self.REPLY})
        room.line(1).answers(200, b'{"time": 7}', "X-Upstream: 1")
        assert room.output.endswith(b'\r\n\r\n{"got":7}')
        assert (b"X-Own: 1" in room.output, b"X-Upstream" in room.output) == (True, False)

    @pytest.mark.parametrize("status", [304, 404])
    def test_is_not_for_answers_without_values(self, clock: FakeClock, status: int) -> None:
        room = bench(clock, route(answers=JSON), replies={Situation.SUCCESS: self.REPLY})
        room.line(1).answers(status)
        assert room.status == status

    def test_stands_for_a_failure_it_was_written_for(self, clock: FakeClock) -> None:
        reply = ReplyTemplate(502, json={"message": "ERROR"})
        policy = route(own_replies=[Situation.EXHAUSTED])
        room = bench(clock, policy, replies={Situation.EXHAUSTED: reply})
        room.line(1).answers(500, b"a real answer, but not wanted")
        assert room.output.endswith(b'{"message":"ERROR"}')

    def test_has_a_date(self, clock: FakeClock) -> None:
        room = bench(clock, route(answers=JSON), replies={Situation.SUCCESS: self.REPLY})
        room.line(1).answers(200, b"{}")
        assert room.output.count(b"Date: ") == 1


class TestAnswerAtItsFirstByte:
    RULE = HedgeRule(0.3, 1, max_attempts=2, at="first-byte")

    def test_is_kept_while_there_is_only_a_head(self, clock: FakeClock) -> None:
        room = bench(clock, route(self.RULE))
        room.line(1).begins(200)
        assert room.output == b""

    def test_goes_on_when_the_byte_is_there(self, clock: FakeClock) -> None:
        room = bench(clock, route(self.RULE))
        room.line(1).begins(200)
        room.line(1).goes_on(b"x")
        assert room.output.endswith(b"1\r\nx\r\n")

    def test_may_have_no_byte_at_all(self, clock: FakeClock) -> None:
        room = bench(clock, route(self.RULE))
        room.line(1).answers(204)
        assert room.status == 204

    def test_loses_to_the_one_that_has_it(self, clock: FakeClock) -> None:
        room = bench(clock, route(self.RULE)).later(0.31)
        room.line(1).begins(200)
        room.line(2).begins(200, b"x")
        assert (room.line(1).told, room.exchange.winner) == (["cancel"], room.exchange.attempts[1])


class TestFailedAnswer:
    def test_is_the_answer_when_there_is_no_better(self, clock: FakeClock) -> None:
        room = bench(clock, route(retrying(2)))
        room.line(1).answers(503, b"sorry", "X-A: b")
        room.line(2).breaks()
        assert room.status == 503
        assert room.output.endswith(b"sorry")

    def test_goes_on_where_it_was_kept(self, clock: FakeClock) -> None:
        room = bench(clock, route(retrying(2)))
        room.line(1).begins(503, b"so")
        room.line(2).breaks()
        room.line(1).goes_on(b"rry", ended=True)
        assert room.output.endswith(b"2\r\nso\r\n3\r\nrry\r\n0\r\n\r\n")

    def test_that_broke_while_it_was_kept_is_none(self, clock: FakeClock) -> None:
        room = bench(clock, route(retrying(2)))
        room.line(1).begins(503, b"so")
        room.line(1).breaks()
        room.line(2).breaks(Failure.CONNECT)
        assert room.status == 502

    def test_is_not_read_beyond_what_is_kept(self, clock: FakeClock) -> None:
        room = bench(clock, route(retrying(2)), max_held=4)
        room.line(1).begins(503, b"sorry")
        assert room.line(1).told == ["pause"]

    def test_is_read_on_before_it_is_written(self, clock: FakeClock) -> None:
        """A client without room pauses it while we write; reading on after that would flood it."""
        room = bench(clock, route(retrying(2)), max_held=4)
        room.line(1).begins(503, b"sorry")
        room.carrier.when_written = room.proxied.writing_paused
        room.line(2).breaks()
        assert room.line(1).told == ["pause", "resume", "pause"]


class TestNoAnswer:
    @pytest.mark.parametrize(
        ("failure", "status"),
        [
            (Failure.CONNECT, 502),
            (Failure.RESET, 502),
            (Failure.PROTOCOL, 502),
            (Failure.TIMEOUT, 504),
            (Failure.NO_CAPACITY, 503),
        ],
    )
    def test_says_what_failed(self, clock: FakeClock, failure: Failure, status: int) -> None:
        room = bench(clock)
        room.line(1).breaks(failure)
        assert room.status == status
        assert b"application/problem+json" in room.output

    def test_in_time_says_so_and_resets_what_is_out(self, clock: FakeClock) -> None:
        room = hedged(clock).later(0.7)
        assert room.status == 504
        assert [line.told for line in room.lines] == [["cancel"]] * 3


class TestAttempt:
    def test_says_which_copy_it_is(self, clock: FakeClock) -> None:
        heads = [line.call.head for line in hedged(clock).lines]
        assert b"X-Hedgerow-Attempt" not in heads[0]
        assert b"X-Hedgerow-Attempt: 2\r\n" in heads[1]
        assert b"X-Hedgerow-Attempt: 3\r\n" in heads[2]

    def test_says_how_long_it_may_take(self, clock: FakeClock) -> None:
        policy = route(burst(extra=1), deadline=DeadlineRule(default=1.0, per_try=0.5))
        room = bench(clock, policy, tells=LEFT).later(0.31)
        assert b"X-Left: 500\r\n" in room.line(1).call.head
        assert b"X-Left: 500\r\n" in room.line(2).call.head

    def test_has_less_and_less_time(self, clock: FakeClock) -> None:
        room = bench(clock, route(burst(extra=1)), tells=LEFT).later(0.305)
        assert b"X-Left: 699\r\n" in room.line(2).call.head

    def test_says_nothing_of_time_where_there_is_no_end_to_it(self, clock: FakeClock) -> None:
        rule = DeadlineRule(default=math.inf)
        room = bench(clock, route(deadline=rule), tells=LEFT)
        assert b"X-Left" not in room.line(1).call.head

    def test_knows_that_it_expects_no_body(self, clock: FakeClock) -> None:
        assert bench(clock, raw=HEAD).line(1).call.to_head

    def test_is_not_sent_again_by_its_pool_where_it_may_not_be(self, clock: FakeClock) -> None:
        assert not bench(clock, may_repeat=False).line(1).call.replayable


class TestAttemptWithoutRoom:
    def test_makes_way_for_the_next_replica(self, clock: FakeClock) -> None:
        room = bench(clock, route(retrying(2)), refuses=[1])
        room.line(2).answers(200, b"hello")
        assert room.output.endswith(b"hello")

    def test_of_every_replica_is_refused_with_when_to_come_back(self, clock: FakeClock) -> None:
        room = bench(clock, route(retrying(3)), refuses=[1, 2, 3])
        assert room.status == 503
        assert b"Retry-After: 1\r\n" in room.output

    def test_leaves_the_others_in_their_places(self, clock: FakeClock) -> None:
        """Attempt 2 fails while 3 has not started: 4 goes out before 3 does."""
        rule = HedgeRule(0.3, 2, max_attempts=4, same_replica=True)
        room = bench(clock, route(rule), refuses=[2]).later(0.31)
        assert [call.attempt.number for call in room.proxied.calls] == [1, 2, 3, 4]
        room.line(3).begins(200, b"hello")
        room.proxied.writing_paused()
        assert (room.line(1).told, room.line(3).told) == (["cancel"], ["pause"])

    def test_may_be_the_end_of_those_that_were_to_follow(self, clock: FakeClock) -> None:
        room = bench(clock, route(burst()), refuses=[2])
        room.pools[1].takes = 1.0
        room.later(0.31)
        assert room.status == 504
        assert room.pools[2].lines == []


class TestPushback:
    @pytest.mark.parametrize(("value", "attempts"), [("soon", 3), ("9", 3), ("0", 4)])
    def test_that_cannot_be_read_means_never(
        self, clock: FakeClock, value: str, attempts: int
    ) -> None:
        room = bench(clock, route(HedgeRule(max_attempts=4, same_replica=True)))
        for number in (1, 2, 3):
            room.line(number).answers(503, b"", f"Retry-After: {value}")
        assert len(room.lines) == attempts


class TestLearnedDelay:
    def test_is_that_of_the_requests_method(self, clock: FakeClock) -> None:
        policy, delays = route(burst()), AdaptiveDelays(DelayAim(0.05))
        policy.delays = delays
        bench(clock, policy, raw=HEAD).line(1).answers(200)
        assert delays.statistics()[b"HEAD"].ended == 1


class TestTimer:
    def test_is_one_whatever_is_due(self, clock: FakeClock) -> None:
        assert hedged(clock).timers == 1

    def test_is_gone_with_the_answer(self, clock: FakeClock) -> None:
        room = bench(clock)
        room.line(1).answers(200)
        assert room.timers == 0

    def test_is_not_needed_for_a_body_that_has_all_the_time(self, clock: FakeClock) -> None:
        room = bench(clock, route(deadline=DeadlineRule(default=1.0, covers="head")))
        room.line(1).begins(200, b"hello")
        assert room.timers == 0

    def test_ends_a_body_that_takes_longer_than_it_may(self, clock: FakeClock) -> None:
        room = bench(clock)
        room.line(1).begins(200, b"hello")
        room.later(1.1)
        assert room.carrier.asked == ["abort"]
        assert room.line(1).told == ["cancel"]


class TestClient:
    def test_that_leaves_takes_its_attempts_along(self, clock: FakeClock) -> None:
        room = hedged(clock)
        room.proxied.client_left()
        assert [line.told for line in room.lines] == [["cancel"]] * 3
        assert room.timers == 0

    def test_without_room_stops_the_answer_that_it_gets(self, clock: FakeClock) -> None:
        room = bench(clock)
        room.line(1).begins(200, b"hello")
        room.proxied.writing_paused()
        room.proxied.writing_resumed()
        assert room.line(1).told == ["pause", "resume"]

    def test_without_room_stops_nothing_before_there_is_an_answer(self, clock: FakeClock) -> None:
        room = hedged(clock)
        room.proxied.writing_paused()
        assert [line.told for line in room.lines] == [[], [], []]


class TestInterimAnswer:
    def test_of_the_primary_is_passed_on(self, clock: FakeClock) -> None:
        room = bench(clock)
        room.line(1).informs(103, "Link: </a.css>")
        assert room.output == b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"

    def test_of_a_copy_is_not(self, clock: FakeClock) -> None:
        room = hedged(clock)
        room.line(2).informs(103, "Link: </a.css>")
        assert room.output == b""


class TestServerTiming:
    @pytest.mark.parametrize("status", [200, 404])
    def test_tells_of_every_attempt(self, clock: FakeClock, status: int) -> None:
        room = bench(clock, route(burst(extra=1)), server_timing=True).later(0.31)
        room.line(2).answers(status)
        assert b"Server-Timing: total;dur=310.0, attempt-1;" in room.output

    def test_is_in_our_own_answers_too(self, clock: FakeClock) -> None:
        room = bench(clock, route(burst(extra=1)), server_timing=True).later(1.1)
        assert room.status == 504
        assert b'desc="hedge timeout"' in room.output

    def test_is_not_sent_unasked(self, clock: FakeClock) -> None:
        assert b"Server-Timing" not in bench(clock).later(1.1).output


class TestEnd:
    def test_is_told_once(self, clock: FakeClock) -> None:
        room = hedged(clock)
        room.line(2).answers(200)
        room.proxied.client_left()
        assert room.finished == [room.proxied]

    def test_lets_go_of_what_points_back(self, clock: FakeClock) -> None:
        for ends in (FakeLine.answers, FakeLine.breaks):
            room = bench(clock)
            ends(room.line(1))
            assert (room.proxied.calls, room.request.sink) == ([], None)

    def test_by_breaking_lets_go_too(self, clock: FakeClock) -> None:
        room = bench(clock)
        room.line(1).begins(200, b"half")
        room.line(1).breaks()
        assert (room.proxied.calls, room.request.sink) == ([], None)

    def test_knows_how_long_it_took(self, clock: FakeClock) -> None:
        room = bench(clock).later(0.25)
        room.line(1).answers(200)
        assert room.proxied.finished_at - room.proxied.arrived_at == pytest.approx(0.25)
