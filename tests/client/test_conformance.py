"""The same script, played to the policy directly and through this room's shell.

``tests.fakes.policy.Race`` carries steps out on a list of events, a client race on
coroutines; told of the same happenings they must take the same steps.
"""

from typing import Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.policy import AnswerRule, DeadlineRule, HedgeRule, Policy
from tests.client import recording
from tests.fakes import policy as direct
from tests.fakes.case_studies import CASE_STUDIES, CaseStudy, Upstream


class Script(NamedTuple):
    """What two shells are given; times are seconds since the start."""

    rule: HedgeRule
    body: str
    per_try: float
    upstreams: tuple[Upstream, ...]
    leaves_at: float | None

    def policy(self) -> Policy:
        answers = AnswerRule(body="json") if self.body == "json" else AnswerRule()
        limits = DeadlineRule(default=1.0, per_try=self.per_try, covers="head")
        return direct.route(self.rule, replica_count=1, answers=answers, deadline=limits)


# Nothing falls on the same moment: what happens to attempt n ends in a digit of its own.
hundredths = st.integers(1, 60).map(lambda n: n / 100)
statuses = st.sampled_from([200, 200, 404, 429, 500, 503])


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    extra = draw(st.integers(0, 3))
    mode: Literal["burst", "staggered"] = draw(st.sampled_from(["burst", "staggered"]))
    rule = HedgeRule.of(draw(hundredths), extra, mode=mode)
    upstreams = tuple(
        Upstream(draw(hundredths) + 0.0001 * 2**n, draw(statuses), draw(hundredths) / 10)
        for n in range(1 + extra)
    )
    per_try = draw(st.sampled_from([10.0, 0.2, 0.4]))
    leaves_at = draw(st.none() | hundredths.map(lambda at: at + 0.00005))
    return Script(rule, draw(st.sampled_from(["any", "json"])), per_try, upstreams, leaves_at)


def compare(shell: recording.RecordingRace, bare: direct.Race) -> None:
    assert shell.steps == bare.steps
    assert shell.sent == bare.sent
    assert sorted(shell.cancelled) == sorted(bare.cancelled)
    assert (shell.exchange.winner and shell.exchange.winner.number) == bare.winner
    assert shell.exchange.situation == bare.exchange.situation


class TestShell:
    @pytest.mark.parametrize("case", CASE_STUDIES, ids=lambda case: str(case.name))
    def test_takes_the_steps_of_the_policy_when(self, case: CaseStudy) -> None:
        deadline = case.deadline_ms / 1000
        bare = direct.Race(direct.smart_route(), deadline=deadline, upstreams=case.upstreams)
        shell = recording.played(direct.smart_route(), deadline=deadline, upstreams=case.upstreams)
        compare(shell, bare.until())

    @pytest.mark.unhurried(reason="plays many scripts")
    @given(scripts())
    def test_takes_the_steps_of_the_policy_whatever_happens(self, script: Script) -> None:
        shell = recording.played(
            script.policy(), deadline=1.0, upstreams=script.upstreams, leaves_at=script.leaves_at
        )
        bare = direct.Race(script.policy(), deadline=1.0, upstreams=script.upstreams)
        if script.leaves_at is None or shell.returned is not None:
            bare.until()  # an answer that has been returned is the caller's to break off
        else:
            bare.client_leaves(script.leaves_at)
        compare(shell, bare)

    @pytest.mark.unhurried(reason="plays many scripts")
    @given(scripts())
    def test_discards_every_answer_but_the_one_that_is_returned(self, script: Script) -> None:
        shell = recording.played(
            script.policy(), deadline=1.0, upstreams=script.upstreams, leaves_at=script.leaves_at
        )
        assert shell.calls.open == ([] if shell.returned is None else [shell.returned])
