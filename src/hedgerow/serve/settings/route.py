"""What can be set about requests: ``[[route]]``, its answers, priority and rate.

Declarations only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.

Some defaults depend on other settings of the same table; ``complete`` says which, and
the same in words stands beside the setting.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from typing_extensions import override

from hedgerow.serve.settings.addresses import NETWORKS
from hedgerow.serve.settings.deadline import Deadline
from hedgerow.serve.settings.fields import About, Record
from hedgerow.serve.settings.files import Files
from hedgerow.serve.settings.guards import AnswerFields, Auth, Cors
from hedgerow.serve.settings.hedge import Hedge
from hedgerow.serve.settings.kinds import (
    COUNT,
    DURATION,
    JSON,
    LONG_TEXT,
    MOST_A_SECOND,
    RATE,
    SIZE,
    RequestRate,
    choice,
)
from hedgerow.serve.settings.names import (
    ASKED_IN,
    ASKER,
    FIELDS,
    HOST,
    METHOD_LIST,
    NAME,
    PATTERN,
    PRIORITY,
    PROTOCOLS,
    RATE_NAME,
    STATUS,
    STATUS_LIST,
    AskedIn,
)
from hedgerow.serve.settings.redirect import Redirect

#: A page that a browser opens comes with several requests.
USUAL_BURST: Final = 10


class Success(Record, frozen=True, kw_only=True):
    """Which answers of the upstream are good."""

    EXAMPLE: ClassVar[str] = '{status = [200], body = "json"}'

    status: Annotated[
        tuple[int, ...] | None,
        STATUS_LIST,
        About(
            "the statuses that are good; every other answer then is a failure",
            default="any below 400; other 4xx are passed on",
        ),
    ] = None
    body: Annotated[
        Literal["any", "json"],
        choice("any", "json"),
        About("what the body must be; json is read to its end before the answer is chosen"),
    ] = "any"


class Reply(Record, frozen=True, kw_only=True):
    """An answer of the route's own."""

    EXAMPLE: ClassVar[str] = '{status = 502, json = {message = "ERROR"}}'

    status: Annotated[int, STATUS, About("the status of the reply")]
    json: Annotated[
        Any,
        JSON,
        About(
            'the body as JSON; in success "{body.name}" is that value of the upstream\'s answer',
            default="none",
        ),
    ] = None
    text: Annotated[str | None, LONG_TEXT, About("the body as plain text", default="none")] = None
    headers: Annotated[
        Mapping[str, str] | None,
        FIELDS,
        About("further header fields; Content-Type follows from the body", default="none"),
    ] = None


class Replies(Record, frozen=True, kw_only=True):
    """Answers of the route's own, by situation; without one: a problem body (RFC 9457)."""

    EXAMPLE: ClassVar[str] = '{exhausted = {status = 502, json = {message = "ERROR"}}}'

    success: Annotated[Reply | None, About("a good answer came")] = None
    exhausted: Annotated[Reply | None, About("every attempt failed")] = None
    expired: Annotated[Reply | None, About("the deadline passed first")] = None
    unavailable: Annotated[Reply | None, About("there is no room for the request")] = None
    deadline_malformed: Annotated[
        Reply | None, About("the request's own deadline is not a whole number")
    ] = None
    deadline_too_short: Annotated[
        Reply | None, About("the request's own deadline is below the minimum")
    ] = None


class Priority(Record, frozen=True, kw_only=True):
    """How much a request matters where not all can be served: 0 most, 7 least (RFC 9218)."""

    SHORT: ClassVar[str] = "a number or the name of a class"
    EXAMPLE: ClassVar[str] = '"sheddable"'

    default: Annotated[
        int,
        PRIORITY,
        About(
            "the urgency of a request that does not say so itself: 0 to 7, critical_plus (0),"
            " critical (3), sheddable_plus (5) or sheddable (7)"
        ),
    ] = 3
    source: Annotated[
        AskedIn | None,
        ASKED_IN,
        About(
            "where a request says how urgent it is: as u=1 (RFC 9218), a number or a class",
            default="it cannot",
        ),
    ] = msgspec.field(name="from", default=None)
    most_urgent: Annotated[
        int | None,
        PRIORITY,
        About("as far as a request's own word is believed", default="the default of the route"),
    ] = None

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        return {"default": value} if isinstance(value, (int, str)) else None


