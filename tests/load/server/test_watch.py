import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.server.watch import Look, ServerWatch, child_pids, cpu_between

NOBODY = 2**22 + 1  # above Linux' highest process id


def used(own: float, collected: float = 0.0) -> Look:
    return Look(own=own, collected=collected, rss=0, fds=0, threads=1, lives=True)


class TestCpu:
    def test_is_what_each_process_used_since(self) -> None:
        before = {1: used(5.0), 2: used(1.0)}
        assert cpu_between(before, {1: used(5.5), 2: used(1.25)}) == 0.75

    def test_counts_a_new_process_from_its_birth(self) -> None:
        assert cpu_between({1: used(5.0)}, {1: used(5.0), 2: used(0.5)}) == 0.5

    def test_of_a_child_that_ended_is_only_what_is_new(self) -> None:
        before = {1: used(5.0), 2: used(1.0)}
        assert cpu_between(before, {1: used(5.0, collected=1.25)}) == pytest.approx(0.25)

    def test_of_a_child_that_came_and_went_in_between_is_not_lost(self) -> None:
        assert cpu_between({1: used(5.0)}, {1: used(5.0, collected=0.5)}) == 0.5

    def test_of_a_child_that_nobody_collected_takes_nothing_from_the_others(self) -> None:
        assert cpu_between({1: used(5.0), 2: used(9.0)}, {1: used(5.5)}) == 0.5

    @given(
        st.dictionaries(st.integers(1, 5), st.floats(0, 1e6).map(used)),
        st.dictionaries(st.integers(1, 5), st.floats(0, 1e6).map(used)),
    )
    def test_is_never_below_nothing(self, before: dict[int, Look], after: dict[int, Look]) -> None:
        assert cpu_between(before, after) >= 0


class SlowClock:
    """A clock that is one second later each time it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self) -> float:
        self.reads += 1
        return float(self.reads)


class TestWatch:
    def test_needs_two_looks(self) -> None:
        watch = ServerWatch([os.getpid()], "us")
        assert watch.sample(10.0) is None
        point = watch.sample(11.0)
        assert point is not None
        assert (point.t, point.processes) == (11.0, 1)
        assert point.rss > 1 << 20

    def test_does_not_fail_when_it_looks_twice_at_once(self) -> None:
        watch = ServerWatch([os.getpid()], "us")
        watch.sample(10.0)
        assert watch.sample(10.0) is None

    def test_of_nobody_ended_early(self) -> None:
        watch = ServerWatch([NOBODY], "nobody")
        assert watch.sample(1.0) is None
        server = watch.server(0, 10)
        assert (server.ended_early, server.points, server.cpu_mean) == (True, [], 0.0)

    @pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="Linux tells it, others not")
    def test_reads_dear_memory_figures_the_more_seldom_the_dearer_they_are(self) -> None:
        clock = SlowClock()
        watch = ServerWatch([os.getpid()], "us", clock=clock)
        for t in range(50):
            watch.sample(float(t))
        assert clock.reads == 2  # once, and what took a second is not asked for again before 51
        assert all(point.pss is not None for point in watch.points)


class TestSummary:
    def test_is_of_the_points_within_and_weighs_them_by_their_length(self) -> None:
        watch = ServerWatch([os.getpid()], "us")
        for t in (0.0, 1.0, 2.0, 5.0, 6.0):
            watch.sample(t)
        server = watch.server(1.0, 5.0)
        within = {point.t: point.cpu for point in watch.points if point.t in (2.0, 5.0)}
        assert server.cpu_mean == pytest.approx((within[2.0] + 3 * within[5.0]) / 4)
        assert server.cpu_max == max(within.values())
        assert [point.t for point in server.points] == [1.0, 2.0, 5.0, 6.0]

    def test_of_a_time_without_points_is_of_nothing(self) -> None:
        watch = ServerWatch([os.getpid()], "us")
        watch.sample(0.0)
        watch.sample(1.0)
        server = watch.server(1.0, 5.0)
        assert (server.cpu_max, server.rss_max, server.pss_max) == (0.0, 0, None)


class TestChildren:
    def test_of_a_process_that_is_not_there_are_none(self) -> None:
        assert child_pids(NOBODY) == []
