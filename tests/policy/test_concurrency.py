import random
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.policy.concurrency import ConcurrencyLimit, FixedLimit, WindowedSamples
from hedgerow.policy.limit_aimd import AIMDLimit
from hedgerow.policy.limit_envoy import EnvoyGradientLimit
from hedgerow.policy.limit_gradient2 import Gradient2Limit
from hedgerow.policy.limit_halving import HalvingLimit, HalvingRules
from hedgerow.policy.limit_vegas import VegasLimit

NOW = 1_000_000.0


class Seen(NamedTuple):
    rtt: float
    in_flight: int
    dropped: bool


class NotedSamples:
    """A law that only notes what it is given; its limit counts them."""

    def __init__(self) -> None:
        self.limit = 10
        self.seen: list[Seen] = []

    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        self.seen.append(Seen(rtt, in_flight, dropped))
        self.limit += 1


def windowed() -> tuple[WindowedSamples, NotedSamples]:
    law = NotedSamples()
    return WindowedSamples(law), law


def feed(
    limit: WindowedSamples, count: int, *, over: float = 1.0, rtt: float = 0.01, drops: int = 0
) -> None:
    """Samples evenly over a time, the first at its start and the last at its end."""
    for number in range(count):
        now = NOW + over * number / (count - 1)
        limit.sample(now, rtt, 1 + number, dropped=number < drops)


class TestFixedLimit:
    def test_learns_nothing(self) -> None:
        limit = FixedLimit(7)
        limit.sample(NOW, 10.0, 7, dropped=True)
        assert limit.limit == 7

    def test_lets_something_through(self) -> None:
        with pytest.raises(ConfigError, match="limit = 0"):
            FixedLimit(0)


class TestWindow:
    def test_becomes_one_sample(self) -> None:
        limit, law = windowed()
        feed(limit, 20)
        [seen] = law.seen
        assert seen.rtt == pytest.approx(0.01)
        assert (seen.in_flight, seen.dropped) == (20, False)

    def test_is_not_closed_before_its_second(self) -> None:
        limit, law = windowed()
        feed(limit, 500, over=0.999)
        assert law.seen == []

    def test_is_not_closed_by_fewer_than_ten(self) -> None:
        limit, law = windowed()
        feed(limit, 9)
        assert law.seen == []

    def test_stays_open_until_the_tenth(self) -> None:
        limit, law = windowed()
        feed(limit, 9)
        limit.sample(NOW + 60.0, 0.01, 1, dropped=False)
        assert len(law.seen) == 1

    def test_gives_the_mean(self) -> None:
        limit, law = windowed()
        for number, rtt in enumerate([0.1] * 6 + [0.2] * 6):
            limit.sample(NOW + number / 11, rtt, 1, dropped=False)
        assert law.seen[0].rtt == pytest.approx(0.15)

    def test_passes_the_law_s_limit_on(self) -> None:
        limit, law = windowed()
        feed(limit, 20)
        assert limit.limit == law.limit == 11

    def test_begins_anew_when_it_is_closed(self) -> None:
        limit, law = windowed()
        feed(limit, 20)
        limit.sample(NOW + 1.5, 0.01, 1, dropped=False)
        assert len(law.seen) == 1


class TestSampleBelowAHundredMicroseconds:
    def test_is_ignored(self) -> None:
        limit, law = windowed()
        feed(limit, 100, rtt=99e-6)
        assert law.seen == []

    def test_counts_when_it_was_dropped(self) -> None:
        limit, law = windowed()
        feed(limit, 20, rtt=50e-6, drops=20)
        assert law.seen[0].dropped


class TestDrops:
    def test_of_one_in_twenty_are_tolerated(self) -> None:
        limit, law = windowed()
        feed(limit, 20, drops=1)
        assert not law.seen[0].dropped

    def test_of_two_in_twenty_are_not(self) -> None:
        limit, law = windowed()
        feed(limit, 20, drops=2)
        assert law.seen[0].dropped

    def test_do_not_enter_the_mean(self) -> None:
        limit, law = windowed()
        for number in range(12):
            is_drop = number % 2 == 0
            limit.sample(NOW + number / 11, 0.001 if is_drop else 0.3, 1, dropped=is_drop)
        assert law.seen[0].rtt == pytest.approx(0.3)


LAWS: dict[str, Callable[[], ConcurrencyLimit]] = {
    "AIMD": lambda: AIMDLimit(20, most=50),
    "Vegas": lambda: VegasLimit(random.Random(1), most=50),
    "Gradient2": lambda: Gradient2Limit(lowest=1, most=50),
    "Envoy": lambda: EnvoyGradientLimit(random.Random(1), lowest=1, most=50),
    "halving": lambda: HalvingLimit(HalvingRules(lowest=1, most=50, probe_every=1.0)),
}
RTTS = st.sampled_from([0.0, 50e-6, 0.001, 0.02, 0.5, 30.0])


class TestEveryLaw:
    @pytest.mark.parametrize("law", LAWS)
    @given(
        st.lists(st.tuples(st.floats(0.0, 0.5), RTTS, st.integers(0, 60), st.booleans())),
        st.integers(1, 20),
    )
    def test_stays_within_its_bounds_whatever_comes(
        self, law: str, samples: list[tuple[float, float, int, bool]], times: int
    ) -> None:
        for limit in (LAWS[law](), WindowedSamples(LAWS[law](), window=0.1)):
            now = NOW
            for gap, rtt, in_flight, dropped in samples * times:
                now += gap
                limit.sample(now, rtt, in_flight, dropped=dropped)
                assert 1 <= limit.limit <= 50
