"""Request bodies over sockets: streamed, held back, and overtaken by their answer."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.client_side import LOOPS, ClientSide, open_side
from tests.fakes.upstream import Upstream
from tests.fakes.upstream_calls import RecordedCall, streamed
from tests.fakes.upstream_script import Act, Behaviour, answer, chunks

PIECE = b"x" * 65_536
TOO_LARGE = answer(413, body=b"too large")


@pytest.fixture(params=LOOPS)
def side(request: pytest.FixtureRequest) -> Iterator[ClientSide]:
    with open_side(request.param) as made:
        yield made


def sends_until_paused(side: ClientSide, call: RecordedCall) -> int:
    """Send pieces until the call is told to stop; returns how many that took."""
    for count in range(1, 1000):
        side.does(lambda: call.send_body(PIECE, ended=False))
        side.runs(0.001)
        if "paused" in call.heard:
            return count
    raise AssertionError("nobody said stop")


class TestStreamedBody:
    def test_arrives_as_it_was_sent(self, side: ClientSide) -> None:
        with Upstream() as upstream:
            side.uses(upstream)
            call = side.starts(streamed(size=3 * len(PIECE)))
            side.until(lambda: call.heard == ["sent"])
            for at in range(3):
                side.does(lambda at=at: call.send_body(PIECE, ended=at == 2))
            side.until(lambda: call.is_done)
            assert upstream.requests[0].body == PIECE * 3
            assert side.counts == (1, 1, 1)

    def test_arrives_in_chunks_where_its_length_is_unknown(self, side: ClientSide) -> None:
        with Upstream() as upstream:
            side.uses(upstream)
            call = side.starts(streamed(in_chunks=True))
            side.until(lambda: call.heard == ["sent"])
            for piece in (b"some ", b"more ", b""):
                side.does(lambda piece=piece: call.send_body(piece, ended=not piece))
                side.runs(0.01)
            side.until(lambda: call.is_done)
            assert upstream.requests[0].body == chunks(b"some ", b"more ")

    def test_is_held_back_by_an_upstream_that_does_not_read(self, side: ClientSide) -> None:
        with Upstream([[Act.EARLY, Act.STOP_READING, 0.4, Act.READ_ON]]) as upstream:
            side.uses(upstream)
            call = side.starts(streamed(in_chunks=True))
            side.until(lambda: upstream.requests)
            assert sends_until_paused(side, call) * len(PIECE) < 16 << 20
            side.until(lambda: call.heard == ["sent", "paused", "resumed"])
            side.does(call.cancel)


class TestEarlyAnswer:
    def test_is_heard_while_the_body_is_on_its_way(self, side: ClientSide) -> None:
        with Upstream([[Act.EARLY, TOO_LARGE]]) as upstream:
            side.uses(upstream)
            call = side.starts(streamed(size=1 << 30))
            side.until(lambda: call.is_done)
            assert call.outcome == ([], 413, b"too large", True, None)
            side.until(lambda: side.counts == (0, 0, 0))

    def test_of_an_upstream_that_never_reads_on_frees_the_connection(
        self, side: ClientSide
    ) -> None:
        """A clean close would wait for it for ever."""
        behaviour: Behaviour = [Act.EARLY, Act.STOP_READING, 0.2, TOO_LARGE, Act.HANG]
        with Upstream([behaviour]) as upstream:
            side.uses(upstream)
            call = side.starts(streamed(in_chunks=True))
            side.until(lambda: upstream.requests)
            sends_until_paused(side, call)
            side.until(lambda: call.is_done)
            assert call.status == 413
            side.until(lambda: side.counts == (0, 0, 0), within=1.0)

    def test_after_all_was_handed_over_but_not_read_frees_it_too(self, side: ClientSide) -> None:
        behaviour: Behaviour = [Act.EARLY, Act.STOP_READING, 0.2, TOO_LARGE, Act.HANG]
        with Upstream([behaviour]) as upstream:
            side.uses(upstream)
            call = side.starts(streamed(in_chunks=True))
            side.until(lambda: upstream.requests)
            sends_until_paused(side, call)
            side.does(lambda: call.send_body(b"", ended=True))
            side.until(lambda: call.is_done)
            side.until(lambda: side.counts == (0, 0, 0), within=1.0)

    def test_is_no_reason_to_lose_the_connection_once_the_body_is_out(
        self, side: ClientSide
    ) -> None:
        with Upstream(
            [[Act.EARLY, b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n", 0.2, b"ok"]]
        ) as up:
            side.uses(up)
            call = side.starts(streamed(size=5))
            side.until(lambda: call.status == 200)
            side.does(lambda: call.send_body(b"hello", ended=True))
            side.until(lambda: call.is_done)
            assert side.counts == (1, 1, 1)


class TestUpstreamThatDies:
    def test_while_the_body_is_on_its_way_fails_the_call(self, side: ClientSide) -> None:
        with Upstream([[Act.EARLY, 0.05, Act.RESET]]) as upstream:
            side.uses(upstream)
            call = side.starts(streamed(in_chunks=True))
            side.until(lambda: call.heard == ["sent"])
            while not call.is_done:
                side.does(lambda: call.send_body(PIECE, ended=False))
                side.runs(0.005)
            assert call.heard[-1] == "failed"
            assert len(upstream.requests) == 1
