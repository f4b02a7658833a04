"""Whatever happens, in whatever order, at whatever time: what an exchange never does."""

import math
import random
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import Failure
from hedgerow.policy import (
    AnswerRule,
    Attempt,
    DeadlineRule,
    Exchange,
    HedgeRule,
    Policy,
    Replica,
    Situation,
    State,
    Step,
    Verdict,
)
from hedgerow.policy.admission import Admission
from hedgerow.policy.concurrency import FixedLimit
from hedgerow.policy.outcomes import NEVER_SENT
from tests.fakes.policy import (
    START,
    BodyBegins,
    BodyJudged,
    Ends,
    Fails,
    FixedBudget,
    Happening,
    Head,
    route,
)

DEADLINE: Final = 1.0
FINAL_STEPS: Final = {Step.FORWARD, Step.REPLY, Step.ABORT}
CLIENT_LEAVES: Final = "the client leaves"
TIMER_FIRES: Final = "the timer fires"
REQUEST_ENDS: Final = "the request is out"

hedge_rules = st.builds(
    HedgeRule,
    delay=st.sampled_from([0.0, 0.05, 0.1, 0.3, math.inf]),
    extra=st.integers(0, 3),
    mode=st.sampled_from(["burst", "staggered"]),
    max_attempts=st.integers(1, 5),
    same_replica=st.booleans(),
    at=st.sampled_from(["head", "first-byte"]),
)
answer_rules = st.builds(
    AnswerRule,
    statuses=st.sampled_from([None, frozenset({200})]),
    body=st.sampled_from(["any", "json"]),
)
deadline_rules = st.builds(
    DeadlineRule,
    default=st.just(DEADLINE),
    per_try=st.sampled_from([math.inf, 0.1, 0.25]),
    covers=st.sampled_from(["head", "answer"]),
)
policies = st.builds(
    route,
    hedge_rules,
    replica_count=st.integers(1, 4),
    answers=answer_rules,
    deadline=deadline_rules,
    budget=st.builds(FixedBudget, st.integers(0, 4)),
    own_replies=st.lists(st.sampled_from([Situation.EXHAUSTED, Situation.EXPIRED])),
)
happenings = st.one_of(
    st.builds(
        Head,
        status=st.sampled_from([200, 200, 204, 404, 429, 500, 503]),
        retry_after=st.sampled_from([None, None, 0.0, 0.1, 0.4, 5.0, -1.0]),
    ),
    st.builds(Fails, st.sampled_from(Failure)),
    st.builds(BodyJudged, st.booleans()),
    st.just(BodyBegins()),
    st.just(Ends()),
    st.just(TIMER_FIRES),
    st.just(REQUEST_ENDS),
)
gaps = st.sampled_from([0.0, 0.0, 0.001, 0.05, 0.1, 0.2, 0.3, 0.7])
events = st.tuples(gaps, st.integers(0, 4), happenings | st.just(CLIENT_LEAVES))
scripts = st.lists(events, max_size=20)


