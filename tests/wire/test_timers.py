import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from hedgerow.wire.timers import SWEEP_INTERVAL, Sweeper, TimerWheel
from tests.fakes.clock import START, FakeClock, stopped_clock
from tests.fakes.loop import FakeLoop


class Alarm:
    """Notes when it fired, and may do something then."""

    def __init__(self, clock: FakeClock) -> None:
        self.fired: list[float] = []
        self.clock = clock

    def timer_fired(self, now: float) -> None:
        assert now == self.clock.now
        self.fired.append(now - START)
        self.rings()

    def rings(self) -> None:
        """Do nothing more."""


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> FakeLoop:
    return FakeLoop(stopped_clock(monkeypatch))


def armed(loop: FakeLoop, wheel: TimerWheel, seconds: float) -> Alarm:
    alarm = Alarm(loop.clock)
    wheel.arm(loop.time(), loop.time() + seconds, alarm)
    return alarm


class TestTimer:
    def test_fires_within_two_milliseconds_of_its_time(self, loop: FakeLoop) -> None:
        alarm = armed(loop, TimerWheel(loop), 0.3)
        loop.run_later(1.0)
        assert alarm.fired == [pytest.approx(0.3, abs=0.002)]

    @pytest.mark.parametrize("seconds", [0.0, 0.0001, 0.3, 1.9999, 2.1, 15.0, 17.0, 3600.0])
    def test_never_fires_early_and_late_only_by_its_distance(
        self, loop: FakeLoop, seconds: float
    ) -> None:
        alarm = armed(loop, TimerWheel(loop), seconds)
        loop.run_later(seconds + 0.3)
        late = alarm.fired[0] - seconds
        assert 0 <= late <= (0.0021 if seconds <= 2 else 0.018 if seconds < 16 else 0.258)

    def test_does_not_fire_once_disarmed(self, loop: FakeLoop) -> None:
        wheel, alarm = TimerWheel(loop), Alarm(loop.clock)
        bucket = wheel.arm(loop.time(), loop.time() + 0.3, alarm)
        bucket.discard(alarm)
        loop.run_later(1.0)
        assert alarm.fired == []

    def test_fires_before_one_that_was_armed_earlier_for_later(self, loop: FakeLoop) -> None:
        wheel = TimerWheel(loop)
        late, soon = armed(loop, wheel, 1.0), armed(loop, wheel, 0.1)
        loop.run_later(0.2)
        assert (len(soon.fired), len(late.fired)) == (1, 0)

    def test_that_fails_is_reported_and_keeps_nobody_from_firing(self, loop: FakeLoop) -> None:
        class Failing(Alarm):
            @override
            def rings(self) -> None:
                raise RuntimeError("a bug")

        wheel = TimerWheel(loop)
        wheel.arm(loop.time(), loop.time() + 0.1, Failing(loop.clock))
        others = [armed(loop, wheel, 0.1), armed(loop, wheel, 0.2)]
        loop.run_later(1.0)
        assert [len(other.fired) for other in others] == [1, 1]
        assert len(loop.failures) == 1


class TestArmingWhileFiring:
    def arms(self, loop: FakeLoop, wheel: TimerWheel, after: float, seconds: float) -> Alarm:
        """Return a timer that a timer arms for ``seconds`` later when it fires."""
        inner = Alarm(loop.clock)

        class Outer(Alarm):
            @override
            def rings(self) -> None:
                wheel.arm(self.clock.now, self.clock.now + seconds, inner)

        wheel.arm(loop.time(), loop.time() + after, Outer(loop.clock))
        return inner

    def test_for_later_does_not_delay_those_in_between(self, loop: FakeLoop) -> None:
        wheel = TimerWheel(loop)
        inner = self.arms(loop, wheel, 0.1, 0.5)
        between = armed(loop, wheel, 0.2)
        loop.run_later(1.0)
        assert between.fired == [pytest.approx(0.2, abs=0.002)]
        assert inner.fired == [pytest.approx(0.6, abs=0.004)]

    def test_for_the_past_waits_for_the_next_turn_of_the_loop(self, loop: FakeLoop) -> None:
        turns: list[int] = []

        class Eager(Alarm):
            @override
            def rings(self) -> None:
                turns.append(loop.timers_armed)
                if len(turns) < 5:
                    wheel.arm(self.clock.now, self.clock.now - 1.0, self)

        wheel = TimerWheel(loop)
        wheel.arm(loop.time(), loop.time(), Eager(loop.clock))
        loop.run_later(0.01)
        assert len(set(turns)) == 5

    def test_may_disarm_another_that_is_due_too(self, loop: FakeLoop) -> None:
        wheel, other = TimerWheel(loop), Alarm(loop.clock)
        bucket = wheel.arm(loop.time(), loop.time() + 0.101, other)

        class Disarming(Alarm):
            @override
            def rings(self) -> None:
                bucket.discard(other)

        wheel.arm(loop.time(), loop.time() + 0.1, Disarming(loop.clock))
        loop.clock.now += 1.0  # both are overdue when the loop gets to them
        loop.run_later(0.0)
        assert other.fired == []


