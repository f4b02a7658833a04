"""Whether a replica answers for a deadline that has passed."""

import pytest

from hedgerow.policy import DeadlineRule, Exchange, HedgeRule, Outcome, Policy, RoundRobin
from tests.fakes.policy import START, replicas


def ended(
    *, blames: bool, delay: float = 0.1, lasts: float, answers_at: float | None = None
) -> Outcome | None:
    """How the only attempt ended whose request had so many seconds."""
    policy = Policy(
        RoundRobin(replicas(1)),
        hedge=HedgeRule(delay, 1),
        deadline=DeadlineRule(default=30.0, blames=blames),
    )
    exchange = Exchange(policy, deadline_at=START + lasts, may_repeat=True)
    exchange.start(START)
    if answers_at is not None:
        exchange.head_arrived(START + answers_at, exchange.attempts[0], 200)
    exchange.timer_fired(START + lasts)
    return exchange.attempts[0].outcome


class TestDeadlineOfTheRoute:
    @pytest.mark.parametrize("lasts", [0.01, 5.0])
    def test_is_the_replicas_fault(self, lasts: float) -> None:
        assert ended(blames=True, lasts=lasts) is Outcome.FAILURE

    def test_is_the_replicas_fault_inside_its_answer(self) -> None:
        assert ended(blames=True, lasts=0.05, answers_at=0.01) is Outcome.FAILURE


class TestDeadlineThatAClientCutShort:
    def test_is_not_the_replicas_fault_within_the_delay(self) -> None:
        assert ended(blames=False, lasts=0.09) is Outcome.IGNORE

    def test_is_its_fault_after_the_delay(self) -> None:
        assert ended(blames=False, lasts=0.11) is Outcome.FAILURE

    @pytest.mark.parametrize("lasts", [0.09, 0.2])
    def test_is_not_its_fault_inside_its_answer(self, lasts: float) -> None:
        assert ended(blames=False, lasts=lasts, answers_at=0.01) is Outcome.IGNORE
