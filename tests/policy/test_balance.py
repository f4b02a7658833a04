import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from hedgerow.errors import ConfigError
from hedgerow.policy import Balancer, LeastRequest, Replica, RoundRobin
from hedgerow.policy.balance import ChangingBalancer
from hedgerow.policy.peak_ewma import PeakEwmaBalancer
from tests.fakes.policy import FixedBudget, Race, burst, replicas, route, staggered

Build = Callable[[Sequence[Replica]], Balancer]


def least_request(among: Sequence[Replica]) -> LeastRequest:
    return LeastRequest(among, random.Random(20130228))


def peak_ewma(among: Sequence[Replica]) -> PeakEwmaBalancer:
    return PeakEwmaBalancer(among, random.Random(20130228))


def weighing(*weights: float) -> list[Replica]:
    return [Replica(name, weight=weight) for name, weight in zip("abcdef", weights, strict=False)]


def names(balancer: Balancer, times: int) -> list[str]:
    found = [balancer.choose(()) for _ in range(times)]
    return [replica.name for replica in found if replica is not None]


def shares(balancer: Balancer, times: int) -> dict[str, float]:
    return {name: count / times for name, count in Counter(names(balancer, times)).items()}


@pytest.mark.parametrize("build", [RoundRobin, least_request, peak_ewma])
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

    def test_gives_each_its_weight_while_all_are_idle(self, build: Build) -> None:
        found = shares(build(weighing(5, 1, 2)), 8000)
        assert found == pytest.approx({"a": 5 / 8, "b": 1 / 8, "c": 2 / 8}, abs=0.02)

    def test_gives_a_copy_any_of_those_not_tried(self, build: Build) -> None:
        among = weighing(100, 1, 1)
        assert build(among).choose(among[:2]) is among[2]


@pytest.mark.parametrize("build", [RoundRobin, least_request, peak_ewma])
class TestReplicasThatChange:
    def test_are_chosen_from_the_new_list_only(
        self, build: Callable[[Sequence[Replica]], ChangingBalancer]
    ) -> None:
        among = replicas(4)
        balancer = build(among[:2])
        names(balancer, 3)
        balancer.use(among[1:])
        assert set(names(balancer, 100)) == {"r2", "r3", "r4"}

    def test_may_be_none(self, build: Callable[[Sequence[Replica]], ChangingBalancer]) -> None:
        balancer = build(replicas(2))
        balancer.use([])
        assert balancer.choose(()) is None

    def test_are_weighed_anew(self, build: Callable[[Sequence[Replica]], ChangingBalancer]) -> None:
        among = weighing(1, 1)
        balancer = build(among)
        names(balancer, 3)
        among[0].weight = 9
        balancer.use(among)
        assert shares(balancer, 4000)["a"] == pytest.approx(0.9, abs=0.02)


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


class TestRoundRobinByWeight:
    # The first is nginx's example, in which no more than four of one follow each other.
    @pytest.mark.parametrize(
        ("weights", "turns"),
        [
            ((5, 1, 1), "aaabaac" * 2),
            ((1, 1, 1), "abcabcabc"),
            ((2, 1), "aab" * 3),
            ((0.5, 0.5), "abab"),
            ((3, 2, 1), "abaabc" * 2),
        ],
    )
    def test_mixes_the_turns(self, weights: Sequence[float], turns: str) -> None:
        assert "".join(names(RoundRobin(weighing(*weights)), len(turns))) == turns

    def test_keeps_a_replica_in_its_place_when_another_comes(self) -> None:
        among = weighing(1, 1, 1)
        balancer = RoundRobin(among[:2])
        assert names(balancer, 1) == ["a"]
        balancer.use(among)
        assert names(balancer, 1) == ["b"]

    def test_does_not_make_one_wait_by_the_weight_it_had(self) -> None:
        among = weighing(1, 0.01)
        balancer = RoundRobin(among)
        names(balancer, 60)  # the light one has had its turn, and would wait for 100 more
        among[1].weight = 1
        balancer.use(among)
        assert "b" in names(balancer, 3)


class TestLeastRequestByWeight:
    def test_takes_twice_as_much_in_flight_for_equal_where_the_weight_is_double(self) -> None:
        among = weighing(2, 1)
        among[0].in_flight, among[1].in_flight = 3, 2
        assert set(names(least_request(among), 20)) == {"a"}
        among[0].in_flight = 5
        assert set(names(least_request(among), 20)) == {"b"}


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

    @pytest.mark.parametrize("weight", [0.0, -1.0, float("inf"), float("nan")])
    def test_refuses_a_weight_that_is_none(self, weight: float) -> None:
        with pytest.raises(ConfigError, match="weight of r1"):
            Replica("r1", weight=weight)
