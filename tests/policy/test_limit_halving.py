import math
from collections.abc import Callable

import pytest

from hedgerow.errors import ConfigError
from hedgerow.policy.limit_halving import HalvingLimit, HalvingRules, Phase

START = 1_000_000.0  # a multiple of the gap between probes

#: rtt by how many are in flight.
Upstream = Callable[[int], float]


def idle(_: int) -> float:
    """As fast however many there are."""
    return 0.010


def eight_workers(in_flight: int) -> float:
    return 0.010 * max(1.0, in_flight / 8)


class Fed:
    """A limit that is always used to the full, and a clock of a millisecond a sample."""

    def __init__(self, rules: HalvingRules | None = None) -> None:
        self.limit = HalvingLimit(rules)
        self.now = START

    def samples(self, count: int, upstream: Upstream, *, in_flight: int | None = None) -> "Fed":
        for _ in range(count):
            self.now += 0.001
            used = self.limit.limit if in_flight is None else in_flight
            self.limit.sample(self.now, upstream(used), used, dropped=False)
        return self

    def until(self, phase: Phase, upstream: Upstream) -> "Fed":
        for _ in range(1000):
            if self.limit.phase is phase:
                return self
            self.samples(1, upstream)
        raise AssertionError(f"never came to {phase}")

    def probed(self, upstream: Upstream) -> "Fed":
        return self.until(Phase.PROBING, upstream).until(Phase.FOLLOWING, upstream)


def following(limit: int = 20, floor: float = 0.010, *, slack: float = 0.0) -> Fed:
    """The first probe is over and has found this floor."""
    return Fed(HalvingRules(initial=limit, slack=slack)).probed(lambda _: floor)


def one_window(fed: Fed, upstream: Upstream, *, in_flight: int | None = None) -> Fed:
    """Samples until the limit has been looked at once, wherever the window stands."""
    before = fed.limit._since
    for _ in range(5000):
        fed.samples(1, upstream, in_flight=in_flight)
        if fed.limit._since != before:
            return fed
    raise AssertionError("the window was never closed")


class TestFirstProbe:
    def test_comes_after_one_window(self) -> None:
        assert Fed().samples(50, idle).limit.phase is Phase.FOLLOWING
        assert Fed().samples(130, idle).limit.phase is Phase.PROBING

    def test_halves_the_limit(self) -> None:
        assert Fed().until(Phase.PROBING, idle).limit.limit == 10

    def test_takes_fifty_samples(self) -> None:
        fed = Fed().until(Phase.PROBING, idle).samples(55, idle)
        assert fed.limit.phase is Phase.PROBING
        assert fed.samples(10, idle).limit.phase is Phase.FOLLOWING


class TestUpstreamThatIsNotBusy:
    def test_has_the_limit_as_before(self) -> None:
        fed = Fed().probed(idle)
        assert fed.limit.limit == 20
        assert fed.limit.floor == pytest.approx(0.010)


class TestBusyUpstream:
    def test_is_halved_until_it_gets_no_faster(self) -> None:
        # 64 -> 32 -> 16 -> 8 are each twice as fast; 8 -> 4 is not.
        fed = Fed(HalvingRules(initial=64)).probed(eight_workers)
        assert fed.limit.floor == pytest.approx(0.010)

    def test_has_the_limit_from_before_the_last_halving(self) -> None:
        assert Fed(HalvingRules(initial=64)).probed(eight_workers).limit.limit == 8

    def test_is_not_halved_below_the_lowest(self) -> None:
        fed = Fed(HalvingRules(initial=8, lowest=4)).probed(lambda used: used * 0.01)
        assert fed.limit.floor == pytest.approx(0.040)


