"""One line a request, a batch at a time, and never in the way of the service."""

import datetime
import io

import msgspec
import pytest
from typing_extensions import Buffer, override

from hedgerow.policy import Exchange
from hedgerow.serve.access_log import AccessLog
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.gateway_bench import request_head
from tests.fakes.policy import Ends, Fails, Head, Race, burst, route

NOON = datetime.datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=datetime.UTC)


class Disk(io.BytesIO):
    """A file that may be full."""

    is_full = False

    @override
    def write(self, buffer: Buffer, /) -> int:
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(buffer)


def hedged() -> Exchange:
    race = Race(route(burst(extra=1)))
    return race.play((0.35, 1, Fails()), (0.5, 2, Head()), (0.6, 2, Ends())).exchange


def answered(
    raw: bytes = b"GET /a?b=1 HTTP/1.1\r\nHost: h.test\r\n\r\n", status: int = 200
) -> Request:
    request = Request(request_head(raw), FakeCarrier())
    if status:
        request.respond(status, b"", b"hello")
    return request


class TestTextLine:
    def line(self, request: Request, exchange: Exchange | None) -> str:
        disk = Disk()
        log = AccessLog(disk, "text")
        log.tick(NOON)
        log.record(request, exchange, 0.5)
        log.flush()
        return disk.getvalue().decode()

    def test_tells_who_asked_what_and_what_became_of_it(self) -> None:
        assert self.line(answered(), hedged()) == (
            '2026-11-21T12:00:00.123Z 192.0.2.7 "GET /a?b=1" 200 5 500.0ms r2 reset,200\n'
        )

    def test_says_where_there_is_nothing_to_tell(self) -> None:
        assert self.line(answered(status=404), None).endswith(" 404 5 500.0ms - -\n")

    def test_calls_a_client_that_left_before_its_answer_499(self) -> None:
        assert '" 499 0 ' in self.line(answered(status=0), None)


class TestJsonLine:
    def line(self, request: Request, exchange: Exchange | None) -> dict[str, object]:
        disk = Disk()
        log = AccessLog(disk, "json")
        log.tick(NOON)
        log.record(request, exchange, 0.0123456)
        log.flush()
        return msgspec.json.decode(disk.getvalue(), type=dict[str, object])

    def test_has_every_fact_under_its_name(self) -> None:
        assert self.line(answered(), hedged()) == {
            "time": "2026-11-21T12:00:00.123Z",
            "client": "192.0.2.7",
            "method": "GET",
            "host": "h.test",
            "target": "/a?b=1",
            "status": 200,
            "bytes": 5,
            "ms": 12.346,
            "upstream": "r2",
            "attempts": ["reset", "200"],
        }

    def test_of_a_request_that_went_nowhere_names_no_upstream(self) -> None:
        line = self.line(answered(status=404), None)
        assert (line["upstream"], line["attempts"]) == (None, [])


class TestLog:
    def test_writes_a_batch_at_once(self) -> None:
        disk = Disk()
        log = AccessLog(disk, "text")
        for _ in range(3):
            log.record(answered(), None, 0.0)
        assert disk.getvalue() == b""
        log.flush()
        assert disk.getvalue().count(b"\n") == 3

    def test_writes_nothing_twice(self) -> None:
        disk = Disk()
        log = AccessLog(disk, "text")
        log.record(answered(), None, 0.0)
        log.flush()
        log.flush()
        assert disk.getvalue().count(b"\n") == 1

    def test_keeps_one_line_a_request_whatever_the_request_says(self) -> None:
        disk = Disk()
        log = AccessLog(disk, "text")
        log.record(answered(b"GET /%0d%0aforged HTTP/1.1\r\nHost: h\r\n\r\n"), None, 0.0)
        log.flush()
        assert disk.getvalue().count(b"\n") == 1


class TestFullDisk:
    def log(self) -> tuple[AccessLog, Disk]:
        disk = Disk()
        disk.is_full = True
        log = AccessLog(disk, "text")
        for _ in range(2):  # twice, because the count itself cannot be written either
            log.record(answered(), None, 0.0)
            log.flush()
        return log, disk

    def test_is_counted_and_not_complained_about(self) -> None:
        log, disk = self.log()
        assert log.dropped == 2
        assert disk.getvalue() == b""

    def test_is_told_as_soon_as_there_is_room(self) -> None:
        log, disk = self.log()
        disk.is_full = False
        log.record(answered(), None, 0.0)
        log.flush()
        first, second = disk.getvalue().splitlines()
        assert first == b"# 2 lines could not be written"
        assert b"GET /a" in second
        assert log.dropped == 0


class TestFormat:
    @pytest.mark.parametrize("peer", ["", "::1"])
    def test_copes_with_any_client(self, peer: str) -> None:
        disk = Disk()
        log = AccessLog(disk, "text")
        request = answered()
        request.peer = peer
        log.record(request, None, 0.0)
        log.flush()
        assert disk.getvalue().split(b" ")[1] == (peer or "-").encode()
