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
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Final, Self

from typing_extensions import override

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

    def __init__(
        self,
        request: httpx.Request,
        *,
        seconds: float,
        attempts: int,
        errors: Sequence[Exception] = (),
    ) -> None:
        DeadlineExceeded.__init__(self, seconds=seconds, attempts=attempts, errors=errors)
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
            has_idempotency_key="idempotency-key" in request.headers,
            replayable=isinstance(request.stream, httpx.ByteStream),
            deadline=seconds,
            hedge=request.extensions.get("hedge"),
        )
        judge_json = hedging.policy.answers.body == "json"
        race = Race(exchange, _Requests(self._wrapped, request, judge_json=judge_json))
        answer = await race.run()
        if answer is not None:
            return answer.handed_over(exchange, seconds)
        if exchange.situation is Situation.EXPIRED:
            sent, errors = len(exchange.attempts), race.failures()
            raise HttpxDeadlineExceeded(request, seconds=seconds, attempts=sent, errors=errors)
        late = httpx.ReadTimeout("each attempt took longer than its own time", request=request)
        raise best_error(race) or late

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


class _Requests:
    """Makes a race's attempts: the same request, once through the wrapped transport each."""

    __slots__ = ("_judge_json", "_request", "_wrapped")

    def __init__(
        self, wrapped: httpx.AsyncBaseTransport, request: httpx.Request, *, judge_json: bool
    ) -> None:
        self._wrapped = wrapped
        self._request = request
        self._judge_json = judge_json

    async def begin(self, attempt: Attempt) -> "_Answer":
        response = await self._wrapped.handle_async_request(self._request)
        return _Answer(attempt, self._request, response)

    async def follow(self, race: "Race[_Answer]", attempt: Attempt, answer: "_Answer") -> None:
        await follow(race, attempt, answer, judge_json=self._judge_json)

    async def discard(self, answer: "_Answer") -> None:
        await answer.close()

    def failure(self, error: Exception) -> Failure:
        return _failure(error)


class _Answer:
    """One response, and what has been read of its body (raw: the client above decodes it)."""

    __slots__ = ("_ahead", "_request", "_response", "_rest", "_stream", "attempt", "whole")

    def __init__(self, attempt: Attempt, request: httpx.Request, response: httpx.Response) -> None:
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise TypeError(f"{response.stream!r} = must be an AsyncByteStream: is it a sync one?")
        self.attempt = attempt
        self._request = request
        self._response = response
        self._stream = response.stream
        self._rest = aiter(response.stream)
        self._ahead: list[bytes] = []
        self.whole = False

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> httpx.Headers:
        return self._response.headers

    async def read(self) -> None:
        self._ahead += [chunk async for chunk in self._rest]
        self.whole = True
        await self._stream.aclose()

    async def read_json(self) -> None:
        await self.read()
        if self._request.method == "HEAD":
            return
        headers, raw = self._response.headers, b"".join(self._ahead)
        decoded = httpx.Response(200, headers=headers, content=raw, request=self._request)
        if not is_json(decoded.content):
            raise httpx.DecodingError("the answer's body is not JSON", request=self._request)

    async def peek(self) -> None:
        async for chunk in self._rest:
            self._ahead.append(chunk)
            if chunk:
                return
        self.whole = True
        await self._stream.aclose()

    async def close(self) -> None:
        await self._stream.aclose()

    def handed_over(self, exchange: Exchange, seconds: float) -> httpx.Response:
        """Give the response to the caller, with a body that starts at its beginning."""
        if self.whole:
            self._response.stream = httpx.ByteStream(b"".join(self._ahead))
        else:
            self._response.stream = _WinningStream(self, exchange, seconds)
        return self._response

    def body(self) -> tuple[list[bytes], AsyncIterator[bytes]]:
        """What has been read already, and the rest."""
        return self._ahead, self._rest

    def expired(self, seconds: float, attempts: int) -> HttpxDeadlineExceeded:
        return HttpxDeadlineExceeded(self._request, seconds=seconds, attempts=attempts)


class _WinningStream(httpx.AsyncByteStream):
    """The body of the answer that won: read on by the caller, bounded by the deadline."""

    def __init__(self, answer: _Answer, exchange: Exchange, seconds: float) -> None:
        self._answer = answer
        self._exchange = exchange
        self._seconds = seconds

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        ahead, rest = self._answer.body()
        for chunk in ahead:
            yield chunk
        while True:
            try:
                chunk = await self._next(rest)
            except StopAsyncIteration:
                return
            yield chunk

    async def _next(self, rest: AsyncIterator[bytes]) -> bytes:
        """Read on, and tell the exchange when that is over."""
        exchange, loop = self._exchange, asyncio.get_running_loop()
        due_at = exchange.due_at
        deadline = asyncio.timeout_at(None if due_at == math.inf else due_at)
        try:
            async with deadline:
                return await anext(rest)
        except StopAsyncIteration:
            exchange.answer_ended(loop.time(), self._answer.attempt)
            raise
        except Exception as error:
            if deadline.expired():
                exchange.timer_fired(max(loop.time(), due_at))
                raise self._answer.expired(self._seconds, len(exchange.attempts)) from None
            exchange.attempt_failed(loop.time(), self._answer.attempt, _failure(error))
            raise

    @override
    async def aclose(self) -> None:
        self._exchange.client_left(asyncio.get_running_loop().time())  # unless it had all of it
        await self._answer.close()


def _failure(error: Exception) -> Failure:
    return next(
        (failure for kinds, failure in _FAILURES if isinstance(error, kinds)), Failure.RESET
    )
