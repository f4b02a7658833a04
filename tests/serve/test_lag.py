"""What a timer that fires late says about the loop."""

import pytest

from hedgerow.serve.lag import INTERVAL, LagMeter
from tests.fakes.clock import START, FakeClock
from tests.fakes.loop import FakeLoop


class Kit:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.loop = FakeLoop(self.clock)
        self.samples: list[tuple[float, float]] = []
        self.meter = LagMeter(self.loop, self._noted, self.clock.monotonic)

    def _noted(self, now: float, lag: float) -> None:
        self.samples.append((now - START, lag))

    @property
    def lags(self) -> list[float]:
        return [round(lag, 6) for _, lag in self.samples]

    def blocked(self, seconds: float) -> "Kit":
        """The loop does something long; then it fires what has come due."""
        self.clock.now += seconds
        self.loop.run_later(0.0)
        return self


class TestLoopThatKeepsUp:
    def test_has_no_lag(self) -> None:
        kit = Kit()
        kit.loop.run_later(1.0)
        assert set(kit.lags) == {0.0}

    def test_is_measured_twenty_times_a_second(self) -> None:
        kit = Kit()
        kit.loop.run_later(1.001)
        assert len(kit.samples) == 20

    def test_whose_timers_are_early_has_none_either(self) -> None:
        kit = Kit()
        kit.clock.now -= 0.001
        kit.meter._fired()
        assert kit.lags == [0.0]


class TestLoopThatLags:
    def test_is_late_by_the_rest_of_its_turn(self) -> None:
        kit = Kit().blocked(0.25)
        assert kit.samples[0] == pytest.approx((0.25, 0.25 - INTERVAL))

    def test_is_seen_once_a_turn(self) -> None:
        kit = Kit().blocked(0.25).blocked(0.25).blocked(0.25)
        assert kit.lags == [0.2, 0.2, 0.2]

    def test_is_seen_to_keep_up_again(self) -> None:
        kit = Kit().blocked(0.25)
        kit.loop.run_later(INTERVAL)
        assert kit.lags == [0.2, 0.0]


class TestEnd:
    def test_leaves_no_timer_behind(self) -> None:
        kit = Kit()
        kit.meter.close()
        kit.loop.run_later(1.0)
        assert kit.samples == []

    def test_may_come_twice(self) -> None:
        kit = Kit()
        kit.meter.close()
        kit.meter.close()
