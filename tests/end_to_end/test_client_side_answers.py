"""Answers of every kind over sockets: whole, cut, surplus, slow."""

from collections.abc import Iterator

import pytest
from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.wire.heads import ResponseHead
from tests.end_to_end.client_side import LOOPS, ClientSide, open_side
from tests.fakes.upstream import Upstream
from tests.fakes.upstream_calls import GET, RecordedCall
from tests.fakes.upstream_script import Act, Behaviour, answer

OPEN = b"HTTP/1.1 200 OK\r\n\r\nhello"
BIG = bytes(range(256)) * 40_000  # ten megabytes: more than the kernel keeps for us


class PausingCall(RecordedCall):
    """Has enough after the first of the answer."""

    @override
    def answer_began(self, head: ResponseHead, data: bytes, *, ended: bool) -> None:
        super().answer_began(head, data, ended=ended)
        self.pause()


class HastyCall(RecordedCall):
    """Is cancelled in the moment it was sent."""

    @override
    def sent(self) -> None:
        self.cancel()


@pytest.fixture(params=LOOPS)
def side(request: pytest.FixtureRequest) -> Iterator[ClientSide]:
    with open_side(request.param) as made:
        yield made


class TestAnswer:
    @pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
    def test_is_heard_whole(self, side: ClientSide, chunked: bool) -> None:
        with Upstream([[answer(203, "X: y", body=b"hello", chunked=chunked)]]) as upstream:
            side.uses(upstream)
            call = side.finishes()
        assert call.outcome == ([], 203, b"hello", True, None)

    def test_is_heard_whole_when_every_byte_comes_by_itself(self, side: ClientSide) -> None:
        raw = answer(body=b"hello", chunked=True)
        steps = [step for byte in raw for step in (bytes([byte]), 0.001)]
        with Upstream([steps]) as upstream:
            side.uses(upstream)
            assert side.finishes().received == b"hello"

    def test_may_be_long(self, side: ClientSide) -> None:
        with Upstream([[answer(body=BIG)], [answer(body=BIG, chunked=True)]]) as upstream:
            side.uses(upstream)
            assert side.finishes().received == BIG
            assert side.finishes().received == BIG
            assert len(upstream.connections) == 1

    @pytest.mark.parametrize("end", [Act.CLOSE, Act.END], ids=["close", "half-close"])
    def test_may_end_with_the_connection(self, side: ClientSide, end: Act) -> None:
        with Upstream([[OPEN, 0.05, b" and more", end]]) as upstream:
            side.uses(upstream)
            call = side.finishes()
        assert call.outcome == ([], 200, b"hello and more", True, None)

    def test_may_come_after_others(self, side: ClientSide) -> None:
        interim: Behaviour = [
            b"HTTP/1.1 103 X\r\nLink: </a>\r\n\r\n",
            0.02,
            b"HTTP/1.1 100 X\r\n\r\n",
            0.02,
        ]
        with Upstream([[*interim, answer()]]) as upstream:
            side.uses(upstream)
            assert side.finishes().outcome == ([103], 200, b"ok", True, None)


