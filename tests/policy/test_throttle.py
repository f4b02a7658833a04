import random

import pytest

from hedgerow.errors import ConfigError
from hedgerow.policy.throttle import AdaptiveThrottle

NOW = 1_000_000.0


def after(*, accepted: int, failed: int, k: float = 2.0) -> AdaptiveThrottle:
    throttle = AdaptiveThrottle(random.Random(1), k=k)
    for number in range(accepted + failed):
        throttle.ended(NOW, accepted=number < accepted)
    return throttle


class TestProbability:
    @pytest.mark.parametrize(
        ("accepted", "failed", "k", "share"),
        [
            (100, 0, 2.0, 0.0),
            (50, 50, 2.0, 0.0),
            (49, 51, 2.0, 2 / 101),
            (25, 75, 2.0, 50 / 101),
            (8, 92, 2.0, 84 / 101),
            (0, 100, 2.0, 0.9),
            (50, 50, 1.0, 50 / 101),
            (25, 75, 3.0, 25 / 101),
        ],
    )
    def test_is_the_formula_s(self, accepted: int, failed: int, k: float, share: float) -> None:
        throttle = after(accepted=accepted, failed=failed, k=k)
        assert throttle.probability(NOW) == pytest.approx(share)

    def test_is_nothing_while_few_are_known(self) -> None:
        assert after(accepted=0, failed=19).probability(NOW) == 0.0
        assert after(accepted=0, failed=20).probability(NOW) > 0.8

    def test_forgets_what_is_half_a_minute_old(self) -> None:
        assert after(accepted=0, failed=1000).probability(NOW + 33.0) == 0.0


class TestCalm:
    """While the window holds nothing but successes there is no need to ask."""

    def test_is_from_the_start(self) -> None:
        assert after(accepted=100, failed=0).is_calm_from <= NOW

    def test_is_over_with_a_failure_and_back_when_that_is_forgotten(self) -> None:
        throttle = after(accepted=0, failed=100)
        assert throttle.is_calm_from > NOW + 29.0
        assert throttle.probability(throttle.is_calm_from) == 0.0

    def test_is_over_with_what_is_refused_here(self) -> None:
        throttle = after(accepted=0, failed=100)
        while not throttle.refuses(NOW + 10.0):
            pass
        assert throttle.is_calm_from == NOW + 40.0


class TestAccepted:
    def test_may_be_added_in_line_until_the_slot_ends(self) -> None:
        throttle = after(accepted=1, failed=0)
        assert NOW < throttle.fresh_until <= NOW + 2.0
        throttle.fresh += 1
        assert throttle.statistics(NOW).accepts == 2

    def test_is_forgotten_slot_by_slot(self) -> None:
        throttle = AdaptiveThrottle(random.Random(1), window=15.0)
        for second in range(40):
            throttle.ended(NOW + second, accepted=True)
            assert throttle.statistics(NOW + second).accepts == min(second + 1, 15)


class TestThrottle:
    def test_refuses_nothing_of_a_healthy_upstream(self) -> None:
        throttle = after(accepted=100, failed=20)
        assert not any(throttle.refuses(NOW) for _ in range(1000))

    def test_lets_one_in_ten_through_to_a_dead_one(self) -> None:
        throttle = after(accepted=0, failed=100)
        refused = sum(throttle.refuses(NOW) for _ in range(10_000))
        assert refused == pytest.approx(9_000, abs=100)

    def test_counts_what_it_refuses_as_not_accepted(self) -> None:
        throttle = after(accepted=0, failed=100)
        while not throttle.refuses(NOW):
            pass
        assert throttle.statistics(NOW).requests == 101

    def test_lets_all_through_when_the_upstream_is_well_again(self) -> None:
        throttle = after(accepted=0, failed=1000)
        for tick in range(1200):
            now = NOW + tick / 10
            if not throttle.refuses(now):
                throttle.ended(now, accepted=True)
        assert throttle.probability(NOW + 120.0) == 0.0

    def test_settles_at_k_times_what_is_accepted(self) -> None:
        # The upstream takes 10 of 100 a second: so 20 are sent.
        throttle, sent = AdaptiveThrottle(random.Random(1), window=20.0), 0
        for second in range(100):
            let_in = sum(not throttle.refuses(NOW + second) for _ in range(100))
            for number in range(let_in):
                throttle.ended(NOW + second, accepted=number < 10)
            sent += let_in if second >= 50 else 0
        assert sent / 50 == pytest.approx(20.0, rel=0.15)

    def test_tells_what_it_knows(self) -> None:
        told = after(accepted=25, failed=75).statistics(NOW)
        assert (told.requests, told.accepts, told.refused) == (100, 25, 0)
        assert told.refuses == pytest.approx(50 / 101)

    def test_cannot_let_less_through_than_is_accepted(self) -> None:
        with pytest.raises(ConfigError, match=r"throttle = 0\.5"):
            AdaptiveThrottle(random.Random(1), k=0.5)