class TestGradient:
    @pytest.mark.parametrize(
        ("limit", "rtt", "then"),
        [
            (100, 0.0125, 110),  # g = 1: 100 + sqrt(100)
            (100, 0.010, 136),  # g = 1.25: 125 + 11.18
            (100, 0.025, 57),  # g = 0.5: 50 + 7.07
            (100, 0.500, 57),  # no smaller than 0.5
            (100, 0.005, 214),  # no larger than 2: 200 + 14.14
            (900, 0.010, 1000),  # no more than the most
            (4, 0.500, 3),  # 2 + 1.41
        ],
    )
    def test_moves_the_limit(self, limit: int, rtt: float, then: int) -> None:
        assert one_window(following(limit), lambda _: rtt).limit.limit == then

    @pytest.mark.parametrize(
        ("floor", "rtt", "then"),
        [
            (0.001, 0.011, 110),  # 10 ms more is not busy yet
            (0.001, 0.020, 62),  # g = 0.55
            (0.100, 0.125, 110),  # a quarter of the floor is more than that
        ],
    )
    def test_is_not_moved_by_what_a_busy_gateway_adds(
        self, floor: float, rtt: float, then: int
    ) -> None:
        fed = following(100, floor, slack=0.01)
        assert one_window(fed, lambda _: rtt).limit.limit == then

    def test_does_not_grow_while_half_is_used(self) -> None:
        assert one_window(following(100), idle, in_flight=50).limit.limit == 100

    def test_grows_when_more_is_used(self) -> None:
        assert one_window(following(100), idle, in_flight=51).limit.limit == 136

    def test_takes_a_drop_for_infinitely_slow(self) -> None:
        fed = following(100)
        for _ in range(120):
            fed.now += 0.001
            fed.limit.sample(fed.now, 0.010, 100, dropped=True)
        assert fed.limit.limit == 57

    def test_looks_no_sooner_than_after_two_floors(self) -> None:
        # What was sent before the probe's end does not count: the first sample is at 200 ms.
        fed = following(100, floor=0.2).samples(399, lambda _: 0.2)
        assert fed.limit.limit == 100
        assert fed.samples(10, lambda _: 0.2).limit.limit == 136

    def test_ignores_what_was_sent_before_the_last_change(self) -> None:
        fed = one_window(following(100), lambda _: 0.025)
        fed.samples(49, lambda _: 0.050)
        assert fed.samples(50, idle).limit.limit == 57


class TestUpstreamThatIsSlowerForGood:
    def test_is_found_out_without_a_probe(self) -> None:
        fed = following(40)
        for _ in range(6):
            one_window(fed, lambda _: 0.030)
        assert fed.limit.phase is Phase.FOLLOWING
        assert fed.limit.floor == pytest.approx(0.030)

    def test_is_told_from_one_that_has_less_capacity(self) -> None:
        fed = following(40)
        for _ in range(6):
            one_window(fed, eight_workers)
        assert fed.limit.floor == pytest.approx(0.010)


class TestNextProbe:
    def test_is_at_a_multiple_of_the_gap(self) -> None:
        fed = following().until(Phase.FOLLOWING, idle)
        while fed.limit.phase is Phase.FOLLOWING:
            fed.samples(1, idle)
        assert math.floor(fed.now) % 30 == 0

    def test_of_a_slow_upstream_comes_later(self) -> None:
        # 50 samples of 4 s each, one at a time: a probe of 200 s is a 25th of 5000 s.
        limit, now = HalvingLimit(HalvingRules(initial=2, lowest=1)), START
        probing = []
        for _ in range(1500):
            now += 4.0
            limit.sample(now, 4.0, 2, dropped=False)
            probing.append(limit.phase is Phase.PROBING)
        assert sum(probing) / len(probing) < 0.08
        assert any(probing)

    def test_comes_within_the_hour_after_a_night_without_traffic(self) -> None:
        fed = Fed().until(Phase.PROBING, idle)
        fed.now += 8 * 3600.0
        began = fed.until(Phase.FOLLOWING, idle).now
        due_at = fed.limit._probe_at
        assert due_at - began <= 3600.0

    def test_is_shared_by_all_with_one_clock(self) -> None:
        ones = [following(), following()]
        ones[1].samples(7, idle)
        for one in ones:
            while one.limit.phase is Phase.FOLLOWING:
                one.samples(1, idle)
        assert abs(ones[0].now - ones[1].now) < 0.2


class TestSettledLimit:
    def test_is_a_little_above_what_the_upstream_can_do(self) -> None:
        fed = Fed(HalvingRules(initial=64)).probed(eight_workers)
        seen = []
        for _ in range(50):
            one_window(fed, eight_workers)
            seen.append(fed.limit.limit)
        assert min(seen[10:]) >= 8
        assert max(seen[10:]) <= 20


class TestRules:
    def test_begin_within_their_bounds(self) -> None:
        with pytest.raises(ConfigError, match="initial = 1: must be from lowest"):
            HalvingRules(initial=1)
