"""What balancers are for, in a small world: docs/decisions/0014 has its tables."""

import random
from collections.abc import Sequence
from typing import Final

import pytest

from hedgerow.policy import LeastRequest, Replica, RoundRobin
from hedgerow.policy.balance import Balancer, ChangingBalancer
from hedgerow.policy.ejection import OutlierRule
from hedgerow.policy.peak_ewma import PeakEwmaBalancer
from hedgerow.policy.replica_set import ReplicaRules, ReplicaSet
from tests.fakes.balancing import Build, Setting, World

ANTAGONISTS: Final = Setting(load=0.8, antagonists=1.0, requests=12_000)


def round_robin(among: Sequence[Replica], chance: random.Random) -> Balancer:
    return RoundRobin(among)


def with_health(build: type[LeastRequest] | type[PeakEwmaBalancer]) -> Build:
    def built(among: Sequence[Replica], chance: random.Random) -> Balancer:
        inner: ChangingBalancer = build(among, chance)
        return ReplicaSet(among, inner, chance)

    return built


class TestReplicaThatFailsInAMillisecond:
    SINK = Setting(replicas=3, load=0.4, requests=6_000, fails_at_once=0)

    def test_draws_traffic_from_those_who_count_attempts(self) -> None:
        assert World(LeastRequest, self.SINK).share(0) > 0.4

    def test_draws_none_from_those_who_penalise_it(self) -> None:
        assert World(PeakEwmaBalancer, self.SINK).share(0) < 0.02

    @pytest.mark.parametrize("build", [LeastRequest, PeakEwmaBalancer])
    def test_draws_none_where_it_is_ejected(
        self, build: type[LeastRequest] | type[PeakEwmaBalancer]
    ) -> None:
        assert World(with_health(build), self.SINK).share(0) < 0.02


class TestSlowReplica:
    SLOW = Setting(load=0.7, requests=8_000, slow=0.33)

    def test_holds_up_those_who_only_take_turns(self) -> None:
        latency = World(round_robin, self.SLOW).quantile(0.99)
        assert latency > 5 * World(LeastRequest, self.SLOW).quantile(0.99)

    @pytest.mark.parametrize("build", [LeastRequest, PeakEwmaBalancer])
    def test_gets_less_than_its_turn(self, build: Build) -> None:
        assert World(build, self.SLOW).share(0) < 0.08

    def test_is_told_by_latency_though_all_fail_now_and_then(self) -> None:
        stray = Setting(load=0.7, requests=12_000, slow=0.33, error_rate=0.001)
        world = World(PeakEwmaBalancer, stray)
        assert world.quantile(0.99) < 80
        assert world.share(0) < 0.05


@pytest.mark.unhurried(reason="a small world, but 36,000 requests")
class TestAntagonists:
    @pytest.mark.parametrize("build", [LeastRequest, PeakEwmaBalancer])
    def test_are_avoided(self, build: Build) -> None:
        taking_turns = World(round_robin, ANTAGONISTS).quantile(0.99)
        assert World(build, ANTAGONISTS).quantile(0.99) < taking_turns / 3


class TestEqualReplicasThatFailAlike:
    def test_are_not_ejected_one_by_one(self) -> None:
        sets: list[ReplicaSet] = []

        def build(among: Sequence[Replica], chance: random.Random) -> Balancer:
            rules = ReplicaRules(outliers=OutlierRule(interval=0.5))
            sets.append(ReplicaSet(among, LeastRequest(among, chance), chance, rules))
            return sets[0]

        World(build, Setting(load=0.6, requests=8_000, error_rate=0.05))
        assert sets[0].statistics().ejections == 0
