"""One user of a scenario: what its code asks for, one request at a time.

Turns ``user.get("/items")`` into bytes, judges what comes back, and counts each request
once: when the user's next one begins or the iteration ends, so that an ``assert`` or a
check after the answer still changes what is counted.  Must not know sockets (that is the
:class:`Exchanger`), nor when iterations begin.

Only the first request of an iteration was due at a certain time, in an open model; for the
others, due when the code came to them, response time is service time.

Budget of a request: 1 coroutine of ours around the exchanger's, no task, no timer.
"""

import asyncio
import contextvars
import functools
import random
import time
import urllib.parse
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from typing_extensions import Unpack, override

from hedgerow.load.generator.answer import Answer, RawAnswer
from hedgerow.load.generator.checks import Checks, StatusRule
from hedgerow.load.generator.cookies import CookieJar
from hedgerow.load.generator.request_maker import Endpoint
from hedgerow.load.generator.scenario_request import Prepared, absolute, prepare, refuse_unknown
from hedgerow.load.outcome import Outcome, outcome_of_status
from hedgerow.load.plan import Expectation
from hedgerow.load.scenario import RequestOptions
from hedgerow.workload.template import Draw

T = TypeVar("T")

#: More different labels than these share one row: results must fit in memory.
MOST_LABELS: Final = 500
OTHER_LABELS: Final = "(other labels)"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD: Final = frozenset({307, 308})
_NOT_FOR_STRANGERS: Final = frozenset({"authorization", "cookie", "host"})

_group: Final[contextvars.ContextVar[str]] = contextvars.ContextVar("hedgerow_group", default="")


class RunOver(BaseException):  # not an Exception: a scenario's own code must not catch it
    """No request may be sent any more: as many as were asked for have been."""


class Due(NamedTuple):
    """When a request had to go out (perf_counter_ns), and when we noticed."""

    at_ns: int
    woke_ns: int


class Exchanger(Protocol):
    """Sends one user's requests over its connections: one for each at a time and endpoint."""

    async def exchange(
        self,
        endpoint: Endpoint,
        request: bytes,
        *,
        label: str,
        is_head: bool,
        time_limit: float,
        due: Due | None,
    ) -> RawAnswer:
        """Send it and wait for the end; a failure comes back as a value.

        ``time_limit`` is seconds from when it is sent.  When cancelled it counts the request
        itself: as unfinished where the run is over, else as given up by the scenario.
        """

    def record(self, token: object, *, label: str, outcome: Outcome, detail: str) -> None:
        """Count a request whose answer bore this token; called exactly once for each."""

    def close(self) -> None:
        """Close the connections; the next request makes new ones."""


@dataclass(slots=True)
class UserContext:
    """What all users of one process share."""

    draw: Draw  # what must be unique
    checks: Checks = field(default_factory=lambda: Checks.of(Expectation()))
    base_url: str = ""
    timeout: float = 10.0
    seed: int = 1
    shared: Any = None
    keeps_cookies: bool = True
    keep_alive: bool = True
    clock_ns: Callable[[], int] = time.perf_counter_ns
    #: For cookies, whose Expires is a date.
    date: Callable[[], float] = time.time  # noqa: TID251  # a date is what is wanted
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    left: int | None = None  # requests that may still begin; None: any number
    labels: set[str] = field(default_factory=set)

    def label(self, wanted: str) -> str:
        """Return the label to count under."""
        if wanted not in self.labels:
            if len(self.labels) >= MOST_LABELS:
                return OTHER_LABELS
            self.labels.add(wanted)
        return wanted


