"""From texts to parts, and the mistakes in them."""

from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.faults import Constant
from hedgerow.policy import HedgeRule, LoadBudget, NoBudget
from hedgerow.simulate import Run, assembly, read_simulation
from hedgerow.simulate.gateway import HEDGE_CLASS
from hedgerow.simulate.laws import Exponential


def run(**description: Any) -> Run:
    return Run(read_simulation(description), seed=1)


class TestLoad:
    def rate(self, **description: Any) -> float:
        simulation = read_simulation(description)
        return assembly.arrivals(simulation, Exponential(0.01)).rate

    def test_is_a_share_of_what_all_workers_can_do(self) -> None:
        upstream = {"replicas": 5, "workers": 2}
        assert self.rate(traffic={"load": 0.5}, upstream=upstream) == pytest.approx(500)

    def test_counts_the_leaves(self) -> None:
        rate = self.rate(traffic={"load": 0.5}, upstream={"replicas": 10}, fan_out=5)
        assert rate == pytest.approx(100)

    def test_may_be_a_rate_instead(self) -> None:
        assert self.rate(traffic={"rate": "1.2k"}) == 1200


class TestHedge:
    def test_off_never_hedges(self) -> None:
        policy = run().policy
        assert (policy.hedge.max_attempts, policy.delays) == (1, None)
        assert isinstance(policy.budget, NoBudget)

    def test_after_a_delay_has_the_settings_of_the_file(self) -> None:
        hedge = {"delay": "9ms", "extra": 2, "mode": "staggered", "chance": "50%", "budget": "5%"}
        policy = run(route={"hedge": hedge}).policy
        rule = policy.hedge
        assert (rule.extra, rule.mode, rule.probability) == (2, "staggered", 0.5)
        assert rule.delay == pytest.approx(0.009)
        assert rule.max_attempts == 3
        assert isinstance(policy.budget, LoadBudget)

    def test_with_a_learned_delay_is_steered_to_the_budget(self) -> None:
        policy = run(route={"hedge": {"delay": "auto", "budget": "10%"}}).policy
        assert policy.delays is not None
        assert policy.delays.of(HEDGE_CLASS).statistics().aim == pytest.approx(0.1)

    def test_with_a_learned_delay_may_be_given_an_aim(self) -> None:
        policy = run(route={"hedge": {"delay": "auto", "aim": 0.03}}).policy
        assert policy.delays is not None
        assert policy.delays.of(HEDGE_CLASS).statistics().aim == pytest.approx(0.03)


class TestCoin:
    def chance(self, **hedge: Any) -> float:
        return run(route={"hedge": {"budget": "10%", **hedge}}).policy.hedge.probability

    def test_is_the_gateways_own_with_a_learned_delay_and_one_copy_at_a_time(self) -> None:
        found = self.chance(delay="auto", mode="staggered", extra=2)
        assert found == HedgeRule.auto(0.1, 2).probability

    def test_is_none_elsewhere(self) -> None:
        assert self.chance(delay="auto") == self.chance(delay="9ms", mode="staggered") == 1.0

    def test_may_be_given(self) -> None:
        assert self.chance(delay="auto", mode="staggered", chance="40%") == 0.4


class TestEfficacy:
    def test_is_watched_where_asked_for(self) -> None:
        hedge = {"delay": "auto", "budget": "5%"}
        assert run(route={"hedge": hedge}).cancel_efficacy is None
        watched = run(route={"hedge": {**hedge, "watch_cancelling": True}})
        assert watched.cancel_efficacy == 1.0  # until it is known better


class TestReplicas:
    def test_that_are_slow_come_first(self) -> None:
        upstream = read_simulation(
            {"upstream": {"replicas": 3, "slow_replicas": 1, "slow_factor": 4}}
        ).upstream
        assert list(assembly.slowness(upstream)) == [4, 1, 1]

    def test_without_network_time_have_no_network(self) -> None:
        upstream = read_simulation({}).upstream
        assert assembly.replica_rules(upstream).one_way is None

    def test_with_network_time_have_a_law_for_it(self) -> None:
        upstream = read_simulation({"upstream": {"network": "2ms"}}).upstream
        assert assembly.replica_rules(upstream).one_way == Constant(0.002)


class TestMistake:
    @pytest.mark.parametrize(
        ("description", "facts"),
        [
            ({"upstream": {"latency": "fast"}}, ("upstream.latency = 'fast'",)),
            ({"upstream": {"errors": "500"}}, ("upstream.errors = '500'",)),
            ({"upstream": {"spells": "ok=1s"}}, ("upstream.spells",)),
            ({"upstream": {"slow_replicas": 11}}, ("upstream.slow_replicas = 11", "10 replicas")),
            ({"upstream": {"workers": "unlimited"}}, ("traffic.load", "rate =")),
            ({"upstream": {"latency": "pareto:0.9,1ms"}}, ("traffic.load",)),
            ({"traffic": {}}, ("traffic", "either a rate or a load")),
            ({"traffic": {"rate": "1", "load": 0.5}}, ("either a rate or a load",)),
            ({"traffic": {"rate": "many"}}, ("traffic.rate = 'many'",)),
            ({"route": {"balance": "best"}}, ("route.balance = 'best'", "least-request")),
            ({"route": {"deadline": "1"}}, ("route.deadline = '1'",)),
            ({"route": {"hedge": {"delay": "soon"}}}, ("route.hedge.delay = 'soon'",)),
            ({"route": {"hedge": {"delay": "auto"}}}, ("route.hedge.delay", "budget")),
            ({"route": {"hedge": {"budget": "lots"}}}, ("route.hedge.budget = 'lots'",)),
            ({"warm_up": "half"}, ("warm_up = 'half'",)),
        ],
    )
    def test_is_named(self, description: dict[str, Any], facts: tuple[str, ...]) -> None:
        with pytest.raises(ConfigError) as caught:
            run(**description)
        assert all(fact in str(caught.value) for fact in facts), str(caught.value)
