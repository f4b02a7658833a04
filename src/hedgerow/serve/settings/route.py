"""What can be set about requests: ``[[route]]``, its deadline, hedging and replies.

Declarations only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.

Some defaults depend on other settings of the same table; ``complete`` says which, and
the same in words stands beside the setting.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from typing_extensions import override

from hedgerow.serve.settings.fields import SHORTEST, About, Record
from hedgerow.serve.settings.kinds import (
    COUNT,
    DURATION,
    JSON,
    LONG_TEXT,
    SHARE,
    SIZE,
    SWITCH,
    choice,
    or_off,
)
from hedgerow.serve.settings.names import (
    ASKED_IN,
    FIELD_NAME,
    FIELDS,
    HOST,
    METHOD_LIST,
    NAME,
    PATTERN,
    STATUS,
    STATUS_LIST,
    AskedIn,
)

#: Copies of a request that nothing was said about: after a failure only, up to this share.
RETRY_BUDGET: Final = 0.2
#: With a learned delay, which needs one: it is steered so that the budget is just used up.
AUTO_BUDGET: Final = 0.05
DEFAULT_DEADLINE: Final = 30.0
_NO_COPIES: Final = 'To send no copies, write hedge = "off".'


class Deadline(Record, frozen=True, kw_only=True):
    """How long a request may take, all attempts together."""

    SHORT: ClassVar[str] = "a duration"
    EXAMPLE: ClassVar[str] = '{default = "1s"}'

    default: Annotated[
        float,
        DURATION,
        About(
            "how long a request may take that does not say so itself",
            at_least=SHORTEST,
            default='"30s", within min and max',
        ),
    ] = DEFAULT_DEADLINE
    source: Annotated[
        AskedIn | None,
        ASKED_IN,
        About("where a request says how long it may take", default="it cannot"),
    ] = msgspec.field(name="from", default=None)
    unit: Annotated[
        Literal["ms", "s", "us"],
        choice("ms", "s", "us"),
        About("the unit of the request's own number"),
    ] = "ms"
    minimum: Annotated[
        float, DURATION, About("the least that a request may ask for; less: 400", at_least=0)
    ] = msgspec.field(name="min", default=0.0)
    maximum: Annotated[
        float | None,
        DURATION,
        About(
            "the most that a request gets, whatever it asks for",
            at_least=SHORTEST,
            default="no limit",
        ),
    ] = msgspec.field(name="max", default=None)
    per_try: Annotated[
        float | None,
        or_off(DURATION),
        About("how long one attempt may take; then it has failed", at_least=SHORTEST),
    ] = None
    covers: Annotated[
        Literal["answer", "head"],
        choice("answer", "head"),
        About(
            "what must have arrived by then: the whole answer, or its head",
            default='"answer" where default or from is given, else "head"',
        ),
    ] = "head"
    send_as: Annotated[
        str | None,
        or_off(FIELD_NAME),
        About("the field that tells the upstream how many milliseconds are left"),
    ] = "X-Request-Timeout-Ms"

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        return None if isinstance(value, (list, Mapping)) else {"default": value}

    @classmethod
    @override
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        values = dict(given)
        if "default" in given or "source" in given:
            values.setdefault("covers", "answer")
        highest = given.get("maximum", DEFAULT_DEADLINE)
        values.setdefault("default", max(min(DEFAULT_DEADLINE, highest), given.get("minimum", 0.0)))
        return values

    @property
    def longest(self) -> float | None:
        """The longest deadline that a request can get; None when it may ask for any."""
        return self.default if self.source is None else self.maximum


class Hedge(Record, frozen=True, kw_only=True):
    """When a request is sent again, and how often."""

    SHORT: ClassVar[str] = '"off"'
    EXAMPLE: ClassVar[str] = '{delay = "300ms"}'

    delay: Annotated[
        float | Literal["auto"] | None,
        or_off(DURATION, "auto"),
        About(
            "how long an attempt may be silent before copies are sent; auto: learned, so that the"
            " budget is just used up; off: only after failures",
            at_least=SHORTEST,
            fix=_NO_COPIES,
        ),
    ] = None
    probability: Annotated[
        float | None,
        SHARE,
        About(
            "that a copy is sent when the delay has passed",
            at_least=0.0001,
            default='1, or with "auto" a little less, from the budget',
            fix=_NO_COPIES,
        ),
    ] = None
    extra: Annotated[
        int,
        COUNT,
        About(
            "how many copies are sent beside the first attempt",
            at_least=0,
            default="1 with a delay, else 0",
            fix="Write for example 1; the first attempt is not counted.",
        ),
    ] = 0
    mode: Annotated[
        Literal["burst", "staggered"],
        choice("burst", "staggered"),
        About(
            "all copies together, or one at each delay",
            default='"staggered" with a budget, else "burst"',
        ),
    ] = "staggered"
    max_attempts: Annotated[
        int,
        COUNT,
        About(
            "how often a request is sent at most, copies and retries together",
            at_least=1,
            default="1 + extra, at least 2",
        ),
    ] = 2
    budget: Annotated[
        float | None,
        or_off(SHARE),
        About(
            "how many further attempts there may be, as a share of the requests",
            at_least=0.0001,
            default='"5%" with "auto", "off" with another delay, else "20%"',
            fix=_NO_COPIES,
        ),
    ] = RETRY_BUDGET
    same_replica: Annotated[
        bool, SWITCH, About("copies may go to a replica that has one already")
    ] = False
    methods: Annotated[
        tuple[str, ...],
        METHOD_LIST,
        About("which methods may be sent twice; others only with an Idempotency-Key (POST, PATCH)"),
    ] = ("GET", "HEAD", "OPTIONS")
    at: Annotated[
        Literal["head", "first-byte"],
        choice("head", "first-byte"),
        About("when an answer is chosen: at its head, or at the first byte of its body"),
    ] = "head"

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        return {"max_attempts": 1} if value == "off" else None

    @classmethod
    @override
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        delay = given.get("delay")
        if delay is None:
            values = {"extra": 0, "budget": RETRY_BUDGET, **given}
        else:
            values = {"extra": 1, "budget": AUTO_BUDGET if delay == "auto" else None, **given}
        values.setdefault("max_attempts", max(2, 1 + values["extra"]))
        values.setdefault("mode", "burst" if values["budget"] is None else "staggered")
        return values


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


class Route(Record, frozen=True, kw_only=True):
    """Which requests go where, and what is promised for them."""

    ABSENT: ClassVar[Mapping[str, str]] = {
        "root": "It serves no files: every route leads to an upstream.",
        "static": "It serves no files: every route leads to an upstream.",
        "validate": "It does not check bodies: leave validate out.",
        "defer": "It delivers nothing later: leave defer out.",
    }

    path: Annotated[str, PATTERN, About("/exact, /prefix/ (and all below) or /with/{parameter}")]
    host: Annotated[
        str | None, HOST, About("the host that requests must be for", default="any")
    ] = None
    methods: Annotated[
        tuple[str, ...] | None, METHOD_LIST, About("the methods that are taken", default="all")
    ] = None
    upstream: Annotated[
        str, NAME, About("the upstream that requests are sent to", default="the only one")
    ] = ""
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
            default="one retry after a failure, for up to 20% of the requests",
        ),
    ] = Hedge()
    success: Annotated[
        Success, About("which answers of the upstream are good", default="those below 400")
    ] = Success()
    replies: Annotated[
        Replies, About("answers of the route's own, by situation", default="problem bodies")
    ] = Replies()
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