class User:
    """One user, handed to the functions of a scenario."""

    def __init__(self, number: int, context: UserContext, exchanger: Exchanger) -> None:
        # For the life of the user.
        self.number = number
        self.random = random.Random(f"{context.seed}/user/{number}")
        self.shared = context.shared
        self.stopping = False  # it begins no iteration any more
        self.has_started = False  # start() has been called
        self._context = context
        self._exchanger = exchanger
        # Until it becomes a new user.
        self.cookies = CookieJar()
        self.data: dict[str, Any] = {}
        # For the life of an iteration.
        self.has_sent = False
        self.was_answered = False
        self._due: Due | None = None
        self._last: Answer | None = None
        self._uncounted: list[Answer] = []

    @override
    def __repr__(self) -> str:
        return f"<User {self.number}>"

    # --- requests ---

    async def get(self, url: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a GET request."""
        return await self.request("GET", url, **options)

    async def post(self, url: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a POST request."""
        return await self.request("POST", url, **options)

    async def put(self, url: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a PUT request."""
        return await self.request("PUT", url, **options)

    async def patch(self, url: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a PATCH request."""
        return await self.request("PATCH", url, **options)

    async def delete(self, url: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a DELETE request."""
        return await self.request("DELETE", url, **options)

    async def head(self, url: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a HEAD request."""
        return await self.request("HEAD", url, **options)

    async def options(self, url: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send an OPTIONS request."""
        return await self.request("OPTIONS", url, **options)

    async def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a request and wait for its answer; a failure does not raise."""
        refuse_unknown(options)
        method = method.upper()
        url = absolute(self._context.base_url, url)
        follow = options.get("follow") or 0
        while True:
            prepared = prepare(method, url, options, keep_alive=self._context.keep_alive)
            answer = await self._exchange(prepared, options)
            target = _redirected_to(answer, url) if follow > 0 else None
            if target is None:
                return self._judged(answer, options)
            follow -= 1
            method, url, options = _next_hop(answer.status, method, (url, target), options)

    async def _exchange(self, prepared: Prepared, options: RequestOptions) -> Answer:
        """Send one request; its answer waits to be counted."""
        context = self._context
        self.settle()
        if context.left is not None:
            if context.left <= 0:
                raise RunOver
            context.left -= 1
        given = options.get("label")
        label = context.label(f"{_group.get()}{given or f'{prepared.method} {prepared.path}'}")
        endpoint, path, jar = prepared.endpoint, prepared.path, self.cookies
        cookies = jar.header(endpoint, path, context.date()) if context.keeps_cookies else b""
        due, self._due = self._due, None
        self.has_sent = True
        raw = await self._exchanger.exchange(
            endpoint,
            prepared.data(cookies),
            label=label,
            is_head=prepared.method == "HEAD",
            time_limit=options.get("timeout") or context.timeout,
            due=due,
        )
        answer = self._last = Answer(raw, label)
        self._uncounted.append(answer)
        self.was_answered |= answer.status != 0
        if context.keeps_cookies:
            found = [value for name, value in raw.fields if name.lower() == b"set-cookie"]
            if found:
                jar.receive(found, endpoint, path, context.date())
        return answer

    def _judged(self, answer: Answer, options: RequestOptions) -> Answer:
        """Say whether a whole answer is what was expected."""
        if not answer.ok:
            return answer
        checks, expect = self._context.checks, options.get("expect")
        is_good = checks.good_status if expect is None else _status_rule(_words(expect)).is_good
        if not is_good(answer.status):
            answer.outcome = outcome_of_status(answer.status)
            answer.detail = f"status {answer.status}"
        elif expect is None and checks.needs_body:
            failure = checks.failure(answer.status, answer.body)
            if failure is not None:
                answer.fail(failure)
        return answer

    # --- checks ---

    @property
    def last(self) -> Answer | None:
        """The answer that came last in this iteration."""
        return self._last

    def fail(self, why: str) -> None:
        """Count the last request as failed."""
        if self._last is None:
            raise RuntimeError(f"there was no request yet that could fail ({why})")
        self._last.fail(why)

    # --- time, chance, names ---

    async def pause(self, low: float, high: float | None = None) -> None:
        """Wait for ``low`` seconds, or for some time from ``low`` to ``high``."""
        await self._context.sleep(low if high is None else self.random.uniform(low, high))

    async def gather(self, *requests: Awaitable[T]) -> list[T]:
        """Do several things at once, each request on a connection of its own.

        When one fails the others are still waited for; the first failure is raised then.
        """
        results = await asyncio.gather(*requests, return_exceptions=True)
        answers: list[T] = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            answers.append(result)
        return answers

    def group(self, name: str) -> "Group":
        """Put a name before the labels of the requests within: ``async with user.group("buy")``."""
        return Group(name)

    def seq(self) -> int:
        """Return a number that nobody else gets in this run."""
        self._context.draw.advance()
        return self._context.draw.seq

    def uuid(self) -> str:
        """Return a UUID, of this user's own chance."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def email(self) -> str:
        """Return an address that nobody else gets, nor in a run with another seed."""
        self._context.draw.advance()
        return self._context.draw.email().decode()

    # --- for whoever plays the scenario ---

    def begin(self, due: Due | None = None) -> None:
        """An iteration begins; its first request is due then."""
        self._due = due
        self._last = None
        self.has_sent = self.was_answered = False

    def settle(self) -> None:
        """Count the requests that have been answered."""
        answered, self._uncounted = self._uncounted, []
        for answer in answered:
            answer.is_counted = True
            self._exchanger.record(
                answer.token, label=answer.label, outcome=answer.outcome, detail=answer.detail
            )

    def renew(self) -> None:
        """Become a new user, with new connections and no cookies."""
        self.close()
        self.has_started = False
        self.cookies = CookieJar()
        self.data = {}

    def close(self) -> None:
        """Count what is left and close the connections."""
        self.settle()
        self._exchanger.close()


class Group:
    """A part of an iteration with a name of its own (k6)."""

    __slots__ = ("_name", "_token")

    def __init__(self, name: str) -> None:
        self._name = name
        self._token: contextvars.Token[str] | None = None

    async def __aenter__(self) -> None:
        self._token = _group.set(f"{_group.get()}{self._name} / ")

    async def __aexit__(self, *_: object) -> None:
        if self._token is not None:
            _group.reset(self._token)


def _words(expect: Any) -> tuple[str, ...]:
    if isinstance(expect, int | str):
        return (str(expect),)
    return tuple(str(one) for one in expect)


@functools.lru_cache(maxsize=256)
def _status_rule(words: tuple[str, ...]) -> StatusRule:
    return StatusRule(words)


# --- redirects ---


def _redirected_to(answer: Answer, url: str) -> str | None:
    if answer.status not in _REDIRECTS:
        return None
    location = answer.headers.get("location")
    return None if location is None else urllib.parse.urljoin(url, location)


def _next_hop(
    status: int, method: str, way: tuple[str, str], options: RequestOptions
) -> tuple[str, str, RequestOptions]:
    """Return the request that a redirect asks for (RFC 9110 section 15.4)."""
    url, target = way
    following = options.copy()
    following.pop("params", None)  # the target says what its query is
    keeps_method = status in _KEEPS_METHOD or method in ("GET", "HEAD")
    if not keeps_method and (status == 303 or method == "POST"):
        method = "GET"
        following.pop("data", None)
        following.pop("json", None)
    headers = following.get("headers")
    if headers and _origin(url) != _origin(target):
        following["headers"] = {
            name: value for name, value in headers.items()
            if name.lower() not in _NOT_FOR_STRANGERS
        }  # fmt: skip
    return method, target, following


def _origin(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()
