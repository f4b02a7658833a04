import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.generator.pacer import BATCH, Pacer
from tests.load.generator.virtual_loop import MS, START, TURN, VirtualLoop

KERNEL, LOOP = "kernel timer", "loop timer"
both_ways = pytest.mark.parametrize("way", [KERNEL, LOOP])


class Pacing:
    """A pacer over a plan in nanoseconds from the start, and what it sent when."""

    def __init__(self, plan: Iterable[int], way: str, *, cost: int = 0, off_ns: int = 0) -> None:
        self.loop = VirtualLoop(off_ns)
        self.sent: list[tuple[int, int, int]] = []  # number, due and actual from the start
        self.fails_at: int | None = None
        self.stops_at: int | None = None
        self._cost = cost
        self.pacer = Pacer(
            self.loop,
            ((number, START + due) for number, due in enumerate(plan)),
            self._send,
            clock=self.loop.clock,
            timers=lambda: self.loop.kernel_timer if way is KERNEL else None,
        )

    def _send(self, number: int, due_ns: int) -> None:
        self.sent.append((number, due_ns - START, self.loop.now - START))
        self.loop.now += self._cost
        if number == self.fails_at:
            raise OSError("as told")
        if number == self.stops_at:
            self.pacer.stop()

    def started(self) -> "Pacing":
        self.pacer.start()
        return self

    def numbers(self) -> list[int]:
        return [number for number, _, _ in self.sent]


