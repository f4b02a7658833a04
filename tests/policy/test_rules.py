import dataclasses

import pytest

from hedgerow.policy import AnswerRule, DeadlineRule, HedgeRule, LoadBudget, Policy
from hedgerow.policy.cancel_efficacy import CancelEfficacy
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim
from tests.fakes.policy import route


class TestPolicy:
    def test_commits_to_a_good_head_by_default(self) -> None:
        assert not route().holds_answers

    @pytest.mark.parametrize(
        "policy",
        [route(answers=AnswerRule(body="json")), route(HedgeRule(at="first-byte"))],
        ids=["the body must be JSON", "the first byte counts"],
    )
    def test_holds_answers_back_when(self, policy: Policy) -> None:
        assert policy.holds_answers

    def test_counts_for_itself_alone(self) -> None:
        assert route().counters is not route().counters


class TestVariantsOfOneRoute:
    """A client that asks for a deadline of its own has the route's budget all the same."""

    def share_after(self, *factors: tuple[float, int]) -> float:
        """What a request puts in, after each of two variants in turn has seen a factor."""
        budget, efficacy = LoadBudget(share=0.2), CancelEfficacy()
        policy = route(HedgeRule(delay=0.1, extra=1, max_attempts=2), budget=budget)
        policy = dataclasses.replace(
            policy, delays=AdaptiveDelays(DelayAim(share=0.05)), efficacy=efficacy
        )
        variants = [policy, dataclasses.replace(policy, deadline=DeadlineRule(default=9.0))]
        for factor, which in factors:
            efficacy.budget_factor = factor
            variants[which].follow_efficacy()
        return budget._share

    def test_follow_what_cancelling_is_worth(self) -> None:
        assert self.share_after((0.5, 0)) == pytest.approx(0.1)

    def test_see_what_another_one_has_changed(self) -> None:
        assert self.share_after((0.5, 0), (1.0, 1)) == pytest.approx(0.2)
        assert self.share_after((0.5, 1), (1.0, 0)) == pytest.approx(0.2)
