"""A request's body on its way up: kept and sent again, or streamed once."""

import pytest

from hedgerow.policy import DeadlineRule
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import CHUNKED_POST, LONG_POST, SHORT_POST, Bench, bench, stopped
from tests.fakes.policy import burst, route


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped(monkeypatch)


class TestShortBody:
    def test_is_read_whole_before_the_primary_goes_out(self, clock: FakeClock) -> None:
        room = bench(clock, raw=SHORT_POST).body(b"ab", ended=False)
        assert room.lines == []
        room.body(b"cd")
        assert room.line(1).call.body == b"abcd"

    def test_is_sent_to_every_copy(self, clock: FakeClock) -> None:
        room = bench(clock, route(burst()), raw=SHORT_POST).body(b"abcd").later(0.31)
        assert [line.call.body for line in room.lines] == [b"abcd"] * 3

    def test_is_told_by_its_length_whatever_it_came_with(self, clock: FakeClock) -> None:
        room = bench(clock, raw=CHUNKED_POST).body(b"abcd")
        assert b"Content-Length: 4\r\n" in room.line(1).call.head
        assert b"Transfer-Encoding" not in room.line(1).call.head

    def test_is_asked_for(self, clock: FakeClock) -> None:
        raw = SHORT_POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
        assert bench(clock, raw=raw).carrier.asked == ["accept body"]

    def test_does_not_eat_into_a_deadline_for_the_head(self, clock: FakeClock) -> None:
        rule = DeadlineRule(default=1.0, covers="head")
        room = bench(clock, route(deadline=rule), raw=SHORT_POST).later(5.0).body(b"abcd")
        room.later(0.9)
        assert room.status == 0
        room.later(0.2)
        assert room.status == 504

    def test_eats_into_a_deadline_for_the_answer(self, clock: FakeClock) -> None:
        room = bench(clock, raw=SHORT_POST).later(1.1).body(b"abcd")
        assert (room.status, room.lines) == (504, [])


class TestLongBody:
    def streamed(self, clock: FakeClock) -> Bench:
        return bench(clock, route(burst()), raw=LONG_POST, max_replay=10)

    def test_goes_out_at_once(self, clock: FakeClock) -> None:
        room = self.streamed(clock)
        assert b"Content-Length: 100\r\n" in room.line(1).call.head
        room.body(b"x" * 60, ended=False).body(b"y" * 40)
        assert room.line(1).uploaded == b"x" * 60 + b"y" * 40
        assert room.line(1).told == ["all sent"]

    def test_is_never_sent_twice(self, clock: FakeClock) -> None:
        room = self.streamed(clock).body(b"x" * 100).later(0.31)
        assert len(room.lines) == 1
        assert not room.line(1).call.replayable

    def test_waits_for_its_connection(self, clock: FakeClock) -> None:
        room = self.streamed(clock)
        assert room.carrier.asked == ["pause body", "resume body"]

    def test_waits_for_an_upstream_that_reads_slowly(self, clock: FakeClock) -> None:
        room = self.streamed(clock)
        room.line(1).call.writing_paused()
        room.line(1).call.writing_resumed()
        assert room.carrier.asked[-2:] == ["pause body", "resume body"]

    def test_goes_nowhere_once_its_attempt_is_over(self, clock: FakeClock) -> None:
        room = self.streamed(clock)
        room.line(1).answers(413, b"too long for me")
        room.body(b"x" * 100)
        assert room.line(1).uploaded == b""
        assert room.status == 413

    def test_gives_the_answer_its_time_once_it_is_out(self, clock: FakeClock) -> None:
        rule = DeadlineRule(default=1.0, covers="head")
        room = bench(clock, route(deadline=rule), raw=LONG_POST, max_replay=10)
        room.later(60.0).body(b"x" * 100).later(0.9)
        assert room.status == 0
        assert room.later(0.2).status == 504


class TestBodyOfUnknownLength:
    def test_is_streamed_once_it_is_too_long_to_be_kept(self, clock: FakeClock) -> None:
        room = bench(clock, raw=CHUNKED_POST, max_replay=10)
        room.body(b"x" * 10, ended=False)
        assert room.lines == []
        room.body(b"y", ended=False)
        call = room.line(1).call
        assert (call.body, call.has_more, call.chunks) == (
            b"b\r\n%by\r\n" % (b"x" * 10),
            True,
            True,
        )
        assert b"Transfer-Encoding: chunked\r\n" in call.head

    def test_goes_on_behind_what_went_with_the_head(self, clock: FakeClock) -> None:
        room = bench(clock, raw=CHUNKED_POST, max_replay=10)
        room.body(b"x" * 11, ended=False).body(b"z")
        assert room.line(1).uploaded == b"z"

    def test_is_not_read_on_where_its_beginning_filled_the_upstream(self, clock: FakeClock) -> None:
        """What goes with the head may be more than there is room for."""
        room = bench(clock, raw=CHUNKED_POST, max_replay=10)
        room.pools[0].is_full = True
        room.body(b"x" * 11, ended=False)
        assert room.carrier.asked[-1] == "pause body"

    def test_is_refused_once_it_is_longer_than_the_route_takes(self, clock: FakeClock) -> None:
        room = bench(clock, raw=CHUNKED_POST, max_body=10).body(b"x" * 11, ended=False)
        assert (room.status, room.lines) == (413, [])
        assert b"longer than 10 bytes" in room.output

    def test_that_is_refused_takes_its_attempt_along(self, clock: FakeClock) -> None:
        room = bench(clock, raw=CHUNKED_POST, max_replay=5, max_body=10)
        room.body(b"x" * 6, ended=False).body(b"x" * 6, ended=False)
        assert (room.status, room.line(1).told[-1]) == (413, "cancel")

    def test_breaks_an_answer_that_had_begun_when_it_is_refused(self, clock: FakeClock) -> None:
        room = bench(clock, raw=CHUNKED_POST, max_replay=5, max_body=10)
        room.body(b"x" * 6, ended=False)
        room.line(1).begins(200, b"early")
        room.body(b"x" * 6, ended=False)
        assert (room.status, room.carrier.asked[-1]) == (200, "abort")


class TestClientThatLeavesWhileItSends:
    def test_has_sent_nothing_upstream(self, clock: FakeClock) -> None:
        room = bench(clock, raw=SHORT_POST).body(b"ab", ended=False)
        room.proxied.client_left()
        assert (room.lines, room.finished) == ([], [room.proxied])