@both_ways
class TestRequestIsSent:
    @pytest.mark.parametrize("off_ns", [-MS, 0, MS])
    def test_in_the_turn_in_which_it_falls_due(self, way: str, off_ns: int) -> None:
        pacing = Pacing([MS, 20 * MS, 3000 * MS], way, off_ns=off_ns).started()
        pacing.loop.run_until(5000 * MS)
        assert pacing.numbers() == [0, 1, 2]
        assert all(due <= actual <= due + TURN for _, due, actual in pacing.sent)

    def test_at_once_when_it_is_due_at_the_start(self, way: str) -> None:
        assert Pacing([-MS, 0, 1], way).started().sent == [(0, -MS, 0), (1, 0, 0)]

    def test_not_before_although_timers_come_early(self, way: str) -> None:
        pacing = Pacing([9 * MS + MS // 2], way, off_ns=-MS).started()
        pacing.loop.run_until(9 * MS + MS // 2 - TURN)
        assert pacing.sent == []
        pacing.loop.run_until(20 * MS)
        assert pacing.numbers() == [0]

    def test_together_with_all_that_fell_due_during_a_stall(self, way: str) -> None:
        pacing = Pacing([10 * MS, 20 * MS, 30 * MS, 90 * MS], way).started()
        pacing.loop.now += 50 * MS
        pacing.loop.turn()
        assert pacing.numbers() == [0, 1, 2]
        assert len({actual for _, _, actual in pacing.sent}) == 1

    def test_after_one_that_could_not_be(self, way: str) -> None:
        pacing = Pacing([0, MS], way)
        pacing.fails_at = 0
        with pytest.raises(OSError, match="as told"):
            pacing.pacer.start()
        pacing.loop.run_until(5 * MS)
        assert pacing.numbers() == [0, 1]


@both_ways
class TestManyAtOnce:
    @pytest.mark.parametrize("due", [0, MS])
    def test_leave_the_loop_its_turns(self, way: str, due: int) -> None:
        pacing = Pacing([due] * (2 * BATCH + 1), way).started()
        counts = [0, len(pacing.sent)]
        while not pacing.pacer.is_over:
            pacing.loop.now += TURN
            pacing.loop.turn()
            counts.append(len(pacing.sent))
        steps = [late - early for early, late in itertools.pairwise(counts) if late > early]
        assert steps == [BATCH, BATCH, 1]

    def test_that_take_longer_than_they_may_are_all_sent(self, way: str) -> None:
        # Every send takes twice the distance between two: it can only fall behind.
        pacing = Pacing(range(0, 1000 * TURN, TURN), way, cost=2 * TURN).started()
        pacing.loop.run_until(50 * MS)
        assert pacing.numbers() == list(range(1000))


@both_ways
class TestPlan:
    def test_is_over_when_its_last_request_was_sent(self, way: str) -> None:
        pacing = Pacing([0, MS], way).started()
        assert not pacing.pacer.is_over
        pacing.loop.run_until(2 * MS)
        assert pacing.pacer.is_over

    def test_without_requests_is_over_at_once(self, way: str) -> None:
        assert Pacing([], way).started().pacer.is_over

    def test_that_never_ends_is_read_one_ahead(self, way: str) -> None:
        plan = itertools.count(0, MS)
        Pacing(plan, way).started()
        assert next(plan) == 2 * MS

    def test_that_is_stopped_sends_no_more(self, way: str) -> None:
        pacing = Pacing([0, MS, 50 * MS], way).started()
        pacing.loop.run_until(2 * MS)
        pacing.pacer.stop()
        pacing.loop.run_until(100 * MS)
        assert pacing.numbers() == [0, 1]
        assert pacing.pacer.is_over

    def test_that_is_stopped_by_its_request_sends_no_more(self, way: str) -> None:
        pacing = Pacing([0, 0, MS], way)
        pacing.stops_at = 0
        pacing.pacer.start()
        pacing.loop.run_until(5 * MS)
        assert pacing.numbers() == [0]

    def test_that_is_stopped_before_it_began_never_does(self, way: str) -> None:
        pacing = Pacing([0], way)
        pacing.pacer.stop()
        assert pacing.started().sent == []

    @pytest.mark.parametrize("plan", [[], [0], [MS], [50 * MS]])
    def test_leaves_nothing_on_the_loop(self, way: str, plan: list[int]) -> None:
        pacing = Pacing(plan, way).started()
        pacing.loop.run_until(20 * MS)
        pacing.pacer.stop()
        calls = pacing.loop.calls
        pacing.loop.run_until(100 * MS)
        assert (pacing.loop.readers, pacing.loop.calls) == ({}, calls)
        assert pacing.loop.kernel_timer.is_closed is (way is KERNEL)


class TestWaiting:
    def test_costs_no_turns_with_a_kernel_timer(self) -> None:
        pacing = Pacing(range(0, 100 * MS, MS), KERNEL).started()
        pacing.loop.run_until(200 * MS)
        assert pacing.loop.turns == 99

    def test_spins_no_longer_than_2_ms_without_one(self) -> None:
        pacing = Pacing([1000 * MS], LOOP).started()
        pacing.loop.run_until(2000 * MS)
        assert pacing.loop.turns <= 2 * MS / TURN + 2


class TestAnyPlan:
    @given(
        st.lists(st.integers(0, 30 * MS), max_size=40),
        st.sampled_from([KERNEL, LOOP]),
        st.integers(-MS, 2 * MS),
        st.integers(0, 2 * MS),
    )
    def test_is_sent_whole_in_order_and_never_early(
        self, plan: list[int], way: str, off_ns: int, cost: int
    ) -> None:
        pacing = Pacing(sorted(plan), way, off_ns=off_ns, cost=cost).started()
        pacing.loop.run_until(200 * MS)
        assert pacing.numbers() == list(range(len(plan)))
        assert all(actual >= due for _, due, actual in pacing.sent)


@both_ways
class TestWhatWasNotSentInTime:
    def test_is_returned_and_nothing_else_is_sent(self, way: str) -> None:
        pacing = Pacing([0, *[MS] * (BATCH + 3), 50 * MS], way).started()
        pacing.loop.now += 2 * MS  # busy with something else meanwhile
        dropped = pacing.pacer.drop_due()
        assert [number for number, _ in dropped] == list(range(1, BATCH + 4))
        pacing.loop.run_until(100 * MS)
        assert pacing.numbers() == [0]
        assert pacing.pacer.is_over

    def test_is_nothing_when_all_was_sent(self, way: str) -> None:
        assert Pacing([0, 50 * MS], way).started().pacer.drop_due() == []
