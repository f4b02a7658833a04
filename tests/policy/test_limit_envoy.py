"""Envoy's gradient controller, worked out by hand from its formula."""

import random

import pytest

from hedgerow.policy.limit_envoy import EnvoyGradientLimit, Phase

START = 1_000_000.0


class Fed:
    """A limit, and a clock that goes on a millisecond a sample."""

    def __init__(self, limit: EnvoyGradientLimit) -> None:
        self.limit = limit
        self.now = START

    def samples(self, count: int, rtt: float, *, dropped: bool = False) -> "Fed":
        for _ in range(count):
            self.now += 0.001
            self.limit.sample(self.now, rtt, self.limit.limit, dropped=dropped)
        return self

    def window(self, rtt: float, *, dropped: bool = False) -> "Fed":
        """Enough samples that one window is closed."""
        return self.samples(100, rtt, dropped=dropped)


def new(**more: int) -> Fed:
    return Fed(EnvoyGradientLimit(random.Random(1), probe_every=1000.0, **more))


def following(floor: float = 0.010, limit: int = 3) -> Fed:
    """The probe is over, with this floor, and the limit stands here."""
    fed = new().samples(50, floor)
    fed.limit.limit = limit
    return fed


class TestProbe:
    def test_lets_three_in(self) -> None:
        assert new().limit.limit == 3

    def test_takes_fifty_samples(self) -> None:
        assert new().samples(49, 0.010).limit.phase is Phase.PROBING
        assert new().samples(50, 0.010).limit.phase is Phase.FOLLOWING

    def test_finds_the_median(self) -> None:
        fed = new().samples(25, 0.010).samples(25, 0.030)
        assert fed.limit.floor == pytest.approx(0.020)

    def test_ignores_drops(self) -> None:
        assert new().samples(60, 0.010, dropped=True).limit.phase is Phase.PROBING

    def test_restores_the_limit_it_interrupted(self) -> None:
        fed = Fed(EnvoyGradientLimit(random.Random(1), probe_every=1.0)).samples(50, 0.010)
        before = 0
        while fed.limit.phase is Phase.FOLLOWING:
            before = fed.limit.limit
            fed.samples(1, 0.010)
        assert fed.limit.limit == 3 < before
        assert fed.samples(60, 0.010).limit.limit >= before

    def test_ignores_what_was_sent_before_it(self) -> None:
        fed = Fed(EnvoyGradientLimit(random.Random(1), probe_every=1.0)).samples(50, 0.010)
        while fed.limit.phase is Phase.FOLLOWING:
            fed.samples(1, 0.010)
        assert fed.samples(55, 0.010).limit.phase is Phase.PROBING
        assert fed.samples(10, 0.010).limit.phase is Phase.FOLLOWING


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
            (4, 0.500, 3),  # no less than the lowest: 2 + 1.41
        ],
    )
    def test_moves_the_limit(self, limit: int, rtt: float, then: int) -> None:
        assert following(limit=limit).window(rtt).limit.limit == then

    def test_takes_a_drop_for_infinitely_slow(self) -> None:
        assert following(limit=100).window(0.010, dropped=True).limit.limit == 57

    def test_goes_by_the_median_of_the_window(self) -> None:
        fed = following(limit=100).samples(60, 0.0125).samples(40, 10.0)
        assert fed.limit.limit == 110


class TestFiveWindowsAtTheLowest:
    def test_bring_a_new_probe(self) -> None:
        fed = following(limit=3)
        for _ in range(4):
            fed.window(0.500)
        assert fed.limit.phase is Phase.FOLLOWING
        assert fed.window(0.500).limit.phase is Phase.PROBING
