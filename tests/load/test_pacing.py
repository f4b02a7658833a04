import itertools
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.pacing import Pacer
from tests.load.fakes import START, VirtualTimers


class Playing:
    """A pacer over a plan, and when each of its times was really called."""

    def __init__(self, plan: Iterator[float], starts_in: float = 0.0) -> None:
        self.timers = VirtualTimers()
        self.sent: list[tuple[float, float]] = []  # due and actual, from the start
        self.pacer = Pacer(self.timers, plan, self._send)
        self.pacer.start(START, START + starts_in)

    def _send(self, due_at: float) -> None:
        self.sent.append((round(due_at - START, 6), round(self.timers.now - START, 6)))


class TestRequestIsSent:
    def test_when_it_is_due(self) -> None:
        playing = Playing(iter([0.0, 0.25, 3.0]))
        playing.timers.run_until(5.0)
        assert playing.sent == [(0.0, 0.0), (0.25, 0.25), (3.0, 3.0)]

    def test_not_before(self) -> None:
        playing = Playing(iter([0.5]))
        playing.pacer.timer_fired(START + 0.4999)  # a timer that comes early
        assert playing.sent == []

    def test_from_a_start_that_lies_ahead(self) -> None:
        playing = Playing(iter([0.0, 1.0]), starts_in=0.1)
        playing.timers.run_until(5.0)
        assert playing.sent == [(0.1, 0.1), (1.1, 1.1)]

    def test_with_all_others_that_fell_due_during_a_stall(self) -> None:
        playing = Playing(iter([0.1, 0.2, 0.3, 0.9]))
        playing.timers.stall(0.5)
        playing.timers.run_until(2.0)
        assert playing.sent == [(0.1, 0.5), (0.2, 0.5), (0.3, 0.5), (0.9, 0.9)]

    @given(st.lists(st.floats(0, 30), max_size=20), st.floats(0, 5))
    def test_once_and_never_early_whatever_the_plan(self, plan: list[float], stall: float) -> None:
        playing = Playing(iter(sorted(plan)))
        playing.timers.stall(stall)
        playing.timers.run_until(40.0)
        assert len(playing.sent) == len(plan)
        assert all(actual >= due for due, actual in playing.sent)


class TestPlan:
    def test_is_over_when_its_last_request_was_sent(self) -> None:
        playing = Playing(iter([0.0, 1.0]))
        playing.timers.run_until(0.5)
        assert not playing.pacer.is_over
        playing.timers.run_until(1.5)
        assert playing.pacer.is_over

    def test_without_requests_is_over_at_once(self) -> None:
        assert Playing(iter([])).pacer.is_over

    def test_that_never_ends_is_read_one_ahead(self) -> None:
        plan = itertools.count()
        Playing(map(float, plan))
        assert next(plan) == 2

    def test_that_is_stopped_sends_no_more(self) -> None:
        playing = Playing(iter([0.0, 1.0]))
        playing.pacer.stop()
        playing.timers.run_until(5.0)
        assert playing.sent == [(0.0, 0.0)]
        assert playing.pacer.is_over
