"""A distribution of what was seen: shares, quantiles, and values that are known to be longer."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.measure.empirical import Empirical
from hedgerow.measure.histogram import Histogram

VALUES = st.lists(st.integers(1, 1000).map(float), min_size=1, max_size=40)


def histogram(*values: int) -> Histogram:
    counts = Histogram()
    counts.record_all(values)
    return counts


class TestShares:
    def test_count_equal_values_as_within(self) -> None:
        seen = Empirical.of([1.0, 2.0, 2.0, 4.0])
        assert [seen.within(value) for value in (0.5, 1.0, 2.0, 3.9, 4.0)] == [
            0,
            0.25,
            0.75,
            0.75,
            1,
        ]
        assert [seen.above(value) for value in (0.5, 1.0, 2.0, 3.9, 4.0)] == [
            1,
            0.75,
            0.25,
            0.25,
            0,
        ]

    def test_follow_the_weights(self) -> None:
        assert Empirical([(1.0, 99.0), (5.0, 1.0)]).above(1.0) == pytest.approx(0.01)

    @given(VALUES, st.floats(0, 1001))
    def test_of_both_sides_are_the_whole(self, values: list[float], where: float) -> None:
        seen = Empirical.of(values)
        assert seen.within(where) + seen.above(where) == pytest.approx(1.0)

    def test_need_values(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            Empirical([(1.0, 0.0)])


class TestQuantile:
    def test_is_the_smallest_value_that_leaves_no_more_above_it(self) -> None:
        seen = Empirical.of(map(float, range(1, 101)))
        assert [seen.quantile(share) for share in (0.0, 0.5, 0.95, 0.99, 1.0)] == [
            1,
            50,
            95,
            99,
            100,
        ]

    @given(VALUES, st.floats(0, 1))
    def test_leaves_as_little_above_it_as_asked_for(
        self, values: list[float], share: float
    ) -> None:
        seen = Empirical.of(values)
        assert seen.above(seen.quantile(share)) <= 1 - share + 1e-9


class TestCensoredValues:
    def test_hand_their_weight_to_the_longer_ones(self) -> None:
        # 4 at risk at 1; of the 2 left at 3 each counts for 1.5: Kaplan and Meier by hand.
        seen = Empirical.from_histograms(histogram(1, 3, 4), histogram(2), scale=1.0)
        assert [seen.above(value) for value in (1.0, 3.0, 4.0)] == pytest.approx([0.75, 0.375, 0.0])
        assert seen.beyond == 0

    def test_beyond_the_longest_stay_there_and_are_told(self) -> None:
        seen = Empirical.from_histograms(histogram(1, 2, 3), histogram(9), scale=1.0)
        assert seen.values[-1] == 9
        assert seen.beyond == pytest.approx(0.25)

    def test_come_after_equal_ones_that_were_seen(self) -> None:
        seen = Empirical.from_histograms(histogram(5, 5), histogram(5), scale=1.0)
        assert seen.beyond == pytest.approx(1 / 3)

    def test_count_as_requests(self) -> None:
        assert Empirical.from_histograms(histogram(1, 3), histogram(2)).count == pytest.approx(3)

    def test_of_copies_that_won_show_the_latencies_as_they_were(self) -> None:
        # Whoever is hedged at 20 and answered after 30 by its copy is known to be longer.
        randomness = random.Random(1)
        seen, longer = Histogram(), Histogram()
        for _ in range(20_000):
            primary = round(10_000 * randomness.paretovariate(1.5))
            copy = 20_000 + round(10_000 * randomness.paretovariate(1.5))
            histogram_ = seen if primary <= copy else longer
            histogram_.record(min(primary, copy))
        found = Empirical.from_histograms(seen, longer, scale=1.0)
        assert found.above(40_000) == pytest.approx(0.25**1.5, rel=0.05)


class TestResampling:
    def test_is_the_same_for_the_same_draws(self) -> None:
        seen = Empirical([(1.0, 3.0), (2.0, 500.0)])
        one, other = (seen.resampled(random.Random(7)) for _ in range(2))
        assert (one.values, one.weights) == (other.values, other.weights)

    def test_keeps_the_mean_weight_of_few_and_of_many(self) -> None:
        seen, randomness = Empirical([(1.0, 3.0), (2.0, 500.0)]), random.Random(7)
        drawn = [seen.resampled(randomness) for _ in range(1000)]
        few = sum(d.within(1.0) * d.count for d in drawn) / 1000
        assert few == pytest.approx(3.0, abs=0.2)
        assert sum(d.count for d in drawn) / 1000 == pytest.approx(503, rel=0.01)

    def test_of_hardly_anything_leaves_something(self) -> None:
        seen, randomness = Empirical([(1.0, 0.01)]), random.Random(7)
        assert all(seen.resampled(randomness).count > 0 for _ in range(20))


class TestChoiceOfValues:
    def test_is_all_of_them_where_they_are_few(self) -> None:
        assert Empirical.of([1.0, 2.0, 3.0, 9.0]).spread(10, 2.0, 5.0) == [2.0, 3.0]

    def test_is_spaced_by_ratio_where_they_are_many(self) -> None:
        found = Empirical.of(map(float, range(1, 10_001))).spread(5, 1.0, 10_000.0)
        assert found == pytest.approx([1, 10, 100, 1000, 10_000], abs=1)

    def test_of_a_tail_stands_for_equal_shares(self) -> None:
        found = Empirical.of(map(float, range(1, 101))).tail_points(90.0, 5)
        assert sorted(found) == [91, 93, 95, 97, 99]


def test_scaling_changes_values_and_no_shares() -> None:
    twice = Empirical.of([1.0, 2.0]).scaled(2.0)
    assert list(twice.values) == [2.0, 4.0]
    assert twice.above(2.0) == 0.5
