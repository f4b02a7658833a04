from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.measure import BucketLayout, Histogram, WindowedCount, WindowedHistogram
from tests.measure.oracle import many_examples

START = 1_000_000.0
SIXTY_DAYS = 60 * 86_400.0

# (seconds since the last event, amount): bursts, pauses and gaps longer than the window
events = st.lists(st.tuples(st.integers(0, 25), st.integers(1, 5)), max_size=40)

WINDOWS: list[Callable[[float, int], object]] = [
    lambda window, slots: WindowedCount(window=window, slots=slots),
    lambda window, slots: WindowedHistogram(window=window, slots=slots),
]


def count_of_three() -> WindowedCount:
    """Ten seconds in ten slots, with three events at START."""
    count = WindowedCount(window=10.0, slots=10)
    count.add(START, 3)
    return count


def values_at_start(*values: int) -> WindowedHistogram:
    """Ten seconds in five slots, with these values at START."""
    histogram = WindowedHistogram(window=10.0, slots=5, layout=BucketLayout(digits=3))
    for value in values:
        histogram.record(START, value)
    return histogram


class TestCount:
    def test_of_nothing_is_zero(self) -> None:
        assert WindowedCount(window=10.0).total(START) == 0

    def test_adds_up_within_the_window(self) -> None:
        count = count_of_three()
        count.add(START + 5.0)
        assert count.total(START + 9.0) == 4

    def test_forgets_what_is_older_than_the_window(self) -> None:
        count = count_of_three()
        count.add(START + 5.0)
        assert count.total(START + 10.0) == 1

    def test_forgets_without_new_events(self) -> None:
        assert count_of_three().total(START + 11.0) == 0

    def test_of_an_event_that_comes_late_goes_to_the_newest_slot(self) -> None:
        count = count_of_three()
        count.add(START - 100.0)
        assert count.total(START + 9.0) == 4

    def test_may_have_a_single_slot(self) -> None:
        count = WindowedCount(window=10.0, slots=1)
        count.add(START)
        assert (count.total(START + 9.0), count.total(START + 10.0)) == (1, 0)

    @many_examples
    @given(events)
    def test_is_that_of_the_slots_that_the_window_covers(
        self, steps: list[tuple[int, int]]
    ) -> None:
        count, now, seen = WindowedCount(window=10.0, slots=5), START, list[tuple[float, int]]()
        for pause, amount in steps:
            now += pause
            seen.append((now, amount))
            count.add(now, amount)
            oldest = now // 2.0 - 4
            assert count.total(now) == sum(n for at, n in seen if at // 2.0 >= oldest)


class TestIdleGap:
    @pytest.mark.parametrize("gap", [11.0, 1_000.0, SIXTY_DAYS, 1e15])
    def test_clears_the_window(self, gap: float) -> None:
        assert count_of_three().total(START + gap) == 0

    def test_of_more_than_32_bits_of_slots_leaves_it_counting(self) -> None:
        count = WindowedCount(window=0.01, slots=10)  # slots of a millisecond
        later = START + SIXTY_DAYS
        for now in (START, later, later + 0.001, later + 0.002):
            count.add(now)
        assert count.total(later + 0.002) == 3

    def test_clears_the_histogram_and_leaves_it_recording(self) -> None:
        histogram = values_at_start(100)
        histogram.record(START + SIXTY_DAYS, 7)
        assert histogram.snapshot(START + SIXTY_DAYS).count == 1


class TestQuantile:
    def test_of_nothing_is_none(self) -> None:
        assert WindowedHistogram(window=10.0).quantile(START, 0.99) is None

    def test_is_that_of_all_slots(self) -> None:
        histogram = values_at_start(*range(1, 51))
        for value in range(51, 101):
            histogram.record(START + 5.0, value)
        assert histogram.quantile(START + 5.0, 0.99) == 99

    def test_forgets_what_is_older_than_the_window(self) -> None:
        histogram = values_at_start(900)
        histogram.record(START + 5.0, 10)
        assert histogram.quantile(START + 10.0, 1.0) == 10

    def test_is_none_again_when_all_is_forgotten(self) -> None:
        assert values_at_start(900).quantile(START + 20.0, 0.5) is None

    def test_is_none_with_fewer_values_than_asked_for(self) -> None:
        assert values_at_start(1, 2, 3).quantile(START, 0.5, at_least=4) is None

    def test_is_said_with_as_many_values_as_asked_for(self) -> None:
        assert values_at_start(1, 2, 3).quantile(START, 0.5, at_least=3) == 2


class TestSnapshot:
    def test_is_independent_of_the_window(self) -> None:
        histogram = values_at_start(5)
        histogram.snapshot(START).record(6)
        assert histogram.snapshot(START).count == 1

    def test_tells_what_was_clamped(self) -> None:
        assert values_at_start(-1).snapshot(START).clamped == 1

    @many_examples
    @given(events)
    def test_is_that_of_the_slots_that_the_window_covers(
        self, steps: list[tuple[int, int]]
    ) -> None:
        layout = BucketLayout(highest=100, digits=1)
        window = WindowedHistogram(window=10.0, slots=5, layout=layout)
        now, expected = START, Histogram(layout)
        for pause, value in steps:
            now += pause
            window.record(now, value)
        for at, value in zip(_times(steps), (value for _, value in steps), strict=True):
            if at // 2.0 >= now // 2.0 - 4:
                expected.record(value)
        assert window.snapshot(now) == expected


class TestMistake:
    @pytest.mark.parametrize("make", WINDOWS)
    @pytest.mark.parametrize("window", [0.0, -1.0, float("inf"), float("nan")])
    def test_in_the_window_is_named(
        self, make: Callable[[float, int], object], window: float
    ) -> None:
        with pytest.raises(ConfigError, match=r"window = .*: must be seconds above 0"):
            make(window, 10)

    @pytest.mark.parametrize("make", WINDOWS)
    def test_in_the_slots_is_named(self, make: Callable[[float, int], object]) -> None:
        with pytest.raises(ConfigError, match="slots = 0: must be 1 or more"):
            make(10.0, 0)


def _times(steps: list[tuple[int, int]]) -> list[float]:
    now, times = START, []
    for pause, _ in steps:
        now += pause
        times.append(now)
    return times
