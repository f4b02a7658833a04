"""The same script, played to the policy directly and through the gateway's shell.

``tests.fakes.policy.Race`` carries steps out on a list of events, ``ProxiedRequest`` with
connections.  Told of the same happenings they must launch and cancel the same attempts at
the same times, choose the same winner, and give the client the same thing.
"""

import asyncio
import heapq
from typing import Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from hedgerow.policy import AnswerRule, DeadlineRule, HedgeRule, Policy, Step
from hedgerow.wire.timers import Timer, TimerWheel
from tests.fakes import policy as direct
from tests.fakes.case_studies import CASE_STUDIES, CaseStudy, Upstream
from tests.fakes.clock import START, FakeClock
from tests.fakes.gateway_bench import Bench, bench, stopped
from tests.fakes.loop import FakeLoop


class ExactWheel(TimerWheel):
    """Fires at the due time itself: the real one may be a millisecond late."""

    @override
    def arm(self, now: float, due: float, timer: Timer) -> set[Timer]:
        bucket = {timer}
        loop = self._loop
        assert isinstance(loop, FakeLoop)
        handle = asyncio.TimerHandle(due, self._fire, (bucket,), loop)
        heapq.heappush(loop._timers, (due, next(loop._order), handle))
        return bucket

    def _fire(self, bucket: set[Timer]) -> None:
        assert isinstance(self._loop, FakeLoop)
        for timer in tuple(bucket):
            timer.timer_fired(self._loop.clock.now)


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


class Taken(NamedTuple):
    """What was done, and when."""

    sent: list[tuple[float, int]]
    cancelled: list[tuple[float, int]]
    winner: int | None
    situation: object
    answered: tuple[str, float] | None  # which way the client got its answer, if any


def directly(policy: Policy, script: Script | CaseStudy, deadline: float = 1.0) -> Taken:
    race = direct.Race(policy, deadline=deadline, upstreams=script.upstreams)
    leaves_at = script.leaves_at if isinstance(script, Script) else None
    if leaves_at is None:
        race.until()
    else:
        race.client_leaves(leaves_at)
    given = [(at, step) for at, step in race.steps if step in (Step.FORWARD, Step.REPLY)]
    return Taken(
        race.sent,
        sorted(race.cancelled),
        race.winner,
        race.exchange.situation,
        (given[0][1].name, given[0][0]) if given else None,
    )


class Shell:
    """The gateway's shell, and when it first wrote to the client."""

    def __init__(self, clock: FakeClock, policy: Policy, upstreams: tuple[Upstream, ...]) -> None:
        self.room: Bench = bench(clock, policy, upstreams=upstreams, wheel=ExactWheel)
        self.answered_at: float | None = None
        self.room.carrier.when_written = self._written

    def _written(self) -> None:
        if self.answered_at is None:
            self.answered_at = self.room.loop.clock.now

    @property
    def taken(self) -> Taken:
        lines, exchange = self.room.lines, self.room.exchange
        numbered = list(enumerate(lines, 1))
        way = "FORWARD" if exchange.winner is not None else "REPLY"
        return Taken(
            [(since_start(line.started_at), number) for number, line in numbered],
            sorted(
                (since_start(line.cancelled_at), number)
                for number, line in numbered
                if line.cancelled_at is not None
            ),
            exchange.winner.number if exchange.winner is not None else None,
            exchange.situation,
            None if self.answered_at is None else (way, since_start(self.answered_at)),
        )


def since_start(at: float) -> float:
    return round(at - START, 6)


def through_the_shell(policy: Policy, script: Script | CaseStudy, deadline: float = 1.0) -> Taken:
    policy.deadline = DeadlineRule(deadline, per_try=policy.deadline.per_try, covers="head")
    with pytest.MonkeyPatch.context() as patch:
        shell = Shell(stopped(patch), policy, script.upstreams)
        leaves_at = script.leaves_at if isinstance(script, Script) else None
        if leaves_at is not None:
            shell.room.later(leaves_at)
            shell.room.proxied.client_left()
        shell.room.later(10.0)
        return shell.taken


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


class TestShell:
    @pytest.mark.parametrize("case", CASE_STUDIES, ids=lambda case: str(case.name))
    def test_takes_the_steps_of_the_policy_when(self, case: CaseStudy) -> None:
        deadline = case.deadline_ms / 1000
        bare = directly(direct.smart_route(), case, deadline)
        assert through_the_shell(direct.smart_route(), case, deadline) == bare

    @given(scripts())
    def test_takes_the_steps_of_the_policy_whatever_happens(self, script: Script) -> None:
        assert through_the_shell(script.policy(), script) == directly(script.policy(), script)
