"""What hedged HTTP calls have in common, whichever client sends them.

Reads an answer's head and body for the race, and says which requests may be sent
twice; must not know httpx or aiohttp, which bring their answers as :class:`HttpAnswer`.

The race is won at an answer's head, and its body is the caller's to read.  Two kinds
of body are read here: one that must be seen to be judged (``AnswerRule(body="json")``),
and a short one of an answer that was refused.  The latter frees its connection for the
copies, and leaves a whole answer to fall back on when nothing better comes in time.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol, TypeVar

import msgspec

from hedgerow.client.calls import single_call_policy
from hedgerow.client.race import Race
from hedgerow.policy import (
    NO_HEDGE,
    AnswerRule,
    Attempt,
    Budget,
    Exchange,
    HedgeRule,
    Policy,
    Step,
    best_failure,
)

#: Bytes of a refused answer's body that are read to keep it.  Error pages are shorter; what
#: is longer, or does not say how long it is, stays unread on its connection.
SHORT: Final = 64 * 1024

_DIGITS: Final = re.compile(r"[0-9]+")
#: Of a pushback that cannot be read.
_NEVER: Final = -1.0
_LONG: Final = 9  # digits: three decades, which is never; and no number is built from more


class HttpAnswer(Protocol):
    """An answer of which the head has arrived."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def whole(self) -> bool:
        """Say whether it has been received to its last byte."""

    async def read(self) -> None:
        """Receive the rest, and keep it for the caller."""

    async def read_json(self) -> None:
        """The same; raise the client's own error for a body that is not JSON."""

    async def peek(self) -> None:
        """Wait for the first byte of the body, and keep it for the caller."""


A = TypeVar("A", bound=HttpAnswer)


class HttpHedging:
    """The rules, the budget and the counters that one client's requests share."""

    def __init__(
        self,
        rule: HedgeRule,
        *,
        answers: AnswerRule | None,
        deadline: float,
        per_try: float,
        budget: Budget | None,
    ) -> None:
        self.policy = single_call_policy(rule, answers or AnswerRule(), deadline, per_try, budget)
        self._once: Policy = replace(self.policy, hedge=NO_HEDGE)

    def exchange(
        self,
        method: str,
        *,
        has_idempotency_key: bool,
        replayable: bool,
        deadline: float | None,
        hedge: bool | None,
    ) -> Exchange:
        """Prepare one request; ``hedge`` overrides what the rule says of its method."""
        if hedge is None:
            rule = self.policy.hedge
            hedge = rule.permits(method, has_idempotency_key=has_idempotency_key)
        return Exchange(
            self.policy if replayable else self._once,
            deadline_at=asyncio.get_running_loop().time() + self.seconds(deadline),
            may_repeat=hedge,
            hedge_class=method,
        )

    def seconds(self, deadline: float | None) -> float:
        return self.policy.deadline.default if deadline is None else deadline


async def follow(race: Race[A], attempt: Attempt, answer: A, *, judge_json: bool) -> None:
    """Tell the race of an answer, from its head on, as far as the verdict needs it."""
    exchange = race.exchange
    pushback = retry_after(answer.headers)
    head = exchange.head_arrived(race.now(), attempt, answer.status, pushback)
    if race.carry_out(head) is Step.HOLD:
        if judge_json:
            await answer.read_json()
            race.carry_out(exchange.body_judged(race.now(), attempt, usable=True))
        else:
            await answer.peek()
            race.carry_out(exchange.body_began(race.now(), attempt))
    elif exchange.winner is not attempt and attempt.ended_at is None and is_short(answer.headers):
        await answer.read()
    if answer.whole:
        race.carry_out(exchange.answer_ended(race.now(), attempt))


def best_error(race: Race[Any]) -> Exception | None:
    """Return the attempts' error that tells most, with a note for each of the others."""
    exchange = race.exchange
    told = [a for a in exchange.attempts if a.number in race.errors]
    failure = best_failure(exchange.attempts)
    best = next((a for a in told if a.failure is failure), None)
    if best is None:
        return None
    error = race.errors[best.number]
    for attempt in told:
        if attempt is not best:
            other = race.errors[attempt.number]
            error.add_note(f"attempt {attempt.number} ({attempt.kind.value}): {other!r}")
    return error


def is_json(body: bytes) -> bool:
    """Say whether a body is JSON by RFC 8259, which knows no NaN."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def is_short(headers: Mapping[str, str]) -> bool:
    """Say whether an answer announces a body that is worth keeping."""
    length = headers.get("content-length", "")
    return _DIGITS.fullmatch(length) is not None and len(length) < _LONG and int(length) <= SHORT


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks us to stay away (RFC 9110 section 10.2.3); None if it does not.

    Below 0, which means never, where it cannot be read: it was meant, and how long is not known.
    A date is read against the answer's own ``Date``: the difference needs no clock of ours,
    which may be wrong, and a date without one says nothing.
    """
    text = headers.get("retry-after")
    if text is None:
        return None
    text = text.strip()
    if _DIGITS.fullmatch(text):
        return float(text[:_LONG])
    try:
        at, sent = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
        return max((at - sent).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):  # a zone of 20 digits overflows
        return _NEVER
