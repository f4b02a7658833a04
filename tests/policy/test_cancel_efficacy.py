import random

import pytest
from typing_extensions import override

from hedgerow.policy import DeadlineRule, HedgeRule, LeastRequest, LoadBudget, NoBudget, Policy
from hedgerow.policy.cancel_efficacy import LEAST_FACTOR, CancelEfficacy
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim
from tests.fakes.policy import START, Ends, Head, Race, replicas
from tests.policy.hedging_model import MEAN, world

ONE, OTHER = replicas(2)


def seen(
    efficacy: CancelEfficacy, before: int, slow: int, count: int, *, after_cancel: bool = False
) -> None:
    """``count`` primaries meet a suspect with so many in flight; so many of them are slow."""
    for number in range(count):
        if after_cancel:
            efficacy.cancelled(START, ONE, 0.1)
        else:
            efficacy.outlived(START, ONE, 0.1)
        ONE.in_flight = before + 1
        cell = efficacy.dispatched(START, ONE)
        ONE.in_flight = 0
        assert cell is not None
        efficacy.told(cell, slow=number < slow)


def evidence(*, slow_after_cancel: int) -> CancelEfficacy:
    """Of 96: 48 are slow on an idle suspect, 88 behind one, so many after a cancel."""
    efficacy = CancelEfficacy()
    seen(efficacy, 0, 48, 96)
    seen(efficacy, 1, 88, 96)
    seen(efficacy, 0, slow_after_cancel, 96, after_cancel=True)
    return efficacy


class TestEfficacy:
    def test_is_believed_before_there_is_evidence(self) -> None:
        efficacy = CancelEfficacy()
        assert (efficacy.efficacy, efficacy.deviation, efficacy.budget_factor) == (1.0, 0.5, 1.0)

    def test_is_whole_where_a_cancel_leaves_no_trace(self) -> None:
        assert evidence(slow_after_cancel=48).efficacy > 0.9

    def test_is_none_where_a_cancelled_attempt_is_in_the_way_like_any_other(self) -> None:
        efficacy = evidence(slow_after_cancel=88)
        assert efficacy.efficacy < 0.15
        assert efficacy.budget_factor == pytest.approx(LEAST_FACTOR, abs=0.08)

    def test_is_half_between_them(self) -> None:
        assert evidence(slow_after_cancel=68).efficacy == pytest.approx(0.55, abs=0.1)

    def test_is_surer_the_more_was_seen(self) -> None:
        efficacy = evidence(slow_after_cancel=88)
        before = efficacy.deviation
        for _ in range(3):
            seen(efficacy, 0, 48, 96)
            seen(efficacy, 1, 88, 96)
            seen(efficacy, 0, 88, 96, after_cancel=True)
        assert efficacy.deviation < 0.7 * before < 0.5

    def test_is_unknown_where_load_does_not_slow_a_replica_down(self) -> None:
        efficacy = CancelEfficacy()
        for before in (0, 1):
            seen(efficacy, before, 48, 96)
        seen(efficacy, 0, 48, 96, after_cancel=True)
        assert efficacy.deviation > 0.4
        assert efficacy.efficacy == 1.0

    def test_of_a_machine_that_is_slow_anyway_is_not_low(self) -> None:
        efficacy = CancelEfficacy()
        seen(efficacy, 0, 90, 96)
        seen(efficacy, 1, 96, 96)
        seen(efficacy, 0, 90, 96, after_cancel=True)
        assert efficacy.efficacy > 0.9

    def test_forgets(self) -> None:
        efficacy = evidence(slow_after_cancel=88)
        for _ in range(60):
            seen(efficacy, 0, 48, 96)
            seen(efficacy, 1, 88, 96)
            seen(efficacy, 0, 48, 96, after_cancel=True)
        assert efficacy.efficacy > 0.95
        assert efficacy.statistics().after_cancel < 4000


class TestSuspect:
    def test_is_a_replica_at_which_a_primary_has_outlived_its_delay(self) -> None:
        efficacy = CancelEfficacy()
        efficacy.outlived(START, ONE, 0.1)
        assert ONE in efficacy.suspects
        assert OTHER not in efficacy.suspects

    def test_is_none_any_more_after_one_delay(self) -> None:
        efficacy = CancelEfficacy()
        efficacy.outlived(START, ONE, 0.1)
        assert efficacy.dispatched(START + 0.11, ONE) is None
        assert not efficacy.suspects

    def test_remains_one_for_a_delay_after_the_cancel(self) -> None:
        efficacy = CancelEfficacy()
        efficacy.outlived(START, ONE, 0.1)
        efficacy.cancelled(START + 0.15, ONE, 0.1)
        assert efficacy.dispatched(START + 0.24, ONE) is not None

    def test_is_looked_at_once(self) -> None:
        efficacy = CancelEfficacy()
        efficacy.outlived(START, ONE, 0.1)
        efficacy.dispatched(START, ONE)
        assert ONE not in efficacy.suspects


