"""What the exchange takes from a delay controller, and what it tells it."""

import math
import random

import pytest

from hedgerow.errors import Failure, HedgerowBug
from hedgerow.policy import Exchange, HedgeRule, Policy, RoundRobin
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim, DelayController
from tests.fakes.policy import (
    START,
    BodyJudged,
    Ends,
    Fails,
    FixedBudget,
    Happening,
    Head,
    Race,
    replicas,
)

STAGGERED = HedgeRule(extra=2, mode="staggered", max_attempts=3)


def learning(
    rule: HedgeRule = STAGGERED, *, budget: int = 100, seed: int = 1, usual: float = 0.1
) -> Policy:
    """A route whose requests take ``usual`` seconds, and whose warm-up is over."""
    delays = AdaptiveDelays(DelayAim(share=0.05))
    while delays.of("").delay == math.inf:
        delays.of("").ended(usual)
    balancer = RoundRobin(replicas(4))
    purse, coin = FixedBudget(budget), random.Random(seed)
    return Policy(balancer, rule, budget=purse, delays=delays, randomness=coin)


def controller(policy: Policy, key: str = "") -> DelayController:
    assert policy.delays is not None
    return policy.delays.of(key)


def told(policy: Policy) -> tuple[int, int]:
    """How many were told to have outlived the delay, and to have ended, since the warm-up."""
    statistics = controller(policy).statistics()
    return statistics.outlived, statistics.ended - 40


class TestDelay:
    def test_is_what_was_learned_when_the_primary_was_dispatched(self) -> None:
        assert Race(learning()).due == 0.1

    def test_of_the_next_copy_is_the_same_again(self) -> None:
        assert Race(learning()).until(0.9).sent == [(0.0, 1), (0.1, 2), (0.2, 3)]

    def test_is_infinite_in_the_warm_up(self) -> None:
        policy = Policy(RoundRobin(replicas(2)), STAGGERED, delays=AdaptiveDelays(DelayAim(0.05)))
        assert Race(policy).until(0.9).sent == [(0.0, 1)]

    def test_does_not_keep_a_failure_in_the_warm_up_from_being_retried(self) -> None:
        policy = Policy(RoundRobin(replicas(2)), STAGGERED, delays=AdaptiveDelays(DelayAim(0.05)))
        race = Race(policy).play((0.3, 1, Fails()))
        assert race.until(0.9).sent == [(0.0, 1), (0.3, 2)]

    def test_is_each_classes_own(self) -> None:
        policy = learning()
        one = Exchange(policy, deadline_at=START + 1.0, may_repeat=True, hedge_class="bulk")
        one.start(START)
        assert one.due_at == START + 1.0

    def test_is_not_learned_where_there_are_no_copies(self) -> None:
        assert learning(HedgeRule(max_attempts=2)).delays is None


class TestPrimary:
    def test_that_is_still_racing_has_outlived_the_delay(self) -> None:
        policy = learning()
        Race(policy).until(0.1)
        assert told(policy) == (1, 0)

    def test_is_told_of_once_only(self) -> None:
        policy = learning()
        Race(policy).play((0.35, 1, Head(200)), (0.4, 1, Ends()))
        assert told(policy) == (1, 0)

    @pytest.mark.parametrize("status", [200, 404])
    def test_that_answered_has_ended_before(self, status: int) -> None:
        policy = learning()
        Race(policy).play((0.05, 1, Head(status)), (0.05, 1, Ends()))
        assert told(policy) == (0, 1)

    @pytest.mark.parametrize("happening", [Fails(), Head(503), Fails(Failure.CONNECT)], ids=str)
    def test_that_failed_fast_tells_nothing(self, happening: Happening) -> None:
        policy = learning()
        before = controller(policy).delay
        Race(policy).play((0.01, 1, happening), (0.02, 2, Head(200)), (0.02, 2, Ends()))
        assert told(policy) == (0, 0)
        assert controller(policy).delay == before

    def test_that_failed_tells_nothing_when_its_retry_outlives_the_delay(self) -> None:
        policy = learning()
        Race(policy).play((0.01, 1, Fails())).until(0.5)
        assert told(policy) == (0, 0)

    def test_that_failed_after_the_delay_had_outlived_it(self) -> None:
        policy = learning()
        Race(policy).play((0.15, 1, Fails()), (0.16, 2, Head(200)))
        assert told(policy) == (1, 0)

    def test_whose_client_left_before_tells_nothing(self) -> None:
        policy = learning()
        Race(policy).client_leaves(0.05)
        assert told(policy) == (0, 0)

    def test_whose_client_left_later_had_outlived_it(self) -> None:
        policy = learning()
        Race(policy).client_leaves(0.15)
        assert told(policy) == (1, 0)

    def test_whose_deadline_came_first_tells_nothing(self) -> None:
        policy = learning()
        Race(policy, deadline=0.08).until()
        assert told(policy) == (0, 0)

    def test_that_may_not_be_repeated_tells_nothing(self) -> None:
        policy = learning()
        Race(policy, may_repeat=False).play((0.05, 1, Head(200)), (0.05, 1, Ends()))
        assert told(policy) == (0, 0)

    def test_outlives_the_delay_though_the_budget_refuses_its_hedge(self) -> None:
        policy = learning(budget=0)
        Race(policy).until(0.1)
        assert told(policy) == (1, 0)

    def test_outlives_the_delay_when_its_answer_comes_before_a_late_timer(self) -> None:
        policy = learning()
        race = Race(policy)
        race.exchange.head_arrived(START + 0.15, race.attempt(1), 200)
        assert told(policy) == (1, 0)

    def test_outlives_the_delay_while_its_answer_is_held(self) -> None:
        rule = HedgeRule(extra=1, mode="staggered", max_attempts=2, at="first-byte")
        policy = learning(rule)
        Race(policy).play((0.05, 1, Head(200)), (0.15, 1, BodyJudged()))
        assert told(policy) == (1, 0)


