import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow.load.book import Frame
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan
from hedgerow.load.series import Series, phase_at
from hedgerow.measure import Histogram
from tests.load.counted import LABEL, a_batch, a_sample, frames_of

PLAN = LoadPlan(
    work=RequestPlan(url="http://a.example/", label=LABEL),
    model=Closed(users=1),
    warm_up=2.0,
    duration=20.0,
)


def a_frame(at: float, *times_us: int, in_flight: int = 0, failed: int = 0) -> Frame:
    samples = [a_sample(response_us=time) for time in times_us]
    samples += [a_sample(outcome="timeout") for _ in range(failed)]
    (frame,) = frames_of([(0, a_batch(at, *samples, in_flight=in_flight, users=2))], set())
    frame.seconds = 1.0
    return frame


def a_series(count: int, most: int, seed: int = 1) -> tuple[Series, list[int]]:
    """So many seconds, each with a few requests."""
    randomness, series, all_times = random.Random(seed), Series(PLAN, most), []
    for second in range(1, count + 1):
        times = [randomness.randrange(100, 2_000_000) for _ in range(randomness.randrange(4))]
        all_times += times
        series.add(a_frame(second, *times, failed=second % 3 == 0), asked=10.0)
    series.finish()
    return series, all_times


class TestPoint:
    def test_tells_what_happened_in_its_second(self) -> None:
        point = Series(PLAN).add(a_frame(3, 1000, 3000, in_flight=2, failed=1), asked=None)
        assert (point.t, point.phase, point.ok, point.failed) == (3, "measured", 2, 1)
        assert (point.users, point.in_flight, point.errors) == (2, 2, {"timeout": 1})
        assert point.max_us == pytest.approx(3000, rel=0.001)

    def test_counts_what_was_sent_and_has_not_ended(self) -> None:
        series = Series(PLAN)
        sent = [
            series.add(a_frame(second, *times, in_flight=in_flight), asked=None).sent
            for second, times, in_flight in ((1, (), 5), (2, (999, 999), 4), (3, (999,) * 4, 0))
        ]
        assert sent == [5, 1, 0]
        assert sum(sent) == 6


class TestLongSeries:
    @settings(max_examples=15)
    @given(st.integers(0, 100), st.integers(1, 70), st.integers(3, 12))
    def test_keeps_counts_maxima_and_times(self, seed: int, count: int, most: int) -> None:
        series, times = a_series(count, most, seed)
        points = series.points
        assert len(points) <= most + 2
        assert sum(point.ok for point in points) == len(times)
        assert sum(point.failed for point in points) == count // 3
        assert sum(point.seconds for point in points) == count
        assert points[-1].t == count
        assert [point.t for point in points] == sorted(point.t for point in points)
        whole = Histogram()
        whole.record_all([*times, *([2000] * (count // 3))])
        assert max(point.max_us for point in points) == whole.max

    def test_takes_percentiles_from_the_times_themselves(self) -> None:
        series = Series(PLAN, most=4)
        for second in range(3, 19):
            times = [1000] * 99 if second % 2 else [50_000]
            series.add(a_frame(second, *times), asked=None)
        series.finish()
        first = series.points[0]
        assert first.ok == 400
        assert first.p99_us == pytest.approx(1000, rel=0.01)
        assert first.max_us == pytest.approx(50_000, rel=0.001)
        assert first.mean_us == pytest.approx((396 * 1000 + 4 * 50_000) / 400, rel=0.001)

    def test_never_puts_two_phases_in_one_point(self) -> None:
        series, _ = a_series(40, 6)
        phases = [point.phase for point in series.points]
        assert phases == sorted(phases, key=["warm-up", "measured", "drain"].index)
        ends = {phase: max(p.t for p in series.points if p.phase == phase) for phase in phases}
        assert (ends["warm-up"], ends["measured"]) == (2, 22)

    def test_is_the_same_list_all_along(self) -> None:
        series = Series(PLAN, most=4)
        shown = series.points
        for second in range(1, 30):
            series.add(a_frame(second), asked=None)
        assert shown is series.points


class TestPhase:
    @pytest.mark.parametrize("late", [0.0, 0.01, 0.2])
    def test_is_not_changed_by_a_late_tick(self, late: float) -> None:
        found = [phase_at(PLAN, at + late, 1.0) for at in (1, 2, 3, 22, 23)]
        assert found == ["warm-up", "warm-up", "measured", "measured", "drain"]

    def test_without_a_warm_up_is_measured_at_once(self) -> None:
        plan = LoadPlan(work=PLAN.work, model=PLAN.model)
        assert phase_at(plan, 0.0, 0.0) == "measured"
