import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.policy import Outcome, Replica
from hedgerow.policy.peak_ewma import PeakEwmaBalancer, _Record
from tests.fakes.policy import START, replicas


class Pair:
    """Two replicas, so that every choice compares both."""

    def __init__(self) -> None:
        self.one, self.other = replicas(2)
        self.balancer = PeakEwmaBalancer([self.one, self.other], random.Random(7))

    def told(self, replica: Replica, latency: float, *, at: float = 0.0) -> None:
        self.balancer.settled(START + at, replica, Outcome.SUCCESS, latency=latency)

    def failed(
        self,
        replica: Replica,
        *,
        at: float = 0.0,
        latency: float = 0.001,
        hint: float | None = None,
    ) -> None:
        self.balancer.settled(START + at, replica, Outcome.FAILURE, latency=latency, pushback=hint)

    def lost(self, replica: Replica, elapsed: float, *, at: float = 0.0) -> None:
        self.balancer.settled(START + at, replica, Outcome.IGNORE, latency=elapsed)

    @property
    def chosen(self) -> set[Replica | None]:
        return {self.balancer.choose(()) for _ in range(20)}


@pytest.fixture
def pair() -> Pair:
    return Pair()


class TestCost:
    def test_of_the_faster_one_is_lower(self, pair: Pair) -> None:
        pair.told(pair.one, 0.010)
        pair.told(pair.other, 0.030)
        assert pair.chosen == {pair.one}

    def test_grows_with_what_is_in_flight(self, pair: Pair) -> None:
        pair.told(pair.one, 0.010)
        pair.told(pair.other, 0.030)
        pair.one.in_flight = 3  # 10 ms x 4 against 30 ms x 1
        assert pair.chosen == {pair.other}

    def test_is_not_raised_by_one_straggler(self, pair: Pair) -> None:
        for _ in range(50):
            pair.told(pair.one, 0.010)
        pair.told(pair.one, 0.500)
        pair.told(pair.other, 0.030)
        assert pair.chosen == {pair.one}

    def test_rises_within_a_second_or_two(self, pair: Pair) -> None:
        for tick in range(1000):
            pair.told(pair.one, 0.010, at=tick * 0.01)
        pair.told(pair.other, 0.030, at=10.0)
        for tick in range(150):
            pair.told(pair.one, 0.100, at=10.0 + tick * 0.01)
        pair.told(pair.other, 0.030, at=11.5)
        assert pair.chosen == {pair.other}

    def test_fades_so_that_one_once_slow_is_tried_again(self, pair: Pair) -> None:
        pair.told(pair.one, 0.5)
        pair.told(pair.other, 0.010, at=30.0)
        assert pair.chosen == {pair.other}  # 500 ms is 25 ms after 3 time constants
        pair.told(pair.other, 0.010, at=45.0)
        assert pair.chosen == {pair.one}

    def test_of_no_time_at_all_is_no_error(self, pair: Pair) -> None:
        pair.told(pair.one, 0.0)
        pair.told(pair.other, 0.010)
        assert pair.chosen == {pair.one}


class TestUnknownReplica:
    def test_gets_an_attempt_at_once(self, pair: Pair) -> None:
        pair.told(pair.one, 0.0001)
        assert pair.chosen == {pair.other}

    def test_gets_no_more_before_it_has_answered(self, pair: Pair) -> None:
        pair.told(pair.one, 0.010)
        pair.other.in_flight = 1
        pair.one.in_flight = 20
        assert pair.chosen == {pair.one}

    def test_that_is_busy_is_not_worse_than_anything(self, pair: Pair) -> None:
        pair.told(pair.one, 0.100)
        pair.other.in_flight = 1
        pair.one.in_flight = 20  # 100 ms x 21 against 1 s x 2
        assert pair.chosen == {pair.other}

    def test_that_is_busy_costs_more_the_busier_it_is(self, pair: Pair) -> None:
        pair.told(pair.one, 0.100)
        pair.other.in_flight = 9
        pair.one.in_flight = 20  # 100 ms x 21 against 1 s x 10
        assert pair.chosen == {pair.one}

    def test_is_what_a_forgotten_one_becomes(self, pair: Pair) -> None:
        pair.failed(pair.one)
        pair.told(pair.other, 0.010)
        pair.balancer.forget(pair.one)
        assert pair.chosen == {pair.one}


class TestFailure:
    def test_in_a_millisecond_is_no_speed(self, pair: Pair) -> None:
        pair.failed(pair.one)
        pair.told(pair.other, 2.0)
        assert pair.chosen == {pair.other}

    def test_costs_what_its_pushback_says(self, pair: Pair) -> None:
        pair.failed(pair.one, hint=30.0)
        pair.failed(pair.other)
        assert pair.chosen == {pair.other}

    def test_with_a_short_pushback_costs_less(self, pair: Pair) -> None:
        pair.failed(pair.one, hint=1.0)
        pair.failed(pair.other)
        assert pair.chosen == {pair.one}

    @pytest.mark.parametrize("hint", [0.0, 0.5, -1.0])
    def test_that_may_be_repeated_at_once_is_no_speed(self, pair: Pair, hint: float) -> None:
        pair.failed(pair.one, hint=hint)
        pair.told(pair.other, 0.9)
        assert pair.chosen == {pair.other}

    def test_that_must_never_be_repeated_costs_what_one_costs_that_does_not_say(
        self, pair: Pair
    ) -> None:
        pair.failed(pair.one, hint=-1.0)
        pair.failed(pair.other)
        assert pair.chosen == {pair.one, pair.other}

    def test_costs_no_more_than_five_minutes(self, pair: Pair) -> None:
        pair.failed(pair.one, hint=1e9)
        pair.failed(pair.other, hint=400.0)
        assert pair.chosen == {pair.one, pair.other}

    def test_that_took_longer_costs_that(self, pair: Pair) -> None:
        pair.failed(pair.one, latency=20.0)
        pair.failed(pair.other)
        assert pair.chosen == {pair.other}

    def test_among_many_successes_hardly_counts(self, pair: Pair) -> None:
        for number in range(1000):
            pair.told(pair.one, 0.010, at=number / 100)
            pair.told(pair.other, 0.030, at=number / 100)
        pair.failed(pair.one, at=10.0)
        assert pair.chosen == {pair.one}

    def test_is_outweighed_by_one_success_after_a_long_silence(self, pair: Pair) -> None:
        for number in range(1000):
            pair.failed(pair.one, at=number / 100)
        pair.told(pair.one, 0.010, at=70.0)
        pair.told(pair.other, 0.030, at=70.0)
        assert pair.chosen == {pair.one}


