import pytest

from hedgerow.errors import Failure
from hedgerow.policy import AnswerRule, Verdict
from hedgerow.policy.outcomes import NEVER_SENT, rank

EVERYDAY = AnswerRule()
ONLY_200 = AnswerRule(frozenset({200}))


class TestEverydayRule:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 226, 301, 302, 304, 307, 399])
    def test_lets_successes_and_redirects_win(self, status: int) -> None:
        assert EVERYDAY.judge(status) is Verdict.GOOD

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 505, 599])
    def test_tries_again_after_what_another_attempt_may_mend(self, status: int) -> None:
        assert EVERYDAY.judge(status) is Verdict.TRANSIENT

    @pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 410, 418, 422, 451, 499])
    def test_takes_a_refusal_for_an_answer(self, status: int) -> None:
        assert EVERYDAY.judge(status) is Verdict.FINAL


class TestRuleWithAList:
    def test_lets_the_listed_ones_win(self) -> None:
        assert ONLY_200.judge(200) is Verdict.GOOD

    @pytest.mark.parametrize("status", [201, 204, 301, 404, 500])
    def test_tries_again_after_every_other(self, status: int) -> None:
        assert ONLY_200.judge(status) is Verdict.TRANSIENT

    def test_may_list_an_error(self) -> None:
        assert AnswerRule(frozenset({200, 404})).judge(404) is Verdict.GOOD


class TestRules:
    def test_are_equal_when_they_say_the_same(self) -> None:
        assert AnswerRule(frozenset({200}), "json") == AnswerRule(frozenset({200}), "json")

    def test_know_every_status_of_three_digits(self) -> None:
        assert {EVERYDAY.judge(status) for status in range(100, 1000)} == set(Verdict)


class TestRank:
    def test_prefers_a_refusal_to_an_error_to_a_reset_to_a_timeout(self) -> None:
        best_first = [
            rank(404, None),
            rank(500, None),
            rank(599, None),
            rank(0, Failure.RESET),
            rank(0, Failure.TIMEOUT),
        ]
        assert best_first == sorted(set(best_first))

    @pytest.mark.parametrize("failure", Failure)
    def test_is_known_for_every_failure(self, failure: Failure) -> None:
        assert rank(0, failure) > rank(599, None)


class TestNeverSent:
    def test_means_that_the_upstream_cannot_have_seen_the_request(self) -> None:
        assert {Failure.CONNECT, Failure.NO_CAPACITY} == NEVER_SENT
