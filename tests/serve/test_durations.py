import pytest

from hedgerow.serve.durations import BOUNDS, Durations


class TestDurations:
    @pytest.mark.parametrize(
        ("seconds", "bucket"), [(0.0, 0), (0.001, 0), (0.0011, 1), (0.3, 8), (60.0, 14), (61.0, 15)]
    )
    def test_are_counted_up_to_and_with_their_bound(self, seconds: float, bucket: int) -> None:
        durations = Durations()
        durations.record(seconds, 200)
        assert durations.counts.index(1) == bucket
        assert sum(durations.counts) == 1

    def test_have_a_sum(self) -> None:
        durations = Durations()
        for _ in range(4):
            durations.record(0.25, 200)
        assert durations.sum == 1.0

    def test_know_the_class_of_each_status(self) -> None:
        durations = Durations()
        for status in (0, 200, 204, 304, 404, 503, 599, 999):
            durations.record(0.1, status)
        assert durations.classes == [1, 0, 2, 1, 1, 2, 0, 0, 0, 1]

    def test_have_bounds_that_rise(self) -> None:
        assert list(BOUNDS) == sorted(set(BOUNDS))
