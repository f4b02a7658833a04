"""Bodies on their way, in both directions: pieces, back-pressure, answers that come early."""

import pytest

from hedgerow.wire.call import Call
from tests.fakes.client_transport import FakeLine
from tests.fakes.upstream_calls import POST, POST_IN_CHUNKS, RecordedCall, streamed
from tests.wire.answer_cases import LENGTH, head

HELLO = head(LENGTH) + b"hello"
BEGUN = head(LENGTH) + b"he"
TOO_LARGE = head(b"Content-Length: 0\r\n", status=b"413 Content Too Large")


def calling(call: Call) -> FakeLine:
    return FakeLine().carries(call)


class TestStreamedBody:
    def test_follows_its_head(self) -> None:
        call = streamed()
        line = calling(call)
        call.send_body(b"01234", ended=False)
        call.send_body(b"56789", ended=True)
        assert line.received == POST + b"0123456789"

    def test_is_coded_where_its_length_is_unknown(self) -> None:
        call = streamed(in_chunks=True)
        line = calling(call)
        call.send_body(b"0123456789abcdef", ended=False)
        call.send_body(b"xyz", ended=True)
        assert line.received == POST_IN_CHUNKS + (
            b"10\r\n0123456789abcdef\r\n3\r\nxyz\r\n0\r\n\r\n"
        )

    def test_may_end_with_an_empty_piece(self) -> None:
        call = streamed(in_chunks=True)
        line = calling(call)
        call.send_body(b"", ended=False)
        call.send_body(b"", ended=True)
        assert line.received == POST_IN_CHUNKS + b"0\r\n\r\n"

    def test_goes_on_after_what_was_at_hand(self) -> None:
        call = streamed()
        call.body = b"01234"
        line = calling(call)
        call.send_body(b"56789", ended=True)
        assert line.received == POST + b"0123456789"

    def test_lets_the_connection_be_used_again_once_it_is_out(self) -> None:
        call = streamed()
        line = calling(call)
        call.send_body(b"0123456789", ended=True)
        assert line.says(HELLO).is_reusable

    def test_goes_nowhere_once_the_call_is_over(self) -> None:
        call = streamed()
        line = calling(call)
        call.cancel()
        call.send_body(b"0123456789", ended=True)
        assert line.received == b""

    def test_goes_nowhere_before_there_is_a_connection(self) -> None:
        call = streamed()
        call.send_body(b"0123456789", ended=True)
        assert calling(call).received == POST


class TestAnswerThatOvertakesItsRequest:
    @pytest.mark.parametrize("in_chunks", [False, True], ids=["length", "chunks"])
    def test_is_heard_whole(self, in_chunks: bool) -> None:
        call = streamed(in_chunks=in_chunks)
        line = calling(call)
        call.send_body(b"01234", ended=False)
        line.says(TOO_LARGE)
        assert call.outcome == ([], 413, b"", True, None)

    def test_leaves_a_connection_that_cannot_be_used_again(self) -> None:
        """The rest of the body would be the next request."""
        line = calling(streamed()).says(TOO_LARGE)
        assert not line.is_reusable

    def test_leaves_one_that_is_reset_when_its_owner_closes_it(self) -> None:
        line = calling(streamed()).says(TOO_LARGE)
        line.connection.close()
        assert line.transport.aborted

    def test_takes_no_more_of_the_body(self) -> None:
        call = streamed()
        line = calling(call).says(TOO_LARGE)
        before = line.received
        call.send_body(b"0123456789", ended=True)
        assert line.received == before

    def test_may_begin_early_and_end_late(self) -> None:
        call = streamed()
        line = calling(call).says(BEGUN)
        call.send_body(b"0123456789", ended=True)
        assert line.says(b"llo").is_reusable
        assert line.received.endswith(b"0123456789")

    def test_leaves_no_connection_to_use_while_bytes_wait_to_go_out(self) -> None:
        """All was sent as far as the call goes, and the upstream has not read it."""
        call = streamed(size=10)
        line = calling(call)
        call.send_body(b"0123456789", ended=True)
        line.connection.pause_writing()
        assert not line.says(TOO_LARGE).is_reusable

    def test_leaves_one_to_use_once_they_are_out(self) -> None:
        line = calling(RecordedCall())
        line.connection.pause_writing()
        line.connection.resume_writing()
        assert line.says(HELLO).is_reusable


class TestSlowUpstream:
    def test_has_the_call_pause_and_go_on(self) -> None:
        call = streamed()
        line = calling(call)
        line.connection.pause_writing()
        line.connection.resume_writing()
        assert call.heard == ["sent", "paused", "resumed"]

    def test_is_noticed_at_a_bounded_number_of_bytes(self) -> None:
        transport = FakeLine().transport
        assert (transport.high, transport.low) == (64 * 1024, 16 * 1024)

    def test_is_no_matter_for_an_idle_connection(self) -> None:
        call = RecordedCall()
        line = calling(call).says(HELLO)
        line.connection.pause_writing()
        line.connection.resume_writing()
        assert call.heard == ["sent", "answer"]


class TestSlowCaller:
    def test_has_the_connection_stop_reading(self) -> None:
        call = RecordedCall()
        line = calling(call).says(BEGUN)
        call.pause()
        call.pause()
        assert line.transport.paused
        call.resume()
        assert not line.transport.paused

    def test_leaves_a_connection_that_reads(self) -> None:
        """The last bytes may come in although reading was paused."""
        call = RecordedCall()
        line = calling(call).says(BEGUN)
        call.pause()
        line.says(b"llo")
        assert (line.transport.paused, line.is_reusable) == (False, True)

    @pytest.mark.parametrize("end", ["closes", "breaks"])
    def test_may_resume_when_all_is_over(self, end: str) -> None:
        call = RecordedCall()
        line = calling(call).says(head() + b"some")
        call.pause()
        getattr(line, end)()
        call.resume()
        call.pause()
        assert call.connection is None


class TestCancelledCall:
    @pytest.mark.parametrize("said", [b"", BEGUN[:9], BEGUN], ids=["sent", "head", "body"])
    def test_resets_its_connection(self, said: bytes) -> None:
        call = RecordedCall()
        line = calling(call).says(*filter(None, [said]))
        call.cancel()
        assert line.transport.aborted

    def test_hears_nothing_more(self) -> None:
        call = RecordedCall()
        line = calling(call).says(BEGUN)
        heard = list(call.heard)
        call.cancel()
        line.connection.data_received(b"llo")
        line.connection.connection_lost(ConnectionAbortedError())
        assert (call.heard, call.is_done) == (heard, True)

    def test_does_not_go_back_to_the_owner(self) -> None:
        call = RecordedCall()
        line = calling(call)
        call.cancel()
        line.connection.connection_lost(None)
        assert line.owner.told == ["opened", "lost"]
        assert line.owner.resent == []

    def test_may_be_cancelled_again_and_touched_without_harm(self) -> None:
        call = streamed()
        calling(call)
        call.cancel()
        call.cancel()
        call.pause()
        call.resume()
        call.send_body(b"x", ended=True)
        assert call.heard == ["sent"]

    def test_leaves_a_connection_alone_that_it_has_given_back(self) -> None:
        call = RecordedCall()
        line = calling(call).says(HELLO)
        call.cancel()
        assert (line.transport.aborted, line.is_reusable) == (False, True)

    def test_is_withdrawn_where_it_waits(self) -> None:
        line = FakeLine()
        call = RecordedCall()
        call.waits_for = line.owner
        call.cancel()
        assert line.owner.told == ["opened", "withdrawn"]
