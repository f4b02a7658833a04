"""An upstream that stands still inside a body, either way."""

from hedgerow.errors import Failure
from tests.fakes.client_transport import FakeLine
from tests.fakes.upstream_calls import POST, RecordedCall

BEGINNING = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"


def answering() -> tuple[FakeLine, RecordedCall]:
    call = RecordedCall()
    line = FakeLine().carries(call).says(BEGINNING)
    line.connection.check_progress(0.0, 60.0)
    return line, call


class TestAnswerThatStandsStill:
    def test_is_looked_after(self) -> None:
        line, _ = answering()
        assert line.owner.streaming

    def test_fails_after_the_time_allowed(self) -> None:
        line, call = answering()
        line.connection.check_progress(59.0, 60.0)
        assert not call.is_done
        line.connection.check_progress(61.0, 60.0)
        assert (call.failure, line.transport.aborted) == (Failure.TIMEOUT, True)

    def test_has_its_time_again_with_every_byte(self) -> None:
        line, call = answering()
        line.says(b"4").connection.check_progress(50.0, 60.0)
        line.connection.check_progress(100.0, 60.0)
        assert call.failure is None

    def test_does_not_inherit_the_time_of_the_call_before(self) -> None:
        line, _ = answering()
        call = RecordedCall()
        line.says(b"4567890").carries(call).says(BEGINNING)
        line.connection.check_progress(1000.0, 60.0)
        assert call.failure is None

    def test_is_not_to_blame_while_we_do_not_read(self) -> None:
        line, call = answering()
        line.connection.pause()
        line.connection.check_progress(100.0, 60.0)
        line.connection.check_progress(200.0, 60.0)
        assert call.failure is None


class TestUpload:
    def test_of_a_client_that_sends_nothing_is_not_the_upstreams_fault(self) -> None:
        call = RecordedCall(POST)
        call.has_more = True
        line = FakeLine().carries(call)
        line.transport.unsent.clear()
        line.connection.check_progress(0.0, 60.0)
        line.connection.check_progress(100.0, 60.0)
        assert call.failure is None

    def test_that_is_not_read_fails(self) -> None:
        call = RecordedCall(POST)
        call.has_more = True
        line = FakeLine().carries(call)
        line.connection.check_progress(0.0, 60.0)
        line.connection.check_progress(61.0, 60.0)
        assert call.failure is Failure.TIMEOUT


class TestConnectionWithoutACall:
    def test_need_not_be_looked_after(self) -> None:
        line, _ = answering()
        line.says(b"4567890")
        assert not line.connection.check_progress(1.0, 60.0)
