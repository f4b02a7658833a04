"""What the shell adds to the exchange: which answer goes to the client, kept or as it comes."""

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import Bench, bench, stopped
from tests.fakes.gateway_pool import answer_head
from tests.fakes.policy import burst, retrying, route

from hedgerow.errors import Failure
from hedgerow.policy import AnswerRule, HedgeRule, Policy, Situation
from hedgerow.serve.replies import ReplyTemplate

JSON = AnswerRule(body="json")
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
        assert room.output.endswith(b"6\r\n[1,2]"[3:] + b"\r\n0\r\n\r\n")

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
        assert room.line(1).told == ["cancel"]
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
