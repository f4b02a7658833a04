import pytest
from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.wire.call import Call
from tests.fakes.client_transport import FakeLine
from tests.fakes.upstream_calls import GET, RecordedCall, streamed
from tests.wire.answer_cases import CHUNKED, LENGTH, head

HELLO = head(LENGTH) + b"hello"
BEGUN = head(LENGTH) + b"he"


def used(line: FakeLine) -> FakeLine:
    """A line that has carried a whole exchange before."""
    line.carries(RecordedCall()).says(HELLO)
    assert line.is_reusable
    return line


def calling(call: Call, *, reused: bool = False) -> FakeLine:
    """A line on which a call was sent, and nothing has come back."""
    line = used(FakeLine()) if reused else FakeLine()
    return line.carries(call)


class TestCall:
    def test_goes_out_in_one_write(self) -> None:
        line = calling(RecordedCall(GET, b"body"))
        assert line.received == GET + b"body"
        assert line.transport.writes == 1

    def test_hears_that_it_was_sent_before_anything_else(self) -> None:
        call = RecordedCall()
        calling(call).says(HELLO)
        assert call.heard == ["sent", "answer"]

    def test_hears_a_whole_answer_in_one_event(self) -> None:
        call = RecordedCall()
        calling(call).says(HELLO)
        assert call.outcome == ([], 200, b"hello", True, None)

    def test_hears_the_body_as_it_comes(self) -> None:
        call = RecordedCall()
        line = calling(call).says(BEGUN)
        assert (call.received, call.ended) == (b"he", False)
        line.says(b"llo")
        assert (call.received, call.ended) == (b"hello", True)
        assert call.heard == ["sent", "answer", "body"]

    @pytest.mark.parametrize("answer", [HELLO, BEGUN])
    def test_fails_where_its_caller_cannot_handle_the_answer(self, answer: bytes) -> None:
        failures: list[Failure] = []

        class Broken(Call):
            @override
            def answer_began(self, *_: object, ended: bool) -> None:
                raise ZeroDivisionError

            @override
            def failed(self, failure: Failure, detail: str) -> None:
                failures.append(failure)

        line = calling(Broken(GET))
        line.says(answer)
        assert failures == [Failure.PROTOCOL]
        assert "an answer could not be handled" in line.owner.told
        assert line.transport.is_closing()

    def test_has_given_its_connection_back_when_it_hears_the_end(self) -> None:
        told_at_the_end: list[str] = []

        class Asking(Call):
            @override
            def answer_began(self, *_: object, ended: bool) -> None:
                told_at_the_end.extend(line.owner.told)

        line = calling(Asking(GET))
        line.says(HELLO)
        assert told_at_the_end == ["opened", "reusable"]

    def test_may_hear_nothing_and_know_nothing(self) -> None:
        """The events' defaults do nothing: a caller overrides what it needs."""
        call = Call(GET)
        line = calling(call).says(head(status=b"103 Early Hints"))
        line.connection.pause_writing()
        line.connection.resume_writing()
        line.says(BEGUN, b"llo")
        assert call.is_done
        failing = Call(GET)
        calling(failing).closes()
        assert failing.is_done


class TestHeadOfAnAnswer:
    LIMIT = 64 * 1024

    def padded(self, size: int) -> bytes:
        """A head of so many bytes."""
        return head(LENGTH, b"X: " + b"x" * (size - len(head(LENGTH, b"X: \r\n"))) + b"\r\n")

    @pytest.mark.parametrize("piece", [1 << 20, 50_000, 60_000, 65_535])
    def test_may_be_as_long_as_its_limit(self, piece: int) -> None:
        raw = self.padded(self.LIMIT)
        call = RecordedCall()
        calling(call).says(*(raw[at : at + piece] for at in range(0, len(raw), piece)), b"hello")
        assert call.ended

    @pytest.mark.parametrize("piece", [1 << 20, 50_000, 65_536])
    @pytest.mark.parametrize("size", [LIMIT + 1, 100 * 1024])
    def test_is_refused_when_it_is_longer(self, size: int, piece: int) -> None:
        raw = self.padded(size)
        call = RecordedCall()
        line = calling(call)
        line.says(*(raw[at : at + piece] for at in range(0, len(raw), piece)))
        assert (call.failure, line.transport.aborted) == (Failure.PROTOCOL, True)
        assert "65536 bytes" in call.detail

    def test_that_never_ends_is_refused(self) -> None:
        call = RecordedCall()
        calling(call).says(b"HTTP/1.1 200 OK\r\n", *[b"X: " + b"x" * 994 + b"\r\n"] * 70)
        assert call.failure is Failure.PROTOCOL


class TestInterimAnswers:
    def test_come_in_any_number_at_once(self) -> None:
        """More than the interpreter nests calls."""
        call = RecordedCall()
        calling(call).says(head(status=b"102 X") * 3000 + HELLO)
        assert call.outcome == ([102] * 3000, 200, b"hello", True, None)

    def test_are_heard_before_the_answer(self) -> None:
        call = RecordedCall()
        calling(call).says(head(status=b"103 X"), HELLO)
        assert call.heard == ["sent", "informed", "answer"]

    def test_are_the_last_thing_heard_by_a_call_that_they_made_cancel(self) -> None:
        class Cancelling(RecordedCall):
            @override
            def informed(self, *_: object) -> None:
                self.heard.append("informed")
                self.cancel()

        call = Cancelling()
        line = calling(call).says(head(status=b"103 X") * 2 + HELLO)
        assert call.heard == ["sent", "informed"]
        assert line.transport.aborted