def routed(balancer: LeastRequest, efficacy: CancelEfficacy) -> Policy:
    rule = HedgeRule.auto(0.05, 1)
    return Policy(
        balancer,
        rule,
        deadline=DeadlineRule(default=30.0),
        budget=LoadBudget(share=0.05, slack=0.04),
        delays=AdaptiveDelays(DelayAim.of(rule, 0.05)),
        efficacy=efficacy,
        randomness=random.Random(1),
    )


class LuckyCoin(random.Random):
    """Always says yes."""

    @override
    def random(self) -> float:
        return 0.0


class TestExchange:
    def hedged(self) -> tuple[CancelEfficacy, Race]:
        efficacy = CancelEfficacy()
        policy = routed(LeastRequest(replicas(2), random.Random(1)), efficacy)
        assert policy.delays is not None
        policy.budget, policy.randomness = NoBudget(), LuckyCoin()
        while policy.delays.of("").delay > 1.0:
            policy.delays.of("").ended(0.1)
        return efficacy, Race(policy).until(0.15)

    def test_tells_which_replica_is_suspect(self) -> None:
        efficacy, race = self.hedged()
        assert set(efficacy.suspects) == {race.attempt(1).replica}

    def test_tells_that_a_slow_primary_was_cancelled(self) -> None:
        efficacy, race = self.hedged()
        race.play((0.2, 2, Head(200)), (0.2, 2, Ends()))
        assert efficacy.suspects[race.attempt(1).replica].after_cancel

    def test_tells_of_no_cancel_when_the_slow_primary_won(self) -> None:
        efficacy, race = self.hedged()
        race.play((0.2, 1, Head(200)), (0.2, 1, Ends()))
        assert set(efficacy.suspects) == {race.attempt(1).replica}
        assert not efficacy.suspects[race.attempt(1).replica].after_cancel

    def test_scales_budget_and_delays(self) -> None:
        efficacy = evidence(slow_after_cancel=88)
        policy = routed(LeastRequest(replicas(2), random.Random(1)), efficacy)
        policy.follow_efficacy()
        assert policy.delays is not None
        assert policy.delays.of("").statistics().aim == pytest.approx(0.0555 * 0.55, rel=0.1)
        policy.budget.deposit()
        assert isinstance(policy.budget, LoadBudget)
        assert policy.budget.tokens == pytest.approx(0.05 * efficacy.budget_factor)


@pytest.mark.unhurried(reason="6,000 simulated requests")
@pytest.mark.parametrize("seed", [1, 2, 3])
class TestUpstream:
    """Ten replicas of one worker each, half loaded, on an event loop without a clock."""

    def measured(self, seed: int, *, notices: bool) -> CancelEfficacy:
        machines, balancer = world(seed, notices=notices)
        efficacy = CancelEfficacy()
        machines.run(routed(balancer, efficacy), requests=6_000, rate=0.4 * 10 / MEAN)
        return efficacy

    def test_that_stops_is_told_from_one_that_does_not(self, seed: int) -> None:
        stops = self.measured(seed, notices=True)
        works_on = self.measured(seed, notices=False)
        assert stops.efficacy > 0.85
        assert works_on.efficacy < 0.75
        assert stops.efficacy - works_on.efficacy > works_on.deviation


class TestReplicaThatIsGone:
    def test_leaves_nothing_behind(self) -> None:
        efficacy, replica = CancelEfficacy(), replicas(1)[0]
        efficacy.outlived(START, replica, 0.1)
        efficacy.cancelled(START, replica, 0.1)
        replica.in_flight = 1
        assert efficacy.dispatched(START + 0.01, replica) is not None
        efficacy.forget(replica)
        assert not efficacy._cells

    def test_is_no_suspect_any_more(self) -> None:
        efficacy = CancelEfficacy()
        gone = replicas(1)[0]
        efficacy.outlived(0.0, gone, 0.1)
        efficacy.forget(gone)
        efficacy.forget(gone)
        assert efficacy.suspects == {}
