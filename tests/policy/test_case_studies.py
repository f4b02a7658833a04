import itertools
import math

import pytest

from hedgerow.policy import DeadlineRule, Outcome, Situation, State, Step
from tests.fakes.case_studies import CASE_STUDIES, CaseStudy
from tests.fakes.policy import Race, smart_route

each_case = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASE_STUDIES]
)


def played(case: CaseStudy) -> Race:
    return Race(smart_route(), deadline=case.deadline_ms / 1000, upstreams=case.upstreams).until()


def message(race: Race) -> str:
    won = race.last is Step.FORWARD and race.exchange.winner is not None
    return "SUCCESS" if won else "ERROR"


class TestSmartEndpoint:
    @each_case
    def test_gives_the_expected_answer_when(self, case: CaseStudy) -> None:
        race = played(case)
        assert (message(race), race.winner) == (case.message, case.winner)

    @each_case
    def test_answers_at_the_expected_time_when(self, case: CaseStudy) -> None:
        race = played(case)
        assert race.steps[-1][0] == pytest.approx(case.ends_at)

    @each_case
    def test_sends_the_expected_attempts_when(self, case: CaseStudy) -> None:
        race = played(case)
        assert len(race.sent) == case.attempts
        early = case.upstreams[0].latency if case.upstreams[0].latency < 0.3 else 0.3
        assert race.sent[1:] == [(early, 2), (early, 3)][: case.attempts - 1]

    @each_case
    def test_leaves_no_attempt_running_when(self, case: CaseStudy) -> None:
        race = played(case)
        assert race.state is State.DONE
        assert {attempt.replica.in_flight for attempt in race.exchange.attempts} == {0}

    @each_case
    def test_says_why_it_gave_up_when(self, case: CaseStudy) -> None:
        failed_in_time = case.message == "ERROR" and case.ends_at < case.deadline_ms / 1000
        expected = Situation.EXHAUSTED if failed_in_time else Situation.EXPIRED
        assert played(case).exchange.situation is (None if case.message == "SUCCESS" else expected)

    @each_case
    def test_ignores_those_that_lost_when(self, case: CaseStudy) -> None:
        race = played(case)
        still_running = {number for _, number in race.cancelled}
        ignored = {a.number for a in race.exchange.attempts if a.outcome is Outcome.IGNORE}
        assert ignored == (still_running if case.message == "SUCCESS" else set())


class TestCaseStudies:
    def test_are_the_twenty_of_the_report(self) -> None:
        assert [case.example for case in CASE_STUDIES] == list(range(1, 21))

    @each_case
    def test_keep_what_happens_far_enough_apart_for_sockets_when(self, case: CaseStudy) -> None:
        """Except that the two copies leave together, and at the moment that calls for them."""
        deadline = case.deadline_ms / 1000
        race = played(case)
        moments = {0.0, deadline}
        for (sent_at, _), upstream in zip(race.sent, case.upstreams, strict=True):
            head_at = sent_at + upstream.latency
            moments |= {sent_at, head_at, head_at + upstream.body_time}
        times = sorted({round(at, 3) for at in moments if at <= deadline})
        assert min(later - sooner for sooner, later in itertools.pairwise(times)) >= 0.0399


class TestSmartEndpointsArgument:
    RULE = DeadlineRule(default=math.inf, minimum=0.3, maximum=60.0)

    @pytest.mark.parametrize("text", ["soon", "300.5", "", "0x1F4", "1e3", " 500"])
    def test_is_refused_when_it_is_not_an_integer(self, text: str) -> None:
        assert self.RULE.read(text) is Situation.DEADLINE_MALFORMED

    @pytest.mark.parametrize("text", ["299", "0", "-500"])
    def test_is_refused_when_it_is_below_three_hundred(self, text: str) -> None:
        assert self.RULE.read(text) is Situation.DEADLINE_TOO_SHORT

    def test_may_be_three_hundred_itself(self) -> None:
        assert self.RULE.read("300") == pytest.approx(0.3)

    def test_of_three_hundred_leaves_no_time_for_copies(self) -> None:
        race = Race(smart_route(), deadline=0.3).until()
        assert race.sent == [(0.0, 1)]
        assert race.steps[-1] == (0.3, Step.REPLY)

    def test_is_clamped_to_the_longest_that_the_route_allows(self) -> None:
        assert self.RULE.read("3600000") == pytest.approx(60.0)