class TestConnection:
    def test_is_used_again_after_a_whole_answer(self) -> None:
        line = used(FakeLine())
        call = RecordedCall()
        line.carries(call).says(HELLO)
        assert (call.ended, line.is_reusable) == (True, True)

    def test_is_broken_by_bytes_that_come_while_it_is_idle(self) -> None:
        assert used(FakeLine()).says(HELLO).transport.aborted

    def test_is_broken_by_bytes_that_come_before_it_was_asked_anything(self) -> None:
        assert FakeLine().says(b"SSH-2.0\r\n").transport.aborted

    def test_tells_its_owner_once_that_it_is_lost(self) -> None:
        line = used(FakeLine()).closes()
        assert line.owner.told == ["opened", "reusable", "lost"]

    def test_closes_cleanly_when_nothing_is_unsent(self) -> None:
        line = used(FakeLine())
        line.transport.unsent.clear()
        line.connection.close()
        assert (line.transport.closing, line.transport.aborted) == (True, False)
        assert not line.connection.is_usable

    def test_is_reset_when_what_was_written_does_not_get_out(self) -> None:
        """A clean close waits for a peer that may never read again."""
        line = calling(RecordedCall(GET, b"unread")).says(HELLO)
        line.connection.close()
        assert line.transport.aborted


class TestStaleConnection:
    """A kept connection may close just as we send on it (RFC 9112 section 9.3.1)."""

    def test_has_the_call_sent_again(self) -> None:
        call = RecordedCall()
        line = calling(call, reused=True).closes()
        assert line.owner.resent == [call]
        assert call.heard == ["sent"]

    def test_has_it_sent_again_after_a_reset_too(self) -> None:
        call = RecordedCall()
        assert calling(call, reused=True).breaks().owner.resent == [call]

    def test_no_longer_belongs_to_the_call(self) -> None:
        call = RecordedCall()
        line = calling(call, reused=True).closes()
        line.transport.aborted = False
        call.cancel()
        assert (call.connection, line.transport.aborted) == (None, False)

    def test_that_was_not_used_before_is_a_failure(self) -> None:
        call = RecordedCall()
        line = calling(call).closes()
        assert (call.failure, line.owner.resent) == (Failure.RESET, [])
        assert "before the answer" in call.detail

    def test_is_a_failure_for_what_may_not_be_sent_twice(self) -> None:
        call = RecordedCall(replayable=False)
        line = calling(call, reused=True).closes()
        assert (call.failure, line.owner.resent) == (Failure.RESET, [])

    def test_is_a_failure_for_what_was_sent_again_already(self) -> None:
        call = RecordedCall()
        call.is_resent = True
        line = calling(call, reused=True).closes()
        assert (call.failure, line.owner.resent) == (Failure.RESET, [])

    def test_is_a_failure_for_a_body_that_is_gone(self) -> None:
        call = streamed()
        call.replayable = True
        line = calling(call, reused=True)
        call.send_body(b"12345", ended=False)
        line.closes()
        assert (call.failure, line.owner.resent) == (Failure.RESET, [])

    @pytest.mark.parametrize(
        "said",
        [b"H", HELLO[:-6], BEGUN, head(status=b"100 Continue"), head(status=b"103 X")],
        ids=["a byte", "a head", "some body", "100", "103"],
    )
    def test_is_a_failure_once_something_was_answered(self, said: bytes) -> None:
        call = RecordedCall()
        line = calling(call, reused=True).says(said).closes()
        assert (call.failure, line.owner.resent) == (Failure.RESET, [])

    def test_was_lost_to_its_owner_before_the_call_is_sent_again(self) -> None:
        """Its place is free by then."""
        line = calling(RecordedCall(), reused=True)
        line.closes()
        assert line.owner.told[-1] == "lost"


class TestBreak:
    @pytest.mark.parametrize("raw", [BEGUN, head(CHUNKED) + b"5\r\nhe"], ids=["length", "chunks"])
    def test_inside_the_answer_is_a_failure(self, raw: bytes) -> None:
        call = RecordedCall()
        calling(call).says(raw).breaks()
        assert (call.failure, call.ended) == (Failure.RESET, False)
        assert "inside the answer" in call.detail

    def test_is_heard_once(self) -> None:
        call = RecordedCall()
        calling(call).says(BEGUN).closes()
        assert call.heard == ["sent", "answer", "failed"]

    def test_by_ourselves_for_a_broken_answer_is_heard_as_such(self) -> None:
        call = RecordedCall()
        line = calling(call).says(b"HTTP/1.1 abc\r\n\r\n")
        line.connection.connection_lost(None)
        assert call.heard == ["sent", "failed"]
        assert (call.failure, line.owner.told[-1]) == (Failure.PROTOCOL, "lost")
