import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from hedgerow.policy import Balancer, LeastRequest, Replica, RoundRobin
from tests.fakes.policy import FixedBudget, Race, burst, replicas, route, staggered

Build = Callable[[Sequence[Replica]], Balancer]


def least_request(among: Sequence[Replica]) -> LeastRequest:
    return LeastRequest(among, random.Random(20130228))


def names(balancer: Balancer, times: int) -> list[str]:
    found = [balancer.choose(()) for _ in range(times)]
    return [replica.name for replica in found if replica is not None]


@pytest.mark.parametrize("build", [RoundRobin, least_request])
class TestEveryBalancer:
    def test_returns_none_when_there_is_no_replica(self, build: Build) -> None:
        assert build([]).choose(()) is None

    def test_returns_the_only_replica_every_time(self, build: Build) -> None:
        assert names(build(replicas(1)), 3) == ["r1"] * 3

    def test_returns_none_that_has_been_tried(self, build: Build) -> None:
        among = replicas(3)
        balancer = build(among)
        assert {balancer.choose(among[:2]) for _ in range(20)} == {among[2]}

    def test_returns_none_when_all_have_been_tried(self, build: Build) -> None:
        among = replicas(3)
        assert build(among).choose(among) is None

    def test_returns_every_replica_in_the_long_run(self, build: Build) -> None:
        assert set(names(build(replicas(5)), 200)) == {"r1", "r2", "r3", "r4", "r5"}


class TestRoundRobin:
    def test_takes_each_in_turn(self) -> None:
        assert names(RoundRobin(replicas(3)), 7) == ["r1", "r2", "r3", "r1", "r2", "r3", "r1"]

    def test_gives_a_copy_the_replica_whose_turn_is_next(self) -> None:
        among = replicas(3)
        balancer = RoundRobin(among)
        names(balancer, 2)
        assert balancer.choose([among[1]]) is among[2]

    def test_gives_a_copy_another_where_the_next_has_been_tried(self) -> None:
        among = replicas(3)
        balancer = RoundRobin(among)
        names(balancer, 2)
        assert balancer.choose([among[2]]) is among[0]

    def test_spreads_the_primaries_evenly_though_a_copy_of_each_is_refused(self) -> None:
        policy = route(staggered(), replica_count=2, budget=FixedBudget(0))
        races = [Race(policy).until() for _ in range(10)]
        primaries = Counter(race.attempt(1).replica.name for race in races)
        assert primaries == {"r1": 5, "r2": 5}

    def test_spreads_the_primaries_evenly_though_each_has_a_copy(self) -> None:
        policy = route(staggered(extra=1), replica_count=2)
        races = [Race(policy).until() for _ in range(10)]
        primaries = Counter(race.attempt(1).replica.name for race in races)
        assert primaries == {"r1": 5, "r2": 5}

    def test_spreads_the_primaries_evenly_though_copies_go_where_one_has_been(self) -> None:
        policy = route(burst(), replica_count=2)
        races = [Race(policy).until() for _ in range(10)]
        primaries = Counter(race.attempt(1).replica.name for race in races)
        assert primaries == {"r1": 5, "r2": 5}


class TestLeastRequest:
    def test_takes_the_less_busy_of_two(self) -> None:
        busy, idle = replicas(2)
        busy.in_flight = 3
        assert set(names(least_request([busy, idle]), 20)) == {idle.name}

    def test_never_takes_the_busiest_of_three(self) -> None:
        among = replicas(3)
        among[1].in_flight = 9
        assert "r2" not in names(least_request(among), 100)

    def test_spreads_equals_about_evenly(self) -> None:
        counts = Counter(names(least_request(replicas(4)), 4000))
        assert all(900 < count < 1100 for count in counts.values())

    def test_is_the_same_again_with_the_same_seed(self) -> None:
        once, again = (names(least_request(replicas(5)), 30) for _ in range(2))
        assert once == again


class TestReplica:
    def test_shows_what_an_operator_looks_for(self) -> None:
        assert repr(Replica("10.0.0.1:9000")) == "<Replica 10.0.0.1:9000: 0 in flight>"
