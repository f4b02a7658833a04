"""The same script, played to the policy directly and through the simulator's shell.

``tests.fakes.policy.Race`` carries steps out on a list of events, ``simulate.Gateway`` on an
agenda; told of the same happenings they must take the same steps.  The other two shells
(sockets, coroutines) are held to the same.
"""

from typing import Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.policy import AnswerRule, DeadlineRule, HedgeRule, Policy
from tests.fakes import policy as direct
from tests.fakes.case_studies import CASE_STUDIES, CaseStudy, Upstream
from tests.simulate.worlds import Shell


class Script(NamedTuple):
    """What both are given; times are seconds since the start."""

    rule: HedgeRule
    body: Literal["any", "json"]
    per_try: float
    upstreams: tuple[Upstream, ...]
    leaves_at: float | None

    def policy(self) -> Policy:
        limits = DeadlineRule(default=1.0, per_try=self.per_try, covers="head")
        rule = AnswerRule(body=self.body)
        return direct.route(self.rule, replica_count=1, answers=rule, deadline=limits)


# Nothing falls on the same moment: what happens to attempt n ends in a digit of its own.
hundredths = st.integers(1, 60).map(lambda n: n / 100)
statuses = st.sampled_from([200, 200, 404, 429, 500, 503])


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    extra = draw(st.integers(0, 3))
    modes: list[Literal["burst", "staggered"]] = ["burst", "staggered"]
    bodies: list[Literal["any", "json"]] = ["any", "json"]
    rule = HedgeRule.of(draw(hundredths), extra, mode=draw(st.sampled_from(modes)))
    upstreams = tuple(
        Upstream(draw(hundredths) + 0.0001 * 2**n, draw(statuses), draw(hundredths) / 10)
        for n in range(1 + extra)
    )
    per_try = draw(st.sampled_from([10.0, 0.2, 0.4]))
    leaves_at = draw(st.none() | hundredths.map(lambda at: at + 0.00005))
    return Script(rule, draw(st.sampled_from(bodies)), per_try, upstreams, leaves_at)


def compare(shell: Shell, bare: direct.Race) -> None:
    assert shell.gateway.steps == bare.steps
    assert shell.upstream.sent == bare.sent
    assert sorted(shell.upstream.cancelled) == sorted(bare.cancelled)
    assert (shell.winner and shell.winner.number) == bare.winner
    assert shell.flight is not None
    assert shell.flight.exchange.situation == bare.exchange.situation


class TestShell:
    @pytest.mark.parametrize("case", CASE_STUDIES, ids=lambda case: str(case.name))
    def test_takes_the_steps_of_the_policy_when(self, case: CaseStudy) -> None:
        deadline = case.deadline_ms / 1000
        bare = direct.Race(direct.smart_route(), deadline=deadline, upstreams=case.upstreams)
        policy = direct.smart_route()
        policy.deadline = DeadlineRule(default=deadline)
        compare(Shell(policy, case.upstreams), bare.until())

    @given(scripts())
    def test_takes_the_steps_of_the_policy_whatever_happens(self, script: Script) -> None:
        bare = direct.Race(script.policy(), deadline=1.0, upstreams=script.upstreams)
        if script.leaves_at is None:
            bare.until()
        else:
            bare.client_leaves(script.leaves_at).until()
        compare(Shell(script.policy(), script.upstreams, leaves_at=script.leaves_at), bare)
