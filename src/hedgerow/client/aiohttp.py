"""Hedging around an ``aiohttp.ClientSession``.

Carries one aiohttp request out as several attempts; must not know cookies, redirects
or authentication, which the session does within each attempt.

::

    hedged = HedgedSession(session, HedgeRule.of(0.1), deadline=1.0)
    async with hedged.get(url) as response:
        ...
    async with hedged_request(session, "GET", url, rule=HedgeRule.of(0.1)) as response:
        ...

Errors stay aiohttp's own: when no attempt brought an answer, the error that tells most
is raised as it is.  A deadline that has passed raises :class:`DeadlineExceeded`, which
is a ``TimeoutError``, like aiohttp's.

A response is handed over at its head.  From there on the deadline is aiohttp's to keep:
each attempt's total timeout ends with it.  (It rounds what lies more than 5 s ahead up
to the next whole second.)
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final

from hedgerow.client.failures import DeadlineExceeded
from hedgerow.client.http import HttpHedging, best_error, follow, is_json
from hedgerow.client.race import Race
from hedgerow.errors import ConfigError, Failure, HedgerowBug
from hedgerow.policy import AnswerRule, Attempt, Budget, Counters, HedgeRule, Situation

try:
    import aiohttp
    from aiohttp.typedefs import StrOrURL
    from multidict import CIMultiDict
except ImportError as missing:
    raise ImportError(
        "hedgerow.client.aiohttp needs aiohttp, an extra: pip install 'hedgerow[aiohttp]'"
    ) from missing

__all__ = ["HedgedRequest", "HedgedSession", "hedged_request"]

#: The first that fits; the order matters, because aiohttp's connect timeout is a timeout.
_FAILURES: Final = (
    ((aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError), Failure.CONNECT),
    (TimeoutError, Failure.TIMEOUT),
    (aiohttp.ContentTypeError, Failure.UNUSABLE),
    ((aiohttp.ClientResponseError, aiohttp.ClientPayloadError), Failure.PROTOCOL),
)


#: Seconds by which aiohttp's own timer comes after ours, which knows best what to do then.
_OURS_FIRST: Final = 0.001


class HedgedSession:
    """Sends requests through ``session``, and copies of those that are slow or fail.

    Only requests that may be sent twice are: GET, HEAD and OPTIONS, what else the rule's
    ``methods`` lists, POST and PATCH with an ``Idempotency-Key``; and only with a body that
    can be sent again (``json``, or ``data`` that is text, bytes or plain form fields).
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        rule: HedgeRule,
        *,
        answers: AnswerRule | None = None,
        deadline: float = math.inf,
        per_try: float = math.inf,
        budget: Budget | None = None,
    ) -> None:
        """Times are seconds.  The session stays its owner's, who closes it.

        ``answers`` says which answers win (by default those below 400); the others are kept
        in case nothing better comes.
        """
        if rule.at != "head":
            raise ConfigError(
                "rule.at",
                got=rule.at,
                must="'head' with aiohttp, which hands responses over then",
                fix="To wait for a body byte, use hedgerow.client.httpx.",
            )
        self._session = session
        self._hedging = HttpHedging(
            rule, answers=answers, deadline=deadline, per_try=per_try, budget=budget
        )

    @property
    def counters(self) -> Counters:
        """Totals since the start; a response that was handed over counts as answered."""
        return self._hedging.policy.counters

    def request(
        self,
        method: str,
        url: StrOrURL,
        *,
        deadline: float | None = None,
        hedge: bool | None = None,
        **options: Any,
    ) -> "HedgedRequest":
        """Prepare a request, to be awaited or used as ``async with``, as in aiohttp.

        ``deadline`` (seconds) replaces the session's, ``hedge`` says yes or no whatever the
        method is, and ``options`` are those of ``aiohttp.ClientSession.request``.
        """
        send = partial(self._send, method.upper(), url, deadline, hedge, options)
        return HedgedRequest(send)

    def get(self, url: StrOrURL, **options: Any) -> "HedgedRequest":
        return self.request("GET", url, **options)

    def head(self, url: StrOrURL, **options: Any) -> "HedgedRequest":
        return self.request("HEAD", url, **({"allow_redirects": False} | options))

    def options(self, url: StrOrURL, **options: Any) -> "HedgedRequest":
        return self.request("OPTIONS", url, **options)

    def post(self, url: StrOrURL, **options: Any) -> "HedgedRequest":
        return self.request("POST", url, **options)

    def put(self, url: StrOrURL, **options: Any) -> "HedgedRequest":
        return self.request("PUT", url, **options)

    def patch(self, url: StrOrURL, **options: Any) -> "HedgedRequest":
        return self.request("PATCH", url, **options)

    def delete(self, url: StrOrURL, **options: Any) -> "HedgedRequest":
        return self.request("DELETE", url, **options)

    async def _send(
        self,
        method: str,
        url: StrOrURL,
        deadline: float | None,
        hedge: bool | None,
        options: dict[str, Any],
    ) -> aiohttp.ClientResponse:
        hedging = self._hedging
        exchange = hedging.exchange(
            method,
            has_idempotency_key=_has_idempotency_key(self._session, options),
            replayable=_is_replayable(options.get("data")),
            deadline=deadline,
            hedge=hedge,
        )
        judge_json = hedging.policy.answers.body == "json"
        send = partial(self._attempt, method, url, options)
        race = Race(exchange, _Requests(send, exchange.deadline_at, judge_json=judge_json))
        answer = await race.run()
        if answer is None or exchange.winner is None:
            if exchange.situation is Situation.EXPIRED:
                seconds, sent = hedging.seconds(deadline), len(exchange.attempts)
                raise DeadlineExceeded(seconds=seconds, attempts=sent, errors=race.failures())
            late = aiohttp.ServerTimeoutError("each attempt took longer than its own time")
            raise best_error(race) or late
        exchange.answer_ended(race.now(), exchange.winner)
        await self._raise_for_status(answer.response, options)
        return answer.response

    async def _attempt(
        self, method: str, url: StrOrURL, options: Mapping[str, Any], deadline_at: float
    ) -> aiohttp.ClientResponse:
        """Send a request once; what its status means is for the race to say."""
        timeout = options.get("timeout", self._session.timeout)
        if not isinstance(timeout, aiohttp.ClientTimeout):
            timeout = aiohttp.ClientTimeout(total=timeout)
        if deadline_at != math.inf:
            left = deadline_at - asyncio.get_running_loop().time() + _OURS_FIRST
            timeout = aiohttp.ClientTimeout(
                total=min(timeout.total or math.inf, left),
                connect=timeout.connect,
                sock_read=timeout.sock_read,
                sock_connect=timeout.sock_connect,
                ceil_threshold=timeout.ceil_threshold,
            )
        ours = {"timeout": timeout, "raise_for_status": False}
        return await self._session.request(method, url, **{**options, **ours})

    async def _raise_for_status(
        self, response: aiohttp.ClientResponse, options: Mapping[str, Any]
    ) -> None:
        """Do for the answer that won what aiohttp would have done for each."""
        asked = options.get("raise_for_status")
        check = self._session.raise_for_status if asked is None else asked
        try:
            if callable(check):
                await check(response)
            elif check:
                response.raise_for_status()
        except BaseException:
            response.close()
            raise


