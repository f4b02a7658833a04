from hedgerow.load import Sample
from hedgerow.load.player import PlayedCall, Player
from hedgerow.load.recording import Recorder
from tests.load.fakes import START, FakeConnections, VirtualTimers


class Note:
    def __init__(self) -> None:
        self.fired_at: list[float] = []

    def timer_fired(self, now: float) -> None:
        self.fired_at.append(now - START)


class TestVirtualTimers:
    def test_fire_when_their_time_has_come(self) -> None:
        timers, note = VirtualTimers(), Note()
        timers.arm(START, START + 2.0, note)
        timers.run_until(1.9)
        assert note.fired_at == []
        timers.run_until(3.0)
        assert note.fired_at == [2.0]
        assert timers.clock() == START + 3.0

    def test_fire_late_after_a_stall(self) -> None:
        timers, note = VirtualTimers(), Note()
        timers.arm(START, START + 1.0, note)
        timers.stall(1.5)
        timers.run_until(2.0)
        assert note.fired_at == [1.5]

    def test_do_not_fire_once_discarded_from_their_bucket(self) -> None:
        timers, note = VirtualTimers(), Note()
        timers.arm(START, START + 1.0, note).discard(note)
        timers.run_until(2.0)
        assert note.fired_at == []


class TestFakeConnections:
    def test_take_a_call_and_answer_it_when_told_to(self) -> None:
        timers, connections = VirtualTimers(), FakeConnections()
        player = Player(timers.clock, timers, connections, Recorder(1.0), patience=5.0)
        call = PlayedCall(b"", Sample(0, START), player)
        connections.start(call)
        assert call.sample.sent_at == START
        connections.answer(0, 204, b"")
        assert call.sample.status == 204
        assert call.is_done
