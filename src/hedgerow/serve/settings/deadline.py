"""What can be set about how long requests may take: ``deadline`` of a ``[[route]]``.

A declaration only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from typing_extensions import override

from hedgerow.serve.settings.fields import SHORTEST, About, Record
from hedgerow.serve.settings.kinds import DURATION, choice, or_off
from hedgerow.serve.settings.names import ASKED_IN, FIELD_NAME, HONOURS, AskedIn

DEFAULT_DEADLINE: Final = 30.0
#: By which others tell how long they will wait; what a field means follows from its name.
HONOURED: Final = (
    "grpc-timeout",
    "x-envoy-upstream-rq-timeout-ms",
    "X-Request-Timeout-Ms",
    "X-Request-Deadline",
)


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
        About("the unit of the request's own number, and of honours that do not name one"),
    ] = "ms"
    minimum: Annotated[
        float,
        DURATION,
        About(
            "the least that a request may ask for; less: 400, by a field of honours 504", at_least=0
        ),
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

    honours: Annotated[
        tuple[str, ...],
        HONOURS,
        About("the fields by which a client may shorten its deadline, each in its own form"),
    ] = HONOURED

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
