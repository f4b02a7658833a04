import email.utils

import pytest

from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.clock import stopped_clock
from tests.fakes.loop import FakeLoop


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> FakeLoop:
    return FakeLoop(stopped_clock(monkeypatch))


def engine(loop: FakeLoop) -> Engine:
    return Engine(loop, Descriptors(100))


def request() -> Request:
    """Return a request whose bytes have been here for half a second."""
    return Request(RequestHead(b"GET", b"/", is_http11=True), FakeCarrier())


class TestDateLine:
    def test_is_a_date_in_the_form_of_http(self, loop: FakeLoop) -> None:
        name, _, value = engine(loop).date_line.decode().partition(": ")
        assert (name, value[-6:]) == ("Date", " GMT\r\n")
        assert email.utils.parsedate_to_datetime(value.strip()).tzinfo is not None

    def test_is_renewed_by_the_sweep(self, loop: FakeLoop) -> None:
        one = engine(loop)
        one.date_line = b""
        loop.run_later(0.3)
        assert one.date_line.startswith(b"Date: ")


class TestArrival:
    def test_is_now_while_the_loop_keeps_up(self, loop: FakeLoop) -> None:
        assert engine(loop).arrival(loop.time(), request()) == loop.time()

    def test_of_the_first_on_a_connection_is_asked_of_the_kernel(self, loop: FakeLoop) -> None:
        first = request()
        first.is_first = True
        assert engine(loop).arrival(loop.time(), first) == loop.time() - 0.5

    def test_is_asked_of_the_kernel_late_in_a_long_turn(self, loop: FakeLoop) -> None:
        one, now = engine(loop), loop.time()
        one.arrival(now, request())
        assert one.arrival(now + 0.05, request()) == now + 0.05 - 0.5

    def test_is_asked_of_the_kernel_for_a_while_after_a_long_turn(self, loop: FakeLoop) -> None:
        one, now = engine(loop), loop.time()
        one.arrival(now, request())
        one.arrival(now + 0.05, request())
        one._turn_ended()
        assert one.arrival(now + 0.2, request()) == now + 0.2 - 0.5
        one._turn_ended()
        assert one.arrival(now + 1.0, request()) == now + 1.0

    def test_is_now_in_short_turns_that_follow_each_other(self, loop: FakeLoop) -> None:
        one, now = engine(loop), loop.time()
        one.arrival(now, request())
        one._turn_ended()
        assert one.arrival(now + 0.05, request()) == now + 0.05


class TestClosedEngine:
    def test_has_no_timer_left(self, loop: FakeLoop) -> None:
        one = engine(loop)
        one.close()
        armed = loop.timers_armed
        loop.run_later(10.0)
        assert loop.timers_armed == armed
