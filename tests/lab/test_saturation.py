import random

import pytest

from hedgerow.lab.saturation import fell_behind, over_saturated
from hedgerow.report.document import Phase, Point


def points(*waiting: float, asked: float | None = 1000.0, phase: Phase = "measured") -> list[Point]:
    return [
        Point(t=t, seconds=1.0, phase=phase, asked=asked, in_flight=20, backlog=round(queue))
        for t, queue in enumerate(waiting, start=1)
    ]


class TestQueue:
    def test_that_grows_by_a_tenth_of_the_load_is_over_saturation(self) -> None:
        assert over_saturated(points(100, 200, 300, 400, 500))

    def test_that_stays_is_not(self) -> None:
        assert not over_saturated(points(500, 500, 500, 500, 500))

    def test_that_shrinks_is_not(self) -> None:
        assert not over_saturated(points(900, 700, 500, 400, 300))

    def test_that_grows_by_a_hundredth_of_the_load_is_not(self) -> None:
        assert not over_saturated(points(200, 210, 220, 230, 240))

    def test_that_grows_by_no_more_than_chance_is_not(self) -> None:
        series = points(1, 3, 5, 7, 9, asked=20.0)  # a tenth of the load, and ten requests
        assert not over_saturated(series)

    def test_that_wanders_is_not(self) -> None:
        assert not over_saturated(points(100, 600, 50, 700, 400))

    def test_of_requests_in_flight_counts_too(self) -> None:
        series = [
            Point(t=t, seconds=1.0, phase="measured", asked=1000, in_flight=100 * t)
            for t in range(1, 6)
        ]
        assert over_saturated(series)

    def test_is_judged_by_its_last_seconds(self) -> None:
        assert over_saturated(points(*[0] * 20, 100, 200, 300, 400, 500))
        assert not over_saturated(points(100, 200, 300, 400, 500, *[500] * 20))


class TestWholeRun:
    def test_fell_behind_by_a_slope_that_its_last_seconds_would_hide(self) -> None:
        series = points(*[30.0 * t for t in range(1, 31)])
        assert not over_saturated(series)
        assert fell_behind(series)

    def test_kept_up_when_its_queue_stayed(self) -> None:
        assert not fell_behind(points(*[500.0] * 30))

    def test_kept_up_when_its_queue_rose_by_a_hundredth_of_the_load(self) -> None:
        assert not fell_behind(points(*[10.0 * t for t in range(1, 31)]))


class TestTooLittle:
    def test_is_not_judged(self) -> None:
        assert not over_saturated(points(100, 200, 300, 400))
        assert not over_saturated([])

    def test_is_what_the_warm_up_shows(self) -> None:
        assert not over_saturated(points(100, 200, 300, 400, 500, phase="warm-up"))

    def test_is_a_closed_model(self) -> None:
        assert not over_saturated(points(100, 200, 300, 400, 500, asked=None))

    def test_is_a_series_without_time(self) -> None:
        point = Point(t=1.0, seconds=1.0, phase="measured", asked=1000, backlog=500)
        assert not over_saturated([point] * 5)


@pytest.mark.parametrize("seed", range(5))
class TestServer:
    """A single server that takes 1000 requests a second, if so many come."""

    def queue_after(self, seconds: int, load: float, rng: random.Random) -> list[float]:
        queue, series = 0.0, []
        for _ in range(seconds):
            for _ in range(2000):
                queue = max(0.0, queue + (rng.random() < load / 2) - (rng.random() < 0.5))
            series.append(queue)
        return series

    def test_above_capacity_is_seen_in_five_seconds(self, seed: int) -> None:
        series = self.queue_after(5, 1.15, random.Random(seed))
        assert over_saturated(points(*series, asked=1150.0))

    def test_below_capacity_is_left_alone(self, seed: int) -> None:
        series = self.queue_after(5, 0.98, random.Random(seed))
        assert not over_saturated(points(*series, asked=980.0))
        assert not fell_behind(points(*series, asked=980.0))
