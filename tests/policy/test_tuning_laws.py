"""What a copy would take: assumed, or known from pairs."""

import random

import pytest

from hedgerow.measure.empirical import Empirical
from hedgerow.policy.tuning import HedgePoint, missed
from hedgerow.policy.tuning_laws import Correlated, Independent, Latencies, Paired, latencies_of

VALUES = Empirical.of(map(float, range(1, 101)))


class TestIndependentCopy:
    def test_does_not_care_how_slow_its_primary_is(self) -> None:
        law = Independent(VALUES)
        assert law.copy_within(5.0)(50.0) == law.copy_within(95.0)(50.0) == 0.5


class TestCorrelatedCopy:
    def test_is_slower_the_slower_its_primary_is(self) -> None:
        law = Correlated(VALUES, 0.5)
        assert law.copy_within(90.0)(60.0) < law.copy_within(5.0)(60.0)

    def test_takes_its_part_of_the_primary_and_draws_the_rest(self) -> None:
        # The only primary above 99 takes 100: 50 stay, and half of 1 to 100 comes on top.
        cdf = Correlated(VALUES, 0.5).copy_within(99.0)
        assert [cdf(50.0), cdf(75.0), cdf(100.0)] == [0.0, 0.5, 1.0]

    def test_that_keeps_everything_is_no_faster(self) -> None:
        assert Correlated(VALUES, 1.0).copy_within(90.0)(90.0) == 0.0
        assert Correlated(VALUES, 1.0).copy_within(90.0)(100.0) == 1.0

    def test_without_correlation_is_independent(self) -> None:
        assert isinstance(latencies_of(VALUES, 0.0), Independent)
        assert isinstance(latencies_of(VALUES, 0.1), Correlated)


class TestPairs:
    PAIRS = ((1.0, 9.0), (10.0, 2.0), (20.0, 3.0), (30.0, 40.0))

    def test_say_what_copies_of_slow_requests_took(self) -> None:
        cdf = Paired(self.PAIRS).copy_within(9.0)
        assert cdf(3.0) == pytest.approx(2 / 3)

    def test_say_nothing_beyond_the_slowest(self) -> None:
        assert Paired(self.PAIRS).copy_within(30.0)(1000.0) == 0.0

    def test_count_what_they_count(self) -> None:
        # Hedged at 5 three of four: 20 becomes 8, 10 becomes 7, 30 stays.
        assert missed(Paired(self.PAIRS), HedgePoint(5.0), 8.0) == pytest.approx(0.25)

    def test_of_some_leave_the_primaries_of_all(self) -> None:
        law = Paired(self.PAIRS, VALUES)
        assert law.primary.above(50.0) == 0.5
        assert [law.known_beyond(time) for time in (0.0, 10.0, 30.0)] == [4, 2, 0]


@pytest.mark.parametrize(
    "law", [Independent(VALUES), Correlated(VALUES, 0.5), Paired(((1.0, 2.0), (3.0, 4.0)))]
)
class TestAnyLaw:
    def test_scaled_takes_so_many_times_as_long(self, law: Latencies) -> None:
        twice = law.scaled(2.0)
        assert twice.primary.above(2.0) == law.primary.above(1.0)
        assert twice.copy_within(2.0)(8.0) == pytest.approx(law.copy_within(1.0)(4.0))

    def test_resampled_stays_of_its_kind(self, law: Latencies) -> None:
        again = law.resampled(random.Random(2))
        assert type(again) is type(law)
        assert set(again.primary.values) <= set(law.primary.values)
