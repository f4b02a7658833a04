"""The facts of Netflix's AIMDLimitTest, and the edges of the formula."""

import pytest

from hedgerow.errors import ConfigError
from hedgerow.policy.limit_aimd import AIMDLimit

NOW = 1_000_000.0


def after(
    *rtts: float, initial: int = 10, in_flight: int = 10, dropped: bool = False, timeout: float = 5
) -> int:
    limit = AIMDLimit(initial, timeout=timeout, most=200)
    for rtt in rtts:
        limit.sample(NOW, rtt, in_flight, dropped=dropped)
    return limit.limit


class TestAIMDLimit:
    def test_begins_where_it_is_told(self) -> None:
        assert after() == 10

    def test_grows_by_one_on_success(self) -> None:
        assert after(0.001) == 11

    def test_falls_by_a_tenth_on_a_drop(self) -> None:
        assert after(0.001, dropped=True) == 9

    @pytest.mark.parametrize(("before", "then"), [(100, 90), (11, 9), (5, 4), (2, 1), (1, 1)])
    def test_falls_by_one_at_least_and_never_below_one(self, before: int, then: int) -> None:
        assert after(0.001, initial=before, dropped=True) == then

    def test_takes_what_is_too_slow_for_a_drop(self) -> None:
        assert after(0.101, timeout=0.1) == 9

    def test_is_content_with_just_the_timeout(self) -> None:
        assert after(0.1, timeout=0.1) == 11

    @pytest.mark.parametrize(("in_flight", "then"), [(4, 10), (5, 11)])
    def test_grows_only_while_half_of_it_is_used(self, in_flight: int, then: int) -> None:
        assert after(0.001, in_flight=in_flight) == then

    def test_does_not_grow_beyond_the_most(self) -> None:
        assert after(0.001, initial=200, in_flight=200) == 200

    def test_refuses_a_loss_that_is_a_gain(self) -> None:
        with pytest.raises(ConfigError, match="backoff = 1"):
            AIMDLimit(backoff=1.0)