def hedged_request(
    session: aiohttp.ClientSession,
    method: str,
    url: StrOrURL,
    *,
    rule: HedgeRule,
    **options: Any,
) -> "HedgedRequest":
    """Prepare one hedged request; ``options`` as in :meth:`HedgedSession.request`."""
    return HedgedSession(session, rule).request(method, url, **options)


class HedgedRequest:
    """A request to await, or to use as ``async with``: that releases the response at its end."""

    __slots__ = ("_response", "_send")

    def __init__(self, send: Callable[[], Coroutine[Any, Any, aiohttp.ClientResponse]]) -> None:
        self._send = send
        self._response: aiohttp.ClientResponse | None = None

    def __await__(self) -> Generator[Any, Any, aiohttp.ClientResponse]:
        return self._send().__await__()

    async def __aenter__(self) -> aiohttp.ClientResponse:
        self._response = await self._send()
        return await self._response.__aenter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._response is not None:
            await self._response.__aexit__(exc_type, exc_value, traceback)


class _Requests:
    """Makes a race's attempts: the same request, once through the session each."""

    __slots__ = ("_deadline_at", "_judge_json", "_send")

    def __init__(
        self,
        send: Callable[[float], Awaitable[aiohttp.ClientResponse]],
        deadline_at: float,
        *,
        judge_json: bool,
    ) -> None:
        self._send = send
        self._deadline_at = deadline_at
        self._judge_json = judge_json

    async def begin(self, attempt: Attempt) -> "_Answer":
        return _Answer(await self._send(self._deadline_at))

    async def follow(self, race: "Race[_Answer]", attempt: Attempt, answer: "_Answer") -> None:
        await follow(race, attempt, answer, judge_json=self._judge_json)

    async def discard(self, answer: "_Answer") -> None:
        answer.response.close()  # of no effect where it has been read: its connection is free

    def failure(self, error: Exception) -> Failure:
        fitting = (failure for kinds, failure in _FAILURES if isinstance(error, kinds))
        return next(fitting, Failure.RESET)


class _Answer:
    """One response; aiohttp itself keeps a body that has been read for the caller."""

    __slots__ = ("response", "whole")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.whole = False

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self.response.headers

    async def read(self) -> None:
        await self.response.read()
        self.whole = True

    async def read_json(self) -> None:
        await self.read()
        response = self.response
        if response.method != "HEAD" and not is_json(await response.read()):
            raise aiohttp.ContentTypeError(
                response.request_info,
                response.history,
                status=response.status,
                message="the answer's body is not JSON",
                headers=response.headers,
            )

    async def peek(self) -> None:
        raise HedgerowBug("HedgedSession accepts no rule that commits at the first byte")


def _has_idempotency_key(session: aiohttp.ClientSession, options: Mapping[str, Any]) -> bool:
    name = "Idempotency-Key"
    return name in session.headers or name in CIMultiDict(options.get("headers") or ())


def _is_replayable(data: object) -> bool:
    """Say whether a body can be sent again: not what is read as it is sent (files, forms)."""
    if isinstance(data, Mapping):
        return all(isinstance(value, str | bytes | int | float) for value in data.values())
    return data is None or isinstance(data, str | bytes | bytearray)