class TestLoser:
    def test_hides_no_slowness_by_being_stopped_early(self, pair: Pair) -> None:
        """Its copies win: not one of its answers is seen, and each was waited for 20 ms."""
        for tick in range(100):
            pair.lost(pair.one, 0.020, at=tick * 0.01)
            pair.told(pair.other, 0.080 if tick % 10 == 0 else 0.010, at=tick * 0.01)
        assert pair.chosen == {pair.other}

    def test_was_at_least_so_slow(self, pair: Pair) -> None:
        pair.told(pair.one, 0.010)
        pair.told(pair.other, 0.030)
        pair.lost(pair.one, 0.100)
        assert pair.chosen == {pair.other}

    def test_that_was_stopped_early_is_not_fast(self, pair: Pair) -> None:
        pair.told(pair.one, 0.030)
        pair.told(pair.other, 0.010)
        pair.lost(pair.one, 0.001)
        assert pair.chosen == {pair.other}

    def test_that_never_answered_before_is_known_by_it(self, pair: Pair) -> None:
        pair.lost(pair.one, 0.100)
        pair.told(pair.other, 0.010)
        assert pair.chosen == {pair.other}


class TestOrder:
    def test_does_not_change_as_time_goes_by(self, pair: Pair) -> None:
        pair.told(pair.one, 0.010)
        pair.told(pair.other, 0.011)
        third = Replica("r3")
        pair.balancer.settled(START + 1e4, third, Outcome.SUCCESS, latency=1.0)
        assert pair.chosen == {pair.one}

    def test_is_the_same_when_time_goes_backwards(self, pair: Pair) -> None:
        pair.told(pair.one, 0.010, at=5.0)
        pair.told(pair.other, 0.011, at=-5.0)
        assert pair.chosen == {pair.one}


class TestThreeReplicas:
    def test_share_when_they_are_equals(self) -> None:
        among = replicas(3)
        balancer = PeakEwmaBalancer(among, random.Random(3))
        chance = random.Random(4)
        counts: Counter[str] = Counter()
        for number in range(3000):
            replica = balancer.choose(())
            assert replica is not None
            counts[replica.name] += 1
            latency = chance.expovariate(100)
            balancer.settled(START + number / 100, replica, Outcome.SUCCESS, latency=latency)
        assert min(counts.values()) > 500


class TestRecord:
    """What it keeps in a few sums is what the whole story says."""

    events = st.tuples(
        st.floats(0.0, 30.0),  # seconds since the one before
        st.sampled_from(list(Outcome)),
        st.floats(1e-4, 10.0),
    )

    @given(st.lists(events, min_size=1, max_size=30), st.sampled_from([1.0, 1e-3]))
    def test_is_the_higher_of_two_means_and_a_penalty(
        self, script: list[tuple[float, Outcome, float]], pace: float
    ) -> None:
        record, now = _Record(10.0), START
        story: list[tuple[float, Outcome, float]] = []
        for gap, outcome, seconds in script:
            now += gap * pace
            story.append((now, outcome, seconds))
            if outcome is Outcome.FAILURE:
                record.tell(now, seconds)
            elif outcome is Outcome.IGNORE:
                record.hear(now, seconds, 0.02)
            else:
                record.hear(now, seconds, 1.0)
                record.tell(now, 0.0)
        assert record.cost(now) == pytest.approx(by_the_book(story, now), rel=1e-3)


def by_the_book(story: list[tuple[float, Outcome, float]], now: float) -> float:
    """Sum up everything that ever happened, each by its age."""

    def faded(at: float, tau: float) -> float:
        return math.exp(-(now - at) / tau)

    heard = [one for one in story if one[1] is not Outcome.FAILURE]
    means = [0.0]
    for tau in (10.0, 1.0):
        waited = sum(seconds * faded(at, tau) for at, _, seconds in heard)
        answers = sum(
            (0.02 if outcome is Outcome.IGNORE else 1.0) * faded(at, tau)
            for at, outcome, _ in heard
        )
        means.append(waited / answers if answers else 0.0)
    latency = max(means) * (faded(heard[-1][0], 10.0) if heard else 0.0)
    ended = [one for one in story if one[1] is not Outcome.IGNORE]
    weight = sum(faded(at, 5.0) for at, _, _ in ended)
    costs = sum(
        seconds * faded(at, 5.0) for at, outcome, seconds in ended if outcome is Outcome.FAILURE
    )
    return latency + (costs / weight if weight > 1e-3 else 0.0)
