"""The fakes that the tests of the server stand on keep what they promise."""

import pytest

from hedgerow.wire.heads import RequestHead
from hedgerow.wire.timers import Sweeper
from tests.fakes.application import Application
from tests.fakes.carrier import FakeCarrier
from tests.fakes.clock import START, FakeClock, stopped_clock
from tests.fakes.loop import FakeLoop
from tests.fakes.paths import Paths
from tests.fakes.sink import RecordingSink
from tests.fakes.site import Site, get, post, post_chunked
from tests.fakes.transport import FakeTransport


class TestFakeClock:
    def test_stands_still_until_it_is_moved(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = stopped_clock(monkeypatch)
        assert Sweeper(FakeLoop(clock)).now == START
        clock.now += 5
        assert Sweeper(FakeLoop(clock)).now == START + 5


class TestFakeLoop:
    def test_fires_timers_in_order_and_at_their_time(self) -> None:
        loop, fired = FakeLoop(FakeClock()), list[float]()
        for delay in (0.2, 0.1):
            loop.call_later(delay, lambda: fired.append(loop.time() - START))
        loop.run_later(0.3)
        assert fired == [pytest.approx(0.1), pytest.approx(0.2)]
        assert loop.time() == START + 0.3

    def test_does_not_fire_what_was_cancelled(self) -> None:
        loop, fired = FakeLoop(FakeClock()), list[int]()
        loop.call_later(0.1, fired.append, 1).cancel()
        loop.run_later(1.0)
        assert (fired, loop.timers_armed) == ([], 1)

    def test_keeps_failures(self) -> None:
        loop, error = FakeLoop(FakeClock()), RuntimeError()
        loop.call_exception_handler({"message": "", "exception": error})
        assert loop.failures == [error]


class TestFakeTransport:
    def test_keeps_what_is_written_until_it_is_closed(self) -> None:
        transport = FakeTransport()
        transport.write(b"a")
        transport.close()
        transport.write(b"b")
        assert (bytes(transport.unsent), transport.writes) == (b"a", 1)

    def test_takes_nothing_after_its_end_was_told(self) -> None:
        transport = FakeTransport()
        transport.write_eof()
        with pytest.raises(RuntimeError):
            transport.write(b"a")

    def test_drops_what_is_unsent_when_it_is_aborted(self) -> None:
        transport = FakeTransport()
        transport.write(b"a")
        transport.abort()
        assert (transport.get_write_buffer_size(), transport.is_closing()) == (0, True)

    def test_reads_unless_it_is_paused_or_closed(self) -> None:
        transport = FakeTransport()
        transport.pause_reading()
        assert not transport.is_reading()
        transport.resume_reading()
        assert transport.is_reading()
        transport.close()
        assert not transport.is_reading()


class TestFakeClient:
    def test_keeps_what_the_server_does_not_read(self) -> None:
        application = Application()
        client = Site(application.handle).client()
        client.transport.pause_reading()
        client.sends(get())
        assert application.seen == []
        client.transport.resume_reading()
        client.sends()
        assert len(application.seen) == 1

    def test_tells_the_server_above_and_below_its_marks(self) -> None:
        sink = RecordingSink()
        client = Site(lambda request: setattr(request, "sink", sink)).client().sends(get())
        client.stops_reading()
        client.transport.write(b"x" * 70_000)
        client.transport.write(b"x" * 70_000)
        assert sink.events == ["paused"]
        client.reads(100_000)
        assert sink.events == ["paused"]
        client.reads(30_000)
        assert sink.events == ["paused", "resumed"]
        assert len(client.received) == 130_000


class TestApplication:
    def test_answers_at_once_or_when_told(self) -> None:
        for at_once, statuses in ((True, [200]), (False, [])):
            application = Application(at_once=at_once)
            assert Site(application.handle).client().sends(get()).statuses == statuses

    def test_sees_requests_whole(self) -> None:
        application = Application()
        Site(application.handle).client().sends(post(b"a"), post_chunked(b"b", b"c"))
        assert [one.body for one in application.seen] == [b"a", b"bc"]


class TestFakeCarrier:
    def test_keeps_what_a_request_does(self) -> None:
        carrier = FakeCarrier()
        carrier.write(b"a")
        carrier.request_done()
        assert (carrier.output, carrier.asked) == (b"a", ["done"])
        assert carrier.keeps_alive(RequestHead(b"GET", b"/", is_http11=True))


class TestRecordingSink:
    def test_is_not_told_of_a_body_that_has_ended(self) -> None:
        sink = RecordingSink()
        sink.body_received(b"a", ended=True)
        with pytest.raises(AssertionError):
            sink.body_received(b"b", ended=True)


class TestSite:
    def test_sends_by_turns_when_it_is_asked_to(self) -> None:
        site = Site(Application().handle, by_turns=True)
        client = site.client().sends(get())
        assert client.statuses == []
        site.loop.run_later(0.0)
        assert client.statuses == [200]


class TestPaths:
    def answer(self, request: bytes) -> bytes:
        return Site(Paths().handle).client().sends(request).received

    def test_have_a_way_for_each_kind_of_body(self) -> None:
        assert self.answer(get()).endswith(b"\r\n\r\nhello")
        assert self.answer(post(b"words", target=b"/echo")).endswith(b"\r\n\r\nwords")
        assert self.answer(post(b"words", target=b"/collect")).endswith(b"\r\n\r\n5")
        assert self.answer(get(b"/20000")).endswith(b"x" * 20_000)

    def test_have_a_way_to_refuse_and_to_break_off(self) -> None:
        assert b" 403 " in self.answer(get(b"/refuse"))
        client = Site(Paths().handle).client().sends(get(b"/abort"))
        assert client.transport.aborted

    def test_notice_who_waits_in_vain_and_leaves(self) -> None:
        paths = Paths()
        client = Site(paths.handle).client().sends(get(b"/never"))
        assert (paths.asked.is_set(), paths.left.is_set()) == (True, False)
        client.leaves()
        assert paths.left.is_set()

    def test_send_no_faster_than_the_client_reads(self) -> None:
        client = Site(Paths().handle).client()
        client.stops_reading()
        client.sends(get(b"/1000000"))
        assert client.unread < 100_000
        client.reads()
        assert client.received.endswith(b"x" * 1_000_000)
