"""The lines that ``serve`` writes are the lines that ``tune`` reads."""

import datetime
import io

import pytest

from hedgerow.lab.logs.detect import Form, reader_for
from hedgerow.lab.logs.entry import LeftOut
from hedgerow.serve.access_log import AccessLog
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.gateway_bench import request_head
from tests.fakes.policy import Ends, Fails, Happening, Head, Race, burst, route

NOON = datetime.datetime(2026, 11, 21, 12, 0, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize("form", ["text", "json"])
class TestLine:
    def line(self, form: str, *events: tuple[float, int, Happening]) -> str:
        """Write the line of a request that took half a second, with one copy at 0.3 s."""
        race = Race(route(burst(extra=1)))
        request = Request(request_head(b"GET /a?b=1 HTTP/1.1\r\nHost: h\r\n\r\n"), FakeCarrier())
        request.respond(200, b"", b"hello")
        stream = io.BytesIO()
        log = AccessLog(stream, form)
        log.tick(NOON)
        log.record(request, race.play(*events).exchange, 0.5)
        log.flush()
        return stream.getvalue().decode()

    def test_of_a_quick_answer_tells_its_time(self, form: str) -> None:
        line = self.line(form, (0.2, 1, Head()), (0.25, 1, Ends()))
        entry = reader_for(Form(), [line], "x").read(line.strip())
        assert entry is not None
        assert (entry.seconds, entry.method, entry.path) == (0.5, "GET", "/a?b=1")
        assert (entry.is_longer, entry.left_out) == (False, None)

    def test_of_a_copy_that_won_tells_that_the_primary_is_longer(self, form: str) -> None:
        line = self.line(form, (0.4, 2, Head()), (0.5, 2, Ends()))
        entry = reader_for(Form(), [line], "x").read(line.strip())
        assert entry is not None
        assert (entry.is_longer, entry.left_out) == (True, None)

    def test_of_a_primary_that_failed_tells_nothing(self, form: str) -> None:
        line = self.line(form, (0.35, 1, Fails()), (0.4, 2, Head()), (0.5, 2, Ends()))
        entry = reader_for(Form(), [line], "x").read(line.strip())
        assert entry is not None
        assert entry.left_out is LeftOut.RETRIED