class Rate(Record, frozen=True, kw_only=True):
    """How often one client may ask; more often: 429, with Retry-After and RateLimit fields."""

    SHORT: ClassVar[str] = 'a rate, "off"'
    EXAMPLE: ClassVar[str] = '"100/m"'
    HAS_OFF: ClassVar[bool] = True

    limit: Annotated[float, RATE, About("how many requests a client may send in a time")]
    burst: Annotated[
        int,
        COUNT,
        About(
            "how many of them may come at once, after a pause",
            at_least=1,
            at_most=MOST_A_SECOND,
            default="a second's, or 10 if that is more; not more than the number in limit",
        ),
    ] = USUAL_BURST
    by: Annotated[
        AskedIn | None,
        ASKER,
        About("who a client is: its address (of IPv6 the first 64 bits), or what it says here"),
    ] = None
    name: Annotated[str, RATE_NAME, About("what the RateLimit fields call this limit")] = "default"
    clients: Annotated[
        int,
        COUNT,
        About(
            "how many clients are remembered at most, about 220 bytes each",
            at_least=1,
            at_most=100_000_000,
        ),
    ] = 100_000

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        return None if isinstance(value, (list, Mapping, bool)) else {"limit": value}

    @classmethod
    @override
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        rate: RequestRate = given["limit"]
        burst = min(rate.count, max(USUAL_BURST, rate))
        return {"burst": max(1, math.floor(burst)), **given}


class Route(Record, frozen=True, kw_only=True):
    """Which requests go where, and what is promised for them."""

    ABSENT: ClassVar[Mapping[str, str]] = {
        "retries": "Write hedge = {max_attempts = 3}: copies and retries are counted together.",
        "timeout": 'Write deadline = "1s", or deadline = {per_try = "1s"} for one attempt.',
        "static": 'Write root = "./public".',
        "validate": "It does not check bodies: leave validate out.",
        "defer": "It delivers nothing later: leave defer out.",
    }

    path: Annotated[str, PATTERN, About("/exact, /prefix/ (and all below) or /with/{parameter}")]
    host: Annotated[
        str | None,
        HOST,
        About("the host that requests must be for; *.example.com: all below it", default="any"),
    ] = None
    methods: Annotated[
        tuple[str, ...] | None, METHOD_LIST, About("the methods that are taken", default="all")
    ] = None
    upstream: Annotated[
        str, NAME, About("the upstream that requests are sent to", default="the only one")
    ] = ""
    root: Annotated[
        Files | None,
        About("the directory whose files are served instead, or a table", default="none"),
    ] = None
    redirect: Annotated[
        Redirect | None,
        About("where clients are sent instead, or a table", default="none"),
    ] = None
    respond: Annotated[
        Reply | None,
        About("the response that everybody gets instead", default="none"),
    ] = None
    rewrite: Annotated[
        str | None,
        PATTERN,
        About(
            "the path for the upstream; may use {parameter}; of a prefix only the prefix changes",
            default="as it came",
        ),
    ] = None
    deadline: Annotated[
        Deadline,
        About('how long a request may take: "1s", or a table', default='"30s", for the head'),
    ] = Deadline()
    hedge: Annotated[
        Hedge,
        About(
            'when requests are sent again: "off", or a table',
            default="a copy of the slowest 5%, or a retry after a failure, for up to 20% in all",
        ),
    ] = Hedge()
    success: Annotated[
        Success, About("which answers of the upstream are good", default="those below 400")
    ] = Success()
    replies: Annotated[
        Replies, About("answers of the route's own, by situation", default="problem bodies")
    ] = Replies()
    priority: Annotated[
        Priority,
        About(
            "how much its requests matter where not all can be served: 0 (most) to 7, the name of"
            " a class, or a table",
            default="3",
        ),
    ] = Priority()
    rate: Annotated[
        Rate | None,
        About('how often one client may ask: "100/m", or a table', default='"off"'),
    ] = None
    upgrade: Annotated[
        tuple[str, ...],
        PROTOCOLS,
        About("the protocols that clients may change to by Upgrade, such as websocket"),
    ] = ("websocket",)
    upgrade_idle: Annotated[
        float,
        DURATION,
        About("how long nothing may move in such a connection", at_least=1.0),
    ] = 600.0
    allow: Annotated[
        tuple[str, ...],
        NETWORKS,
        About("the only clients that may come in: networks, addresses, or unix", default="all"),
    ] = ()
    deny: Annotated[
        tuple[str, ...],
        NETWORKS,
        About("clients that may not come in, also where allow has them", default="none"),
    ] = ()
    auth: Annotated[
        Auth | None,
        About("who may come in: users with passwords, or signed tokens", default="everybody"),
    ] = None
    cors: Annotated[
        Cors | None,
        About("what pages of other origins may do: a list of them, or a table", default="nothing"),
    ] = None
    headers: Annotated[
        AnswerFields | None,
        About("fields that every answer gets, and fields that none has", default="as they come"),
    ] = None
    max_body: Annotated[
        int | None,
        SIZE,
        About(
            "the longest request body; longer: 413", at_least=0, default="max_body of server.limits"
        ),
    ] = None
    max_replay: Annotated[
        int,
        SIZE,
        About("the longest request body that is kept to be sent again", at_least=0),
    ] = 64 * 1024
    max_held: Annotated[
        int,
        SIZE,
        About("how much of an answer is kept that is not chosen yet", at_least=0),
    ] = 1024 * 1024

    @property
    def answers_itself(self) -> bool:
        """Whether its requests go nowhere: files, a redirect, a fixed response."""
        return any(kind is not None for kind in (self.root, self.redirect, self.respond))