class TestManyTimers:
    def test_of_the_same_millisecond_cost_one_loop_timer(self, loop: FakeLoop) -> None:
        wheel = TimerWheel(loop)
        for _ in range(100):
            armed(loop, wheel, 0.3)
        assert loop.timers_armed == 1

    @given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 3)), max_size=30))
    def test_each_fire_once_and_never_early(self, plan: list[tuple[float, float]]) -> None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            loop = FakeLoop(stopped_clock(monkeypatch))
            wheel = TimerWheel(loop)
            alarms = []
            for seconds, pause in plan:
                alarms.append((armed(loop, wheel, seconds), loop.time() - START + seconds))
                loop.run_later(pause)
            loop.run_later(30.0)
            for alarm, due in alarms:
                assert len(alarm.fired) == 1
                assert 0 <= alarm.fired[0] - due <= 0.26


class TestClosedWheel:
    def test_fires_nothing_more(self, loop: FakeLoop) -> None:
        wheel = TimerWheel(loop)
        alarm = armed(loop, wheel, 0.1)
        wheel.close()
        loop.run_later(1.0)
        assert alarm.fired == []

    def test_can_be_used_again(self, loop: FakeLoop) -> None:
        wheel = TimerWheel(loop)
        armed(loop, wheel, 0.1)
        wheel.close()
        alarm = armed(loop, wheel, 0.5)
        loop.run_later(1.0)
        assert len(alarm.fired) == 1


class TestSweeper:
    def test_calls_everybody_four_times_a_second(self, loop: FakeLoop) -> None:
        sweeper, calls = Sweeper(loop), list[float]()
        sweeper.add(calls.append)
        sweeper.add(calls.append)
        loop.run_later(1.0)
        assert calls == [START + n * SWEEP_INTERVAL for n in (1, 1, 2, 2, 3, 3, 4, 4)]

    def test_costs_one_loop_timer_whoever_is_called(self, loop: FakeLoop) -> None:
        sweeper = Sweeper(loop)
        for _ in range(10):
            sweeper.add(lambda now: None)
        assert loop.timers_armed == 1

    def test_knows_the_time_of_its_last_round(self, loop: FakeLoop) -> None:
        sweeper = Sweeper(loop)
        sweeper.add(lambda now: None)
        loop.run_later(0.6)
        assert sweeper.now == START + 0.5

    def test_reports_one_that_fails_and_calls_the_others(self, loop: FakeLoop) -> None:
        def fails(now: float) -> None:
            raise RuntimeError("a bug")

        sweeper, calls = Sweeper(loop), list[float]()
        sweeper.add(fails)
        sweeper.add(calls.append)
        loop.run_later(0.6)
        assert (len(loop.failures), len(calls)) == (2, 2)

    def test_forgets_what_is_removed(self, loop: FakeLoop) -> None:
        sweeper, gone, left = Sweeper(loop), list[float](), list[float]()
        sweeper.add(gone.append)
        sweeper.add(left.append)
        loop.run_later(0.25)
        sweeper.remove(gone.append)
        sweeper.remove(gone.append)
        loop.run_later(0.25)
        assert (len(gone), len(left)) == (1, 2)

    def test_stops_when_it_is_closed(self, loop: FakeLoop) -> None:
        sweeper, calls = Sweeper(loop), list[float]()
        sweeper.add(calls.append)
        sweeper.close()
        loop.run_later(1.0)
        assert calls == []
