"""Writes that wait for the end of the turn."""

import pytest
from typing_extensions import override

from hedgerow.wire.outbox import WRITE_THROUGH, TurnOutbox
from tests.fakes.clock import stopped_clock
from tests.fakes.loop import FakeLoop
from tests.fakes.transport import FakeTransport


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> FakeLoop:
    return FakeLoop(stopped_clock(monkeypatch))


class BrokenTransport(FakeTransport):
    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        raise RuntimeError("the handle is closed")


class TestTurn:
    def test_writes_nothing_before_it_ends(self, loop: FakeLoop) -> None:
        outbox, transport = TurnOutbox(loop), FakeTransport()
        outbox.post(transport, b"a")
        assert transport.writes == 0
        loop.run_later(0.0)
        assert transport.unsent == b"a"

    def test_keeps_the_order_of_each_connection(self, loop: FakeLoop) -> None:
        outbox, one, other = TurnOutbox(loop), FakeTransport(), FakeTransport()
        for transport, data in ((one, b"a"), (other, b"b"), (one, b"c")):
            outbox.post(transport, data)
        outbox.flush()
        assert (bytes(one.unsent), bytes(other.unsent)) == (b"ac", b"b")

    def test_goes_out_early_once_there_is_much(self, loop: FakeLoop) -> None:
        outbox, transport = TurnOutbox(loop), FakeTransport()
        outbox.post(transport, b"x" * 300_000)
        assert len(transport.unsent) == 300_000

    def test_keeps_the_order_where_a_write_posts_more(self, loop: FakeLoop) -> None:
        outbox, transport = TurnOutbox(loop), FakeTransport()
        more = [b"c" * 300_000]
        transport.on_write = lambda: outbox.post(transport, more.pop()) if more else None
        outbox.post(transport, b"a")
        outbox.post(transport, b"b")
        outbox.flush()
        assert bytes(transport.unsent[:3]) == b"abc"

    def test_sends_nothing_on_a_connection_that_was_closed(self, loop: FakeLoop) -> None:
        outbox, transport = TurnOutbox(loop), FakeTransport()
        outbox.post(transport, b"a")
        transport.abort()
        outbox.flush()
        assert transport.writes == 0

    def test_is_not_spoilt_by_one_connection(self, loop: FakeLoop) -> None:
        outbox, broken, sound = TurnOutbox(loop), BrokenTransport(), FakeTransport()
        outbox.post(broken, b"a")
        outbox.post(sound, b"b")
        outbox.flush()
        assert (broken.aborted, bytes(sound.unsent), len(loop.failures)) == (True, b"b", 1)


class TestWriteThrough:
    def test_writes_at_once(self) -> None:
        transport = FakeTransport()
        WRITE_THROUGH.post(transport, b"a")
        assert transport.unsent == b"a"