class Witness:
    """Tells an exchange what happens, and checks all that must hold after each event."""

    def __init__(self, policy: Policy, *, may_repeat: bool) -> None:
        streams = policy.deadline.covers == "head" and not may_repeat
        deadline_at = math.inf if streams else START + DEADLINE
        self.admission: Admission[str] = Admission(FixedLimit(9), random.Random(1))
        self.admission.try_enter(START, "this request")
        policy.admission = self.admission
        self.policy = policy
        self.may_repeat = may_repeat
        self.exchange = Exchange(policy, deadline_at=deadline_at, may_repeat=may_repeat)
        self.finals: list[Step] = []
        self.cancelled: list[Attempt] = []
        self.ended_by_itself: set[Attempt] = set()
        self.not_before: dict[Replica, float] = {}
        self.client_left = False
        self.see(START, self.exchange.start(START))

    def tell(self, now: float, number: int, what: Happening | str) -> None:
        exchange = self.exchange
        if what == TIMER_FIRES:
            self.see(now, exchange.timer_fired(now))
        elif what == REQUEST_ENDS:
            self.exchange.request_ended(now, now + DEADLINE)
        elif what == CLIENT_LEAVES:
            self.client_left = True
            self.see(now, exchange.client_left(now))
        elif not isinstance(what, str) and number < len(exchange.attempts):
            attempt = exchange.attempts[number]
            self.note(now, attempt, what)
            self.see(now, what.tell(exchange, now, attempt))

    def note(self, now: float, attempt: Attempt, what: Happening) -> None:
        """Remember what the exchange will have to respect."""
        racing = self.exchange.state is State.RACING and attempt.outcome is None
        if isinstance(what, Ends | Fails) and attempt not in self.cancelled:
            self.ended_by_itself.add(attempt)
        if what == BodyJudged(usable=False) and racing and attempt.status:
            self.ended_by_itself.add(attempt)
        if isinstance(what, Head) and racing and not attempt.status:
            pushes_back = self.policy.answers.judge(what.status) is Verdict.TRANSIENT
            if pushes_back and what.retry_after is not None:
                until = now + what.retry_after if what.retry_after >= 0 else math.inf
                self.not_before[attempt.replica] = max(
                    self.not_before.get(attempt.replica, -math.inf), until
                )

    def see(self, now: float, step: Step) -> None:
        exchange = self.exchange
        self.check_launched(now, step, exchange.launched)
        assert not {*self.cancelled} & {*exchange.cancelled}, "cancelled twice"
        assert not self.ended_by_itself & {*exchange.cancelled}, "cancelled after its end"
        self.cancelled += exchange.cancelled
        exchange.launched.clear()
        exchange.cancelled.clear()
        if step in FINAL_STEPS:
            self.finals.append(step)
        assert self.finals in ([], [Step.FORWARD], [Step.REPLY], [Step.FORWARD, Step.ABORT])
        running = sum(attempt.ended_at is None for attempt in exchange.attempts)
        assert sum({a.replica: a.replica.in_flight for a in exchange.attempts}.values()) == running
        assert self.admission.statistics().in_flight == running

    def check_launched(self, now: float, step: Step, launched: Sequence[Attempt]) -> None:
        assert (step is Step.LAUNCH) == bool(launched)
        if not launched or launched[0].number == 1:
            return
        exchange, rule = self.exchange, self.policy.hedge
        assert len(exchange.attempts) <= rule.max_attempts
        assert now < exchange.deadline_at
        assert all(self.not_before.get(a.replica, -math.inf) <= now for a in launched)
        assert not self.finals, "nothing is sent once the client has its answer"
        assert not self.client_left
        if not self.may_repeat:
            assert len(launched) == 1
            assert all(a.failure in NEVER_SENT for a in exchange.attempts[:-1])
        if not rule.same_replica:
            assert len({a.replica for a in exchange.attempts}) == len(exchange.attempts)

    def let_time_act(self, until: float) -> None:
        """Fire the timer whenever it is due; it must never ask to be fired for ever."""
        for _ in range(500):
            due_at = self.exchange.due_at
            if due_at > until or due_at == math.inf:
                return
            self.tell(due_at, 0, TIMER_FIRES)
        pytest.fail("the timer spins")

    def finish(self, now: float) -> None:
        """Let the timer fire for the last time, and the committed answer end."""
        self.tell(now, 0, REQUEST_ENDS)
        self.let_time_act(max(now, self.exchange.deadline_at))
        if self.exchange.winner is not None:
            self.tell(now, self.exchange.winner.number - 1, Ends())


def check_the_end(witness: Witness) -> None:
    """One request, one end; and nothing is left behind."""
    exchange, counters = witness.exchange, witness.policy.counters
    assert exchange.state is State.DONE
    assert exchange.due_at == math.inf
    assert counters.requests == counters.answered + counters.failed + counters.abandoned == 1
    assert counters.attempts == len(exchange.attempts) == 1 + counters.hedges + counters.retries
    assert (witness.finals == []) <= witness.client_left
    for attempt in exchange.attempts:
        assert attempt.outcome is not None
        assert attempt.ended_at is not None
        assert attempt.replica.in_flight == 0
        assert (attempt in witness.cancelled) != (attempt in witness.ended_by_itself)
    if Step.ABORT not in witness.finals and not witness.client_left:
        assert exchange.winner not in witness.cancelled


class TestAnyOrderOfEvents:
    @given(policy=policies, may_repeat=st.booleans(), script=scripts)
    def test_gives_one_end_and_leaks_no_attempt(
        self, policy: Policy, may_repeat: bool, script: list[tuple[float, int, Happening | str]]
    ) -> None:
        witness = Witness(policy, may_repeat=may_repeat)
        now = START
        for gap, number, what in script:
            now += gap
            witness.tell(now, number, what)
        witness.finish(now)
        check_the_end(witness)

    @given(policy=policies, may_repeat=st.booleans(), script=scripts)
    def test_leaves_no_timer_in_the_past_when_the_timer_is_punctual(
        self, policy: Policy, may_repeat: bool, script: list[tuple[float, int, Happening | str]]
    ) -> None:
        witness = Witness(policy, may_repeat=may_repeat)
        now = START
        for gap, number, what in script:
            now += gap
            witness.let_time_act(now)
            witness.tell(now, number, what)
            assert witness.exchange.due_at >= now
        witness.finish(now)
        check_the_end(witness)

    @given(policy=policies, may_repeat=st.booleans(), script=scripts)
    def test_changes_nothing_after_the_end(
        self, policy: Policy, may_repeat: bool, script: list[tuple[float, int, Happening | str]]
    ) -> None:
        witness = Witness(policy, may_repeat=may_repeat)
        witness.finish(START)
        told = [repr(attempt) for attempt in witness.exchange.attempts]
        counted = repr(policy.counters)
        for gap, number, what in script:
            witness.tell(START + DEADLINE + gap, number, what)
        assert [repr(attempt) for attempt in witness.exchange.attempts] == told
        assert repr(policy.counters) == counted
