import pytest

from hedgerow.policy import AnswerRule, HedgeRule, Policy
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