class TestHedge:
    def test_is_not_sent_when_too_little_time_is_left_for_an_answer(self) -> None:
        policy = learning()
        race = Race(policy, deadline=0.19).until(0.18)  # the median is 0.1 s
        assert race.sent == [(0.0, 1)]
        assert policy.counters.hedges_suppressed == 1

    def test_is_sent_when_just_enough_is_left(self) -> None:
        assert len(Race(learning(), deadline=0.22).until(0.18).sent) == 2

    def test_that_is_suppressed_does_not_keep_a_failure_from_being_retried(self) -> None:
        race = Race(learning(), deadline=0.19).play((0.15, 1, Fails()))
        assert race.sent == [(0.0, 1), (0.15, 2)]

    def test_needs_as_much_time_as_the_rule_says(self) -> None:
        rule = HedgeRule(0.1, 1, "staggered", 2, min_useful=0.5)
        policy = Policy(RoundRobin(replicas(2)), rule)
        assert len(Race(policy, deadline=0.59).until(0.2).sent) == 1
        assert len(Race(policy, deadline=0.61).until(0.2).sent) == 2

    def test_needs_no_time_at_all_where_the_delay_is_fixed(self) -> None:
        policy = Policy(RoundRobin(replicas(2)), HedgeRule(0.1, 1, "staggered", 2))
        assert len(Race(policy, deadline=0.1001).until(0.1).sent) == 2


class TestCoin:
    def hedged(self, rule: HedgeRule, requests: int = 1000) -> int:
        policy = Policy(RoundRobin(replicas(4)), rule, randomness=random.Random(1))
        for _ in range(requests):
            Race(policy).until(0.15)
        assert policy.counters.hedges + policy.counters.hedges_withheld == requests
        return policy.counters.hedges

    def test_sends_the_hedge_as_often_as_it_says(self) -> None:
        assert self.hedged(HedgeRule.single_r(0.1, 0.3)) == pytest.approx(300, abs=45)

    def test_is_tossed_once_where_there_is_one_copy(self) -> None:
        policy = Policy(
            RoundRobin(replicas(4)),
            HedgeRule(0.1, 1, "staggered", 2, probability=1e-9),
            randomness=random.Random(1),
        )
        Race(policy).until()
        assert policy.counters.hedges_withheld == 1

    def test_is_tossed_again_where_another_copy_would_follow(self) -> None:
        policy = Policy(
            RoundRobin(replicas(4)),
            HedgeRule(0.3, 2, "staggered", 3, probability=1e-9),
            randomness=random.Random(1),
        )
        Race(policy).until()
        assert policy.counters.hedges_withheld == 3

    def test_that_is_learned_says_no_for_three_more_delays(self) -> None:
        """A request at a replica that hangs would be lost for it."""
        rule = HedgeRule(extra=1, mode="staggered", max_attempts=2, probability=1e-9)
        race = Race(learning(rule)).until(0.9)
        assert race.sent == [(0.0, 1), (0.4, 2)]
        assert race.counters.hedges_withheld == 1

    def test_has_no_say_in_retries(self) -> None:
        rule = HedgeRule.single_r(0.1, 1e-9)
        policy = Policy(RoundRobin(replicas(4)), rule, randomness=random.Random(1))
        race = Race(policy).play((0.2, 1, Fails()))
        assert race.sent == [(0.0, 1), (0.2, 2)]

    def test_needs_randomness(self) -> None:
        with pytest.raises(HedgerowBug):
            Policy(RoundRobin(replicas(4)), HedgeRule.single_r(0.1, 0.3))


class TestAutomaticRule:
    @pytest.mark.parametrize(("budget", "coin"), [(0.05, 0.92), (0.1, 0.96), (0.005, 0.5)])
    def test_tosses_a_fairer_coin_the_smaller_the_budget(self, budget: float, coin: float) -> None:
        assert HedgeRule.auto(budget, 1).probability == pytest.approx(coin)

    def test_sends_one_copy_at_a_time(self) -> None:
        rule = HedgeRule.auto(0.05)
        assert (rule.mode, rule.extra, rule.max_attempts) == ("staggered", 2, 3)
