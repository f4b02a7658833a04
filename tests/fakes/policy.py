"""Rooms for the policy tests: routes to choose from, and a shell without sockets.

``Race`` is the third part of every test of an exchange: it plays a script of things
that happen to attempts, carries the steps out the way a gateway would (cancel, step,
one timer), and writes down what was done.  It decides nothing and asserts nothing.

Times in scripts and records are seconds since the start.  Inside they begin at a
million, so that a forgotten subtraction shows at once (trio's idea).
"""

import heapq
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hedgerow.errors import Failure
from hedgerow.policy import (
    NO_HEDGE,
    AnswerRule,
    Attempt,
    Budget,
    DeadlineRule,
    Exchange,
    HedgeRule,
    NoBudget,
    Policy,
    Replica,
    RoundRobin,
    Situation,
    State,
    Step,
)
from tests.fakes.case_studies import Upstream

START: Final = 1_000_000.0


def replicas(count: int) -> list[Replica]:
    return [Replica(f"r{number}") for number in range(1, count + 1)]


def burst(delay: float = 0.3, extra: int = 2, *, same_replica: bool = True) -> HedgeRule:
    return HedgeRule.of(delay, extra, same_replica=same_replica)


def staggered(delay: float = 0.1, extra: int = 2, *, max_attempts: int = 0) -> HedgeRule:
    return HedgeRule(delay, extra, "staggered", max_attempts or 1 + extra)


def retrying(max_attempts: int) -> HedgeRule:
    """No copies by time; another attempt when one has failed."""
    return HedgeRule(max_attempts=max_attempts)


def route(
    hedge: HedgeRule = NO_HEDGE,
    *,
    replica_count: int = 4,
    answers: AnswerRule | None = None,
    deadline: DeadlineRule | None = None,
    budget: Budget | None = None,
    own_replies: Sequence[Situation] = (),
) -> Policy:
    return Policy(
        RoundRobin(replicas(replica_count)),
        hedge,
        answers or AnswerRule(),
        deadline or DeadlineRule(default=1.0),
        budget or NoBudget(),
        frozenset(own_replies),
    )


def smart_route(replica_count: int = 1) -> Policy:
    """The smart endpoint's rule: 300 ms, two more, the first 200 with a JSON body wins."""
    return route(
        burst(),
        replica_count=replica_count,
        answers=AnswerRule(frozenset({200}), "json"),
        own_replies=(Situation.EXHAUSTED, Situation.EXPIRED),
    )


class FixedBudget:
    """Allows a fixed number of extra attempts, and counts what was asked of it."""

    def __init__(self, extra: int) -> None:
        self.left = extra
        self.asked = 0
        self.deposits = 0

    def deposit(self) -> None:
        self.deposits += 1

    def withdraw(self, now: float) -> bool:
        self.asked += 1
        self.left -= 1
        return self.left >= 0


class Happening(Protocol):
    """Something that an upstream does to an attempt."""

    def tell(self, exchange: Exchange, now: float, attempt: Attempt) -> Step: ...


@dataclass(frozen=True, slots=True)
class Head:
    status: int = 200
    retry_after: float | None = None

    def tell(self, exchange: Exchange, now: float, attempt: Attempt) -> Step:
        return exchange.head_arrived(now, attempt, self.status, self.retry_after)


@dataclass(frozen=True, slots=True)
class BodyBegins:
    def tell(self, exchange: Exchange, now: float, attempt: Attempt) -> Step:
        return exchange.body_began(now, attempt)


@dataclass(frozen=True, slots=True)
class BodyJudged:
    usable: bool = True

    def tell(self, exchange: Exchange, now: float, attempt: Attempt) -> Step:
        return exchange.body_judged(now, attempt, usable=self.usable)


@dataclass(frozen=True, slots=True)
class Fails:
    failure: Failure = Failure.RESET

    def tell(self, exchange: Exchange, now: float, attempt: Attempt) -> Step:
        return exchange.attempt_failed(now, attempt, self.failure)


@dataclass(frozen=True, slots=True)
class Ends:
    def tell(self, exchange: Exchange, now: float, attempt: Attempt) -> Step:
        return exchange.answer_ended(now, attempt)


class Race:
    """One exchange and its shell; ``upstreams`` says what becomes of attempt 1, 2, ..."""

    def __init__(
        self,
        policy: Policy,
        *,
        deadline: float = 1.0,
        may_repeat: bool = True,
        start: float = 0.0,
        upstreams: Sequence[Upstream] = (),
    ) -> None:
        self.exchange = Exchange(policy, deadline_at=START + deadline, may_repeat=may_repeat)
        self.counters = policy.counters
        self.sent: list[tuple[float, int]] = []  # when each attempt went out
        self.cancelled: list[tuple[float, int]] = []
        self.steps: list[tuple[float, Step]] = []  # all but WAIT
        self._upstreams = upstreams
        self._coming: list[tuple[float, int, int, Happening]] = []
        self._order = itertools.count()  # what is told for the same moment keeps its order
        self._carry_out(START + start, self.exchange.start(START + start))

    def play(self, *script: tuple[float, int, Happening]) -> "Race":
        """Let each (time, attempt number, what happens) happen, and time act in between."""
        for at, number, happening in script:
            self._expect(START + at, number, happening)
        return self.until(max(at for at, _, _ in script))

    def until(self, at: float = math.inf) -> "Race":
        """Let all that is due by then happen; at the same moment, time acts first."""
        while True:
            event_at = self._coming[0][0] if self._coming else math.inf
            due_at = self.exchange.due_at
            if min(event_at, due_at) > START + at or event_at == due_at == math.inf:
                return self
            if due_at <= event_at:
                self._carry_out(due_at, self.exchange.timer_fired(due_at))
            else:
                now, _, number, happening = heapq.heappop(self._coming)
                attempt = self.exchange.attempts[number - 1]
                self._carry_out(now, happening.tell(self.exchange, now, attempt))

    def client_leaves(self, at: float) -> "Race":
        self.until(at)
        self._carry_out(START + at, self.exchange.client_left(START + at))
        return self

    @property
    def last(self) -> Step:
        return self.steps[-1][1]

    @property
    def winner(self) -> int | None:
        return self.exchange.winner.number if self.exchange.winner else None

    @property
    def state(self) -> State:
        return self.exchange.state

    @property
    def due(self) -> float:
        return round(self.exchange.due_at - START, 6)

    def attempt(self, number: int) -> Attempt:
        return self.exchange.attempts[number - 1]

    def _carry_out(self, now: float, step: Step) -> None:
        at = round(now - START, 6)
        self.cancelled += [(at, attempt.number) for attempt in self.exchange.cancelled]
        self.exchange.cancelled.clear()
        for attempt in self.exchange.launched:
            self.sent.append((at, attempt.number))
            if attempt.number <= len(self._upstreams):
                self._answer(now, attempt.number, self._upstreams[attempt.number - 1])
        self.exchange.launched.clear()
        if step is not Step.WAIT:
            self.steps.append((at, step))

    def _answer(self, now: float, number: int, upstream: Upstream) -> None:
        head_at = now + upstream.latency
        self._expect(head_at, number, Head(upstream.status))
        self._expect(head_at + upstream.body_time, number, BodyJudged())
        self._expect(head_at + upstream.body_time, number, Ends())

    def _expect(self, at: float, number: int, happening: Happening) -> None:
        heapq.heappush(self._coming, (at, next(self._order), number, happening))
