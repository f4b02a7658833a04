"""Hedging for any coroutine: :func:`hedge` for one call, :class:`Hedger` for many.

Says what the result of an ordinary coroutine means for a race; must not know what
the coroutine does.  An exchange thinks in statuses, so a result becomes one of three:
good, rejected (by ``accept``), or final (an error that no other attempt would mend).

Why ``make_attempt`` and not a coroutine object: a coroutine can be awaited once, and
each attempt needs one of its own.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Generic, Literal, TypeAlias, TypeVar

from hedgerow.client.failures import (
    AllAttemptsFailed,
    AttemptTimeout,
    DeadlineExceeded,
    ResultRejected,
)
from hedgerow.client.race import Race
from hedgerow.errors import ConfigError, Failure
from hedgerow.policy import (
    AnswerRule,
    Attempt,
    Budget,
    Counters,
    DeadlineRule,
    Exchange,
    HedgeRule,
    NoBudget,
    Policy,
    Replica,
    RoundRobin,
    Situation,
)

T = TypeVar("T")

_ANSWERS: Final = AnswerRule()
_GOOD, _FINAL, _REJECTED = 200, 400, 503  # what _ANSWERS takes for good, final and transient
_RAISE: Final = frozenset({Situation.EXHAUSTED, Situation.EXPIRED})


async def hedge(
    make_attempt: Callable[[], Awaitable[T]],
    *,
    delay: float,
    extra: int = 1,
    deadline: float | None = None,
    mode: Literal["burst", "staggered"] = "burst",
    accept: Callable[[T], bool] | None = None,
) -> T:
    """Await ``make_attempt()``, and again up to ``extra`` times if that is slow or fails.

    The copies go out when ``delay`` seconds have passed, or at once when an attempt fails;
    ``mode`` says whether all together or one by one.  The first result that ``accept`` says
    yes to (by default: any) is returned, and the other attempts are cancelled.  If there
    is none, raises :class:`AllAttemptsFailed`, or :class:`DeadlineExceeded` once ``deadline``
    seconds have passed.
    """
    hedger = Hedger(HedgeRule.of(delay, extra, mode=mode))
    return await hedger.call(make_attempt, deadline=deadline, accept=accept)


class Hedger:
    """Hedged calls that share one rule, one load budget and one set of counters."""

    def __init__(
        self,
        rule: HedgeRule,
        *,
        deadline: float = math.inf,
        per_try: float = math.inf,
        budget: Budget | None = None,
        otherwise: Literal["raise", "return"] = "raise",
        final: type[Exception] | tuple[type[Exception], ...] = (),
    ) -> None:
        """Times are seconds; ``deadline`` holds for calls that bring none of their own.

        ``per_try`` bounds each attempt.  ``otherwise="return"`` returns a rejected result
        (the earliest attempt's) where there is no accepted one, instead of raising.  Errors
        in ``final`` end a call at once and are raised as they are.
        """
        whole = replace(rule, at="head")  # a result has no bytes to wait for
        self._policy = single_call_policy(whole, _ANSWERS, deadline, per_try, budget)
        if otherwise == "raise":
            self._policy.own_replies = _RAISE
        self._final = final

    @property
    def counters(self) -> Counters:
        """Totals since the start: requests, attempts, hedges, answers and failures."""
        return self._policy.counters

    async def call(
        self,
        make_attempt: Callable[[], Awaitable[T]],
        *,
        deadline: float | None = None,
        accept: Callable[[T], bool] | None = None,
        discard: Callable[[T], Awaitable[object]] | None = None,
    ) -> T:
        """Await ``make_attempt()``, hedged; see :func:`hedge`.

        ``discard`` frees a result that is not returned, for results that hold something
        open: one that ``accept`` rejected, or one that came in spite of a cancellation.
        """
        seconds = self._policy.deadline.default if deadline is None else deadline
        deadline_at = asyncio.get_running_loop().time() + seconds
        exchange = Exchange(self._policy, deadline_at=deadline_at, may_repeat=True)
        race = Race(exchange, _Coroutines(make_attempt, accept, discard, self._final))
        returned = await race.run()
        if returned is None:
            raise self._no_result(race, seconds)
        if isinstance(returned, _FinalError):
            raise returned.error
        return returned.result

    def _no_result(self, race: "Race[_Returned[T]]", seconds: float) -> Exception:
        exchange = race.exchange
        if exchange.situation is Situation.EXPIRED:
            sent = len(exchange.attempts)
            return DeadlineExceeded(seconds=seconds, attempts=sent, errors=race.failures())
        per_try = self._policy.deadline.per_try
        return AllAttemptsFailed(
            [
                race.errors.get(attempt.number) or AttemptTimeout(attempt.number, per_try)
                for attempt in exchange.attempts
            ]
        )


def single_call_policy(
    rule: HedgeRule,
    answers: AnswerRule,
    deadline: float,
    per_try: float,
    budget: Budget | None,
) -> Policy:
    """Build the policy of calls that have no replicas to choose from: copies repeat the call."""
    if not rule.delay >= 0:
        raise ConfigError(
            "delay",
            got=rule.delay,
            must="at least 0 seconds",
            fix="To hedge failures only, not slowness, use math.inf.",
        )
    if rule.extra < 0:
        raise ConfigError(
            "extra", got=rule.extra, must="at least 0", fix="It counts the copies beside the first."
        )
    for name, seconds in (("deadline", deadline), ("per_try", per_try)):
        if not seconds > 0:
            raise ConfigError(
                name, got=seconds, must="more than 0 seconds", fix="For no limit, leave it out."
            )
    return Policy(
        RoundRobin([Replica("call")]),
        replace(rule, same_replica=True),
        answers,
        DeadlineRule(default=deadline, per_try=per_try),
        budget or NoBudget(),
    )


@dataclass(slots=True)
class _Result(Generic[T]):
    result: T
    status: int


@dataclass(slots=True)
class _FinalError:
    error: Exception
    status: int = _FINAL


_Returned: TypeAlias = _Result[T] | _FinalError


class _Coroutines(Generic[T]):
    """Tells a race what the results of ``make_attempt()`` are worth."""

    __slots__ = ("_accept", "_discard", "_final", "_make_attempt")

    def __init__(
        self,
        make_attempt: Callable[[], Awaitable[T]],
        accept: Callable[[T], bool] | None,
        discard: Callable[[T], Awaitable[object]] | None,
        final: type[Exception] | tuple[type[Exception], ...],
    ) -> None:
        self._make_attempt = make_attempt
        self._accept = accept
        self._discard = discard
        self._final = final

    async def begin(self, attempt: Attempt) -> _Returned[T]:
        try:
            result = await self._make_attempt()
        except self._final as error:
            return _FinalError(error)
        return _Result(result, _GOOD)

    async def follow(
        self, race: "Race[_Returned[T]]", attempt: Attempt, answer: _Returned[T]
    ) -> None:
        accept = self._accept
        if accept is not None and isinstance(answer, _Result) and not accept(answer.result):
            answer.status = _REJECTED
            race.errors[attempt.number] = ResultRejected(attempt.number, answer.result)
        # Both events are of the same moment, so one step says it all, and no timer is set between.
        exchange, now = race.exchange, race.now()
        step = exchange.head_arrived(now, attempt, answer.status)
        exchange.answer_ended(now, attempt)
        race.carry_out(step)

    async def discard(self, answer: _Returned[T]) -> None:
        if self._discard is not None and isinstance(answer, _Result):
            await self._discard(answer.result)

    def failure(self, error: Exception) -> Failure:
        return Failure.TIMEOUT if isinstance(error, TimeoutError) else Failure.RESET
