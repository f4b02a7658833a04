import select
import sys
import time
from collections.abc import Iterator

import pytest

from hedgerow.load.generator import timerfd
from hedgerow.load.generator.timerfd import TimerFd, new_timer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="timerfd is Linux's")

MS = 1_000_000
FAR = 10_000 * MS


def is_readable(timer: TimerFd, wait: float = 0.0) -> bool:
    return select.select([timer], [], [], wait)[0] != []


@pytest.fixture
def timer() -> Iterator[TimerFd]:
    timer = TimerFd()
    yield timer
    timer.close()


class TestClock:
    def test_is_the_one_that_due_times_are_read_from(self) -> None:
        for name in ("perf_counter", "monotonic"):
            assert time.get_clock_info(name).implementation == "clock_gettime(CLOCK_MONOTONIC)"


class TestTimer:
    def test_fires_when_its_time_has_come_and_not_before(self, timer: TimerFd) -> None:
        due = time.perf_counter_ns() + 2 * MS
        timer.arm(due)
        assert is_readable(timer, wait=5.0)
        assert time.perf_counter_ns() >= due

    def test_fires_once(self, timer: TimerFd) -> None:
        timer.arm(time.perf_counter_ns() + MS)
        assert is_readable(timer, wait=5.0)
        assert timer.acknowledge() == 1
        assert not is_readable(timer, wait=0.005)

    def test_fires_again_and_again_when_told_to(self, timer: TimerFd) -> None:
        timer.arm(time.perf_counter_ns(), period_ns=MS)
        assert all(is_readable(timer, wait=5.0) and timer.acknowledge() for _ in range(3))

    @pytest.mark.parametrize("due", [0, 1, -5])
    def test_fires_at_once_when_its_time_is_over(self, timer: TimerFd, due: int) -> None:
        timer.arm(due)
        assert is_readable(timer, wait=5.0)

    def test_that_is_far_off_does_not_fire(self, timer: TimerFd) -> None:
        timer.arm(time.perf_counter_ns() + FAR)
        assert not is_readable(timer)
        assert timer.acknowledge() == 0

    def test_that_is_armed_anew_keeps_only_the_new_time(self, timer: TimerFd) -> None:
        timer.arm(1)
        assert is_readable(timer, wait=5.0)
        timer.arm(time.perf_counter_ns() + FAR)
        assert not is_readable(timer)

    def test_that_is_disarmed_does_not_fire(self, timer: TimerFd) -> None:
        timer.arm(time.perf_counter_ns() + MS, period_ns=MS)
        timer.disarm()
        assert not is_readable(timer, wait=0.005)

    def test_that_is_closed_cannot_be_armed(self, timer: TimerFd) -> None:
        timer.close()
        timer.close()
        with pytest.raises((OSError, ValueError)):  # 3.13 refuses a descriptor below 0 by itself
            timer.arm(1)


class TestPlatform:
    def test_that_has_such_timers_gets_one(self) -> None:
        timer = new_timer()
        assert timer is not None
        timer.close()

    def test_that_has_none_gets_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(timerfd, "is_available", lambda: False)
        assert new_timer() is None
