"""The facts of Netflix's VegasLimitTest, and the rest of the formula."""

import random

import pytest

from hedgerow.policy.limit_vegas import VegasLimit

NOW = 1_000_000.0


def netflix(initial: int = 10) -> VegasLimit:
    """As in their test: alpha 3, beta 6, at most 20."""
    return VegasLimit(random.Random(1), initial=initial, most=20, alpha=3, beta=6)


def fed(limit: VegasLimit, *rtts: float, in_flight: int | None = None) -> int:
    for rtt in rtts:
        used = limit.limit if in_flight is None else in_flight
        limit.sample(NOW, rtt, used, dropped=False)
    return limit.limit


class TestVegasLimit:
    def test_begins_where_it_is_told(self) -> None:
        assert netflix().limit == 10

    def test_learns_the_shortest_rtt_first(self) -> None:
        assert fed(netflix(), 0.010) == 10

    def test_grows_by_beta_where_nothing_waits(self) -> None:
        assert fed(netflix(), 0.010, 0.010) == 16

    def test_grows_by_a_step_where_the_queue_is_short(self) -> None:
        # ceil(10 (1 - 10/12)) = 2: above 1, below 3.
        assert fed(netflix(), 0.010, 0.012) == 11

    def test_stays_where_the_queue_is_as_wanted(self) -> None:
        # ceil(10 (1 - 10/14)) = 3, ceil(10 (1 - 10/20)) = 5
        assert fed(netflix(), 0.010, 0.014, 0.020) == 10

    def test_shrinks_by_a_step_where_the_queue_is_long(self) -> None:
        # ceil(10 (1 - 10/50)) = 8, above 6
        assert fed(netflix(), 0.010, 0.050) == 9

    def test_shrinks_by_a_step_on_a_drop(self) -> None:
        limit = netflix()
        limit.sample(NOW, 0.010, 10, dropped=True)
        assert limit.limit == 9

    def test_learns_no_shortest_rtt_from_a_drop(self) -> None:
        limit = netflix()
        limit.sample(NOW, 0.001, 10, dropped=True)
        assert fed(limit, 0.010, 0.010) == 15

    def test_is_as_it_was_while_it_is_not_used(self) -> None:
        assert fed(netflix(), 0.010, 0.010, 0.050, in_flight=4) == 10

    @pytest.mark.parametrize(("initial", "step"), [(10, 1), (99, 1), (100, 2), (1000, 3)])
    def test_takes_larger_steps_the_higher_it_is(self, initial: int, step: int) -> None:
        limit = VegasLimit(random.Random(1), initial=initial, most=5000)
        assert fed(limit, 0.010, 0.010) == initial + 6 * step

    def test_does_not_leave_its_bounds(self) -> None:
        assert fed(netflix(), *[0.010] * 20) == 20
        limit = netflix(2)
        for _ in range(3):
            limit.sample(NOW, 0.010, 10, dropped=True)
        assert limit.limit == 1

    def test_can_be_smoothed(self) -> None:
        limit = VegasLimit(random.Random(1), initial=10, smoothing=0.5)
        assert fed(limit, 0.010, 0.010) == 13


class TestProbe:
    def test_forgets_the_shortest_rtt(self) -> None:
        # After 15 to 30 times the limit a sample five times as slow is the new shortest.
        limit = netflix()
        fed(limit, 0.010, *[0.014] * 310, in_flight=10)
        assert fed(limit, *[0.014] * 3) > 11

    def test_keeps_it_until_then(self) -> None:
        limit = netflix()
        assert fed(limit, 0.010, *[0.014] * 140, in_flight=10) == 10
