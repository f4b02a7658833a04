import random

import pytest

from hedgerow.faults import Law, Lognormal, Pareto
from hedgerow.policy.service_time import MedianTracker


def after(*samples: float) -> MedianTracker:
    tracker = MedianTracker()
    for sample in samples:
        tracker.add(sample)
    return tracker


class TestMedianTracker:
    def test_knows_nothing_at_first(self) -> None:
        assert after().value == 0.0

    def test_believes_its_first_sample(self) -> None:
        assert after(0.02).value == 0.02

    def test_ignores_what_took_no_time(self) -> None:
        assert after(0.02, 0.0, -1.0).value == 0.02

    def test_never_goes_beyond_a_sample(self) -> None:
        assert after(0.02, 0.021, 0.0205).value == pytest.approx(0.0205)

    @pytest.mark.parametrize(
        ("law", "median"), [(Lognormal(0.020, 0.012), 0.01715), (Pareto(1.1, 0.010), 0.01878)]
    )
    def test_finds_the_median(self, law: Law, median: float) -> None:
        chance = random.Random(1)
        tracker = after(*(law.draw(chance) for _ in range(500)))
        seen = []
        for _ in range(2000):
            tracker.add(law.draw(chance))
            seen.append(tracker.value)
        assert sum(seen) / len(seen) == pytest.approx(median, rel=0.1)

    def test_follows_a_tenfold_change_within_fifty_samples(self) -> None:
        tracker = after(*[0.01] * 100, *[0.1] * 50)
        assert tracker.value == pytest.approx(0.1, rel=0.1)

    def test_is_moved_little_by_one_that_took_for_ever(self) -> None:
        assert after(*[0.01] * 100, 60.0).value < 0.011
