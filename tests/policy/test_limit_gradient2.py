"""Netflix's Gradient2Limit and its ExpAvgMeasurementTest, worked out by hand."""

import pytest

from hedgerow.policy.limit_gradient2 import FadingAverage, Gradient2Limit

NOW = 1_000_000.0


def fed(limit: Gradient2Limit, *rtts: float, in_flight: int = 1000, dropped: bool = False) -> int:
    for rtt in rtts:
        limit.sample(NOW, rtt, in_flight, dropped=dropped)
    return limit.limit


class TestFadingAverage:
    def test_is_plain_for_the_first_ten(self) -> None:
        average = FadingAverage(factor=2 / 101)
        seen = [average.add(10.0 + number) for number in range(10)]
        assert seen == pytest.approx([10.0, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5])

    def test_fades_then(self) -> None:
        average = FadingAverage(factor=2 / 101)
        for number in range(10):
            average.add(10.0 + number)
        assert average.add(100.0) == pytest.approx(16.2, abs=0.1)


class TestGradient2Limit:
    def test_begins_where_it_is_told(self) -> None:
        assert Gradient2Limit().limit == 20

    def test_grows_by_a_fifth_of_the_queue_while_nothing_is_slower(self) -> None:
        # 0.8 * 20 + 0.2 (20 + 4) = 20.8, 21.6, 22.4
        assert fed(Gradient2Limit(), 0.01, 0.01, 0.01) == 22

    def test_takes_half_as_slow_again_for_no_slower(self) -> None:
        # The average is 12.5 ms: half as slow again is 18.75.
        assert fed(Gradient2Limit(initial=100), 0.010, 0.015) == 101

    def test_shrinks_with_the_gradient(self) -> None:
        # Ten at 10 ms; then 40 ms: long = 10.0998 ms, g = 0.5 at least:
        # 0.8 * 108 + 0.2 (54 + 4) = 98
        assert fed(Gradient2Limit(initial=100), *[0.010] * 10, 0.040) == 98

    def test_follows_a_gradient_between_a_half_and_one(self) -> None:
        # long = (9 * 10 + 20) / 10 = 11 ms, g = 16.5 / 20 = 0.825:
        # 107.2 * 0.8 + 0.2 (107.2 * 0.825 + 4) = 104.248
        assert fed(Gradient2Limit(initial=100), *[0.010] * 9, 0.020) == 104

    def test_is_as_it_was_while_less_than_half_is_used(self) -> None:
        assert fed(Gradient2Limit(), 0.01, 0.01, in_flight=9) == 20

    def test_counts_half_as_used(self) -> None:
        assert fed(Gradient2Limit(), 0.01, 0.01, in_flight=11) == 21

    def test_halves_as_hard_as_it_can_on_a_drop(self) -> None:
        # 0.8 * 100 + 0.2 (50 + 4) = 90.8
        assert fed(Gradient2Limit(initial=100), 0.01, dropped=True) == 90

    def test_stays_between_its_bounds(self) -> None:
        assert fed(Gradient2Limit(), *[0.01] * 500) == 200
        assert fed(Gradient2Limit(initial=25), *[0.01] * 50, *[1.0] * 50, dropped=True) == 20


class TestLongOverload:
    def test_s_average_is_forgotten_faster_when_it_is_over(self) -> None:
        limit = Gradient2Limit(initial=100)
        fed(limit, *[1.0] * 10)
        # 100 samples alone would bring the average to 0.717; the drift rule to near 0.02.
        fed(limit, *[0.010] * 100)
        assert fed(limit, 0.030, dropped=False) < 200
