"""Hedging under an ``httpx.AsyncClient``: a transport around another transport.

Carries one httpx request out as several attempts; must not know redirects, cookies
or authentication, which httpx does above its transports (so each hop of a redirect
is hedged, and has its deadline, by itself).

::

    transport = HedgedTransport(httpx.AsyncHTTPTransport(), HedgeRule.of(0.1), deadline=1.0)
    async with httpx.AsyncClient(transport=transport) as client:
        answer = await client.get(url)
        answer = await client.get(url, extensions={"deadline": 0.3})

Errors stay httpx's own: when no attempt brought an answer, the error that tells most
is raised as it is, so that code around the client catches what it always has.  Only
the deadline has a class of ours, which is an ``httpx.TimeoutException`` too.

Why the deadline is not handed down as httpx timeouts: those start anew with each
operation, so that none of them can end a request at a point in time.  Cancelling does.
"""

import asyncio
import math
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final

from typing_extensions import Self, override

from hedgerow.client.failures import DeadlineExceeded
from hedgerow.client.http import HttpHedging, best_error, follow, is_json
from hedgerow.client.race import Race
from hedgerow.errors import Failure
from hedgerow.policy import AnswerRule, Attempt, Budget, Counters, Exchange, HedgeRule, Situation

try:
    import httpx
except ImportError as missing:
    raise ImportError(
        "hedgerow.client.httpx needs httpx, an extra: pip install 'hedgerow[httpx]'"
    ) from missing

__all__ = ["HedgedTransport", "HttpxDeadlineExceeded"]

#: The first that fits; the order matters, because httpx's pool and connect timeouts are timeouts.
_FAILURES: Final = (
    (httpx.PoolTimeout, Failure.NO_CAPACITY),
    ((httpx.ConnectTimeout, httpx.ConnectError), Failure.CONNECT),
    (httpx.TimeoutException, Failure.TIMEOUT),
    (httpx.ProtocolError, Failure.PROTOCOL),
    (httpx.DecodingError, Failure.UNUSABLE),
)


class HttpxDeadlineExceeded(DeadlineExceeded, httpx.TimeoutException):
    """The deadline passed before an answer came, or while it was being read."""

    def __init__(self, *, seconds: float, exchange: Exchange, request: httpx.Request) -> None:
        DeadlineExceeded.__init__(self, seconds=seconds, attempts=len(exchange.attempts))
        self.request = request


class HedgedTransport(httpx.AsyncBaseTransport):
    """Sends requests through ``wrapped``, and copies of those that are slow or fail.

    Only requests that may be sent twice are: GET, HEAD and OPTIONS, what else the rule's
    ``methods`` lists, POST and PATCH with an ``Idempotency-Key``; and only with a body of
    bytes.  A request's ``extensions`` may bring a ``deadline`` of its own (seconds) and
    ``hedge``, which says yes or no whatever the method is.
    """

    def __init__(
        self,
        wrapped: httpx.AsyncBaseTransport,
        rule: HedgeRule,
        *,
        answers: AnswerRule | None = None,
        deadline: float = math.inf,
        per_try: float = math.inf,
        budget: Budget | None = None,
    ) -> None:
        """Times are seconds.  ``deadline`` covers the answer to its last byte.

        ``answers`` says which answers win (by default those below 400); the others are kept
        in case nothing better comes.
        """
        self._wrapped = wrapped
        self._hedging = HttpHedging(
            rule, answers=answers, deadline=deadline, per_try=per_try, budget=budget
        )

    @property
    def counters(self) -> Counters:
        """Totals since the start: requests, attempts, hedges, answers and failures."""
        return self._hedging.policy.counters

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        hedging = self._hedging
        seconds = hedging.seconds(request.extensions.get("deadline"))
        exchange = hedging.exchange(
            request.method,
            request.headers,
            replayable=isinstance(request.stream, httpx.ByteStream),
            deadline=seconds,
            hedge=request.extensions.get("hedge"),
        )
        judge_json = hedging.policy.answers.body == "json"
        race = Race(exchange, _Requests(self._wrapped, request, judge_json=judge_json))
        answer = await race.run()
        if answer is not None:
            return answer.handed_over(exchange, seconds)
        error = best_error(race)
        if error is None or exchange.situation is Situation.EXPIRED:
            raise HttpxDeadlineExceeded(seconds=seconds, exchange=exchange, request=request)
        raise error

    @override
    async def aclose(self) -> None:
        await self._wrapped.aclose()

    @override
    async def __aenter__(self) -> Self:
        await self._wrapped.__aenter__()
        return self

    @override
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._wrapped.__aexit__(exc_type, exc_value, traceback)