class TestKeptConnection:
    def test_carries_call_after_call(self, side: ClientSide) -> None:
        with Upstream() as upstream:
            side.uses(upstream)
            for _ in range(5):
                assert side.finishes().ended
            assert [one.received for one in upstream.connections] == [GET * 5]

    @pytest.mark.parametrize(
        "behaviour",
        [
            [answer(200, "Connection: close")],
            [answer() + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"],
            [answer().replace(b"1.1", b"1.0")],
            [answer(), Act.CLOSE],
            [answer(), Act.RESET],
        ],
        ids=["says close", "surplus", "HTTP/1.0", "closes all the same", "resets"],
    )
    def test_is_not_kept_after_an_answer_that_ends_it(
        self, side: ClientSide, behaviour: Behaviour
    ) -> None:
        with Upstream([behaviour]) as upstream:
            side.uses(upstream)
            assert side.finishes().received == b"ok"
            side.until(lambda: side.counts == (0, 0, 0))
            assert side.finishes().received == b"ok"
            assert [one.received for one in upstream.connections] == [GET, GET]

    def test_that_was_closed_unnoticed_has_the_call_sent_again(self, side: ClientSide) -> None:
        """The upstream takes the second request, and closes instead of answering."""
        with Upstream([[answer()], [Act.CLOSE]]) as upstream:
            side.uses(upstream)
            side.finishes()
            call = side.finishes()
            assert (call.ended, call.heard) == (True, ["sent", "sent", "answer"])
            assert [one.received for one in upstream.connections] == [GET * 2, GET]

    def test_has_nothing_sent_again_that_must_not_be(self, side: ClientSide) -> None:
        with Upstream([[answer()], [Act.RESET]]) as upstream:
            side.uses(upstream)
            side.finishes()
            assert side.finishes(RecordedCall(replayable=False)).failure is Failure.RESET
            assert len(upstream.requests) == 2

    def test_has_a_call_sent_again_once(self, side: ClientSide) -> None:
        with Upstream([[answer()], [Act.RESET], [Act.RESET]]) as upstream:
            side.uses(upstream)
            side.finishes()
            assert side.finishes().failure is Failure.RESET
            assert len(upstream.requests) == 3

    def test_has_nothing_sent_again_after_a_byte_of_the_answer(self, side: ClientSide) -> None:
        with Upstream([[answer()], [b"H", 0.02, Act.RESET]]) as upstream:
            side.uses(upstream)
            side.finishes()
            assert side.finishes().failure is Failure.RESET
            assert len(upstream.requests) == 2


class TestTruncatedAnswer:
    @pytest.mark.parametrize("end", [Act.CLOSE, Act.END, Act.RESET], ids=lambda act: str(act.name))
    @pytest.mark.parametrize(
        "raw",
        [b"", b"HTTP/1.1 2", answer(body=b"hello")[:-1], answer(chunked=True)[:-5],
         answer(chunked=True)[:-2]],
        ids=["nothing", "a head", "a length", "no last chunk", "half a last chunk"],
    )  # fmt: skip
    def test_is_a_failure(self, side: ClientSide, raw: bytes, end: Act) -> None:
        with Upstream([[raw, 0.02, end]]) as upstream:
            side.uses(upstream)
            call = side.finishes()
        assert (call.failure, call.ended) == (Failure.RESET, False)

    def test_without_a_length_is_one_after_a_reset(self, side: ClientSide) -> None:
        with Upstream([[OPEN, 0.02, Act.RESET]]) as upstream:
            side.uses(upstream)
            call = side.finishes()
        assert (call.received, call.failure) == (b"hello", Failure.RESET)


class TestUpstreamThatSpeaksSomethingElse:
    @pytest.mark.parametrize(
        "raw", [b"SSH-2.0-x\r\n", b"\0\0\x12\4\0\0\0\0\0", b"HTTP/2 200\r\n\r\n"]
    )
    def test_fails_the_call_and_loses_its_connection(self, side: ClientSide, raw: bytes) -> None:
        with Upstream([[raw, Act.HANG]]) as upstream:
            side.uses(upstream)
            assert side.finishes().failure is Failure.PROTOCOL
            side.until(lambda: side.counts == (0, 0, 0))

    def test_does_so_too_when_it_speaks_first(self, side: ClientSide) -> None:
        with Upstream(greeting=b"220 mail.example ready\r\n") as upstream:
            side.uses(upstream)
            assert side.finishes().failure is Failure.PROTOCOL


class TestSlowCaller:
    def test_holds_the_upstream_back(self, side: ClientSide) -> None:
        with Upstream([[answer(body=BIG)]]) as upstream:
            side.uses(upstream)
            call = side.starts(PausingCall())
            side.until(lambda: call.received)
            held = len(call.received)
            side.runs(0.2)
            assert len(call.received) == held < len(BIG)
            side.does(call.resume)
            side.until(lambda: call.is_done)
            assert call.received == BIG

    def test_hears_of_a_reset_once_it_reads_on(self, side: ClientSide) -> None:
        with Upstream([[answer(body=BIG)[:-1], Act.RESET]]) as upstream:
            side.uses(upstream)
            call = side.starts(PausingCall())
            side.until(lambda: call.received)
            side.runs(0.1)
            side.does(call.resume)
            side.until(lambda: call.is_done)
            assert call.failure is Failure.RESET


class TestCancelledCall:
    @pytest.mark.parametrize(
        "behaviour",
        [[Act.HANG], [b"HTTP/1.1 200", Act.HANG], [answer(body=b"hello")[:-1], Act.HANG]],
        ids=["sent", "head", "body"],
    )
    def test_is_a_reset_at_once_for_the_upstream(
        self, side: ClientSide, behaviour: Behaviour
    ) -> None:
        with Upstream([behaviour]) as upstream:
            side.uses(upstream)
            call = side.starts()
            side.until(lambda: upstream.requests)
            side.runs(0.05)
            heard = list(call.heard)
            side.does(call.cancel)
            side.until(lambda: upstream.connections[0].ended, within=0.5)
            assert upstream.connections[0].ended == "reset"
            assert (call.heard, side.counts) == (heard, (0, 0, 0))

    def test_in_the_moment_it_was_sent_is_one_too(self, side: ClientSide) -> None:
        with Upstream([[Act.HANG]]) as upstream:
            side.uses(upstream)
            side.starts(HastyCall())
            side.until(lambda: upstream.connections and upstream.connections[0].ended)
            assert upstream.connections[0].ended == "reset"
            assert side.counts == (0, 0, 0)
