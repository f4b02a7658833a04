"""A route with guards around it.

What follows from the head alone (a preflight's answer, a token's signature, CORS) is settled in
the plan, so a client that repeats its head pays once; the address and the hour are looked at for
each request.  Must not know what the route behind it does, nor settings files.

Cost of a request that has passed before: 0.5 us, and no task; one that brings a password for the
first time waits for a thread.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hedgerow.policy.rate_limit import RateLimiter, address_key
from hedgerow.serve.durations import Durations
from hedgerow.serve.guards.addresses import AddressRule
from hedgerow.serve.guards.answer import AnswerFields
from hedgerow.serve.guards.basic import BasicUsers, credentials
from hedgerow.serve.guards.bearer import Bearer, TokenVerifier
from hedgerow.serve.guards.cors import FIELDS, CorsRule
from hedgerow.serve.plan import AnyRoute, HeadPlan
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.request import Request
from hedgerow.wire.timers import report

#: Passwords that are being checked, or wait for it; more would only wait longer.
_MOST_CHECKS: Final = 64
#: Of one address: a page that logs in with all its pictures, and not everybody's places.
_MOST_OF_ONE: Final = 16
_NONE: Final[frozenset[bytes]] = frozenset()


@dataclass(slots=True)
class Guards:
    """What a route is guarded by; None: not by that."""

    addresses: AddressRule | None = None
    basic: BasicUsers | None = None
    bearer: TokenVerifier | None = None
    realm: str = "hedgerow"
    user_field: str | None = None  # tells the upstream who it is
    cors: CorsRule | None = None
    answer: AnswerFields | None = None
    limiter: RateLimiter | None = None  # by address; a proxy route has one of its own


@dataclass(slots=True)
class GuardedPlan(HeadPlan):
    """What the guards say of a head, and the plan of the route behind them."""

    inner: HeadPlan
    fields: bytes  # whole lines for whatever answer comes
    preflight: bytes | None  # the lines that answer it
    asked: tuple[RequestHead, Mapping[str, str], bytes, bytes]  # what it is a plan for
    login: tuple[str, bytes] | None = None
    bearer: Bearer | None = None
    is_known: bool = False  # the head has come before


@dataclass(slots=True)
class GuardedRoute:
    """One ``[[route]]`` with what stands around it."""

    inner: AnyRoute
    guards: Guards
    surroundings: Surroundings
    clock: Callable[[], float]  # seconds since 1970: tokens name an hour of the day
    _hidden: frozenset[bytes] = field(init=False)
    _lines: bytes = field(init=False, default=b"")
    _tasks: set[asyncio.Task[None]] = field(init=False, default_factory=set)
    _checking: dict[str, int] = field(init=False, default_factory=dict)  # of them, by client

    def __post_init__(self) -> None:
        guards = self.guards
        self._hidden = FIELDS if guards.cors is not None else _NONE
        if guards.answer is not None:
            self._hidden |= guards.answer.hidden
            self._lines = guards.answer.lines

    @property
    def name(self) -> str:
        """What metrics and logs call it."""
        return self.inner.name

    @property
    def durations(self) -> Durations | None:
        """How long its requests took."""
        return self.inner.durations

    def plan(
        self, head: RequestHead, parameters: Mapping[str, str], path: bytes, query: bytes
    ) -> GuardedPlan:
        """Work out what the guards say, then what the route behind them does."""
        guards, cors = self.guards, self.guards.cors
        fields, preflight = self._lines, None
        if cors is not None:
            preflight = cors.preflight_fields(head)
            fields += cors.answer_fields(head)
        if preflight is not None:
            fields = self._lines  # what it is about is in the preflight's own lines
        said = [value for name, value in head.fields if name.lower() == b"authorization"]
        login = bearer = user = None
        if len(said) == 1 and guards.basic is not None:  # of two an upstream may read the other
            login = credentials(said[0])
            user = None if login is None else login[0]
        if len(said) == 1 and guards.bearer is not None and login is None:
            bearer = guards.bearer.verify(said[0])
            user = None if bearer is None else bearer.subject
        asked = (head, parameters, path, query)
        if guards.user_field is not None:
            head = _telling(head, guards.user_field, user)
        inner = self.inner.plan(head, parameters, path, query)
        return GuardedPlan(self, inner, fields, preflight, asked, login, bearer)

    def carry_out(self, plan: GuardedPlan, request: Request) -> None:
        """Let one request in, or say why not."""
        guards = self.guards
        request.own_fields += plan.fields
        request.hidden |= self._hidden
        if guards.addresses is not None and not guards.addresses.admits(request.peer):
            self._refuse(request, 403, "this address may not come in")
        elif guards.limiter is not None and not self._may_ask(guards.limiter, request):
            return
        elif plan.preflight is not None:
            self._answer_preflight(plan.preflight, request)
        elif guards.basic is None and guards.bearer is None:
            plan.inner.taker.carry_out(plan.inner, request)
        elif plan.login is not None and guards.basic is not None:
            self._check_login(guards.basic, plan, request)
        else:
            self._check_token(plan, request)

    def _check_token(self, plan: GuardedPlan, request: Request) -> None:
        if plan.bearer is None and plan.is_known and plan.asked[0].field(b"authorization"):
            # It may not have been good yet when this head came first.
            plan = self.plan(*plan.asked)
            request.head.plan = plan
        plan.is_known = True
        if plan.bearer is not None and plan.bearer.expires_at > self.clock():
            plan.inner.taker.carry_out(plan.inner, request)
        else:
            self._challenge(request)

    # --- passwords ---

    def _check_login(self, users: BasicUsers, plan: GuardedPlan, request: Request) -> None:
        assert plan.login is not None
        user, password = plan.login
        if users.is_known(time.monotonic(), user, password):
            plan.inner.taker.carry_out(plan.inner, request)
            return
        client = address_key(request.peer)
        mine = self._checking.get(client, 0)
        if len(self._tasks) >= _MOST_CHECKS or mine >= _MOST_OF_ONE:
            detail = "too many passwords are being checked"
            self._refuse(request, 503, detail, after=1.0)
            return
        waiting = _Waiting()
        request.sink = waiting
        request.pause_body()
        task = asyncio.ensure_future(self._verify(users, plan, request, waiting))
        self._tasks.add(task)
        self._checking[client] = mine + 1

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._checking[client] -= 1
            if not self._checking[client]:
                del self._checking[client]

        task.add_done_callback(ended)

    async def _verify(
        self, users: BasicUsers, plan: GuardedPlan, request: Request, waiting: "_Waiting"
    ) -> None:
        assert plan.login is not None
        user, password = plan.login
        try:
            is_right = await users.verify(
                time.monotonic(), user, password, lambda: not waiting.has_left
            )
            request.sink = None
            request.resume_body()
            if waiting.has_left:
                self.surroundings.refused(request)
            elif not is_right:
                self._challenge(request)
            else:
                plan.inner.taker.carry_out(plan.inner, request)
                waiting.hand_on(request)
        except Exception as error:  # nobody waits for this task: the client must not either
            report(self.surroundings.engine.loop, "a password could not be checked", error)
            if request.status:
                request.abort()
            else:
                self._refuse(request, 500, "the request could not be handled")

    # --- saying no ---

    def _challenge(self, request: Request) -> None:
        """Ask who it is (RFC 9110 section 11.6.1)."""
        guards, lines = self.guards, b""
        if guards.basic is not None:
            lines += f'WWW-Authenticate: Basic realm="{guards.realm}", charset="UTF-8"\r\n'.encode()
        if guards.bearer is not None:
            lines += f'WWW-Authenticate: Bearer realm="{guards.realm}"\r\n'.encode()
        self._refuse(request, 401, "this needs credentials that are good", lines)

    def _may_ask(self, limiter: RateLimiter, request: Request) -> bool:
        now, client = time.monotonic(), address_key(request.peer)
        early = limiter.take(now, client)
        request.own_fields += limiter.fields(now, client)
        if early:
            self._refuse(request, 429, "this client has sent too many requests", after=early)
        return not early

    def _answer_preflight(self, fields: bytes, request: Request) -> None:
        request.hidden = _NONE  # all that is in it is our own
        request.respond(204, fields + self.surroundings.engine.date_line, b"")
        if self.surroundings.answered is not None:
            self.surroundings.answered(request, 0.0, self.durations)

    def _refuse(
        self, request: Request, status: int, detail: str, lines: bytes = b"", after: float = 0.0
    ) -> None:
        fields = lines + self.surroundings.engine.date_line
        request.problem(status, detail, int(after) + 1 if after else None, fields)
        if self.surroundings.answered is not None:
            self.surroundings.answered(request, 0.0, self.durations)


class _Waiting:
    """The sink of a request whose password is being checked: keeps what of its body comes."""

    __slots__ = ("_data", "_ended", "has_left")

    def __init__(self) -> None:
        self._data: list[bytes] = []
        self._ended = False
        self.has_left = False

    def body_received(self, data: bytes, *, ended: bool) -> None:
        self._data.append(data)
        self._ended = ended

    def client_left(self) -> None:
        self.has_left = True

    def writing_paused(self) -> None:
        """Nothing is written."""

    def writing_resumed(self) -> None:
        """Nothing is written."""

    def hand_on(self, request: Request) -> None:
        """Give what came to whoever takes the body now."""
        sink: Any = request.sink
        if sink is not None and (self._data or self._ended):
            sink.body_received(b"".join(self._data), ended=self._ended)


def _telling(head: RequestHead, name: str, user: str | None) -> RequestHead:
    """Say who it is in a field of ours, and never in one of the client's own.

    Neither as X_User, because much that runs behind CGI reads both, nor by naming the field in
    Connection, which would take ours out.
    """
    lowered = name.lower().encode()
    folded = lowered.replace(b"_", b"-")
    fields = [pair for pair in head.fields if pair[0].lower().replace(b"_", b"-") != folded]
    if user and user.isprintable():
        fields.append((name.encode(), user.encode("ascii", "xmlcharrefreplace")))
    told = head.with_fields(fields)
    told.connection_options = head.connection_options - {lowered}
    return told
