"""What can be set about sending a request again: ``hedge`` of a ``[[route]]``.

A declaration only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.

Most defaults depend on other settings of the table; ``complete`` says which, and the same
in words stands beside the setting.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from typing_extensions import override

from hedgerow.serve.settings.fields import SHORTEST, About, Record
from hedgerow.serve.settings.kinds import COUNT, DURATION, SHARE, SWITCH, choice, or_off
from hedgerow.serve.settings.names import METHOD_LIST

#: What a learned delay is steered to where nothing is said.
DEFAULT_AIM: Final = 0.05
#: More than the aim, so that failures can be retried as well; what an outage may add to the load.
DEFAULT_BUDGET: Final = 0.2
_NO_COPIES: Final = 'To send no copies, write hedge = "off".'


class Hedge(Record, frozen=True, kw_only=True):
    """When a request is sent again, and how often."""

    SHORT: ClassVar[str] = '"off"'
    EXAMPLE: ClassVar[str] = '{delay = "300ms"}'

    delay: Annotated[
        float | Literal["auto"] | None,
        or_off(DURATION, "auto"),
        About(
            "how long an attempt may be silent before copies are sent; auto: learned, so that as"
            " many are sent as aim says; off: only after failures",
            at_least=SHORTEST,
            default='"auto", where extra is not 0',
            fix=_NO_COPIES,
        ),
    ] = "auto"
    aim: Annotated[
        float | None,
        SHARE,
        About(
            'how many requests a delay of "auto" sends copies of',
            at_least=0.0001,
            default='budget where that is written, else "5%"',
            fix=_NO_COPIES,
        ),
    ] = DEFAULT_AIM
    probability: Annotated[
        float | None,
        SHARE,
        About(
            "that a copy is sent when the delay has passed",
            at_least=0.0001,
            default='1, or with "auto" a little less, from aim',
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
    ] = 1
    mode: Annotated[
        Literal["burst", "staggered"],
        choice("burst", "staggered"),
        About(
            "all copies together, or one at each delay",
            default='"staggered" with a budget or "auto", else "burst"',
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
            default='"off" with a delay of your own, else "20%"',
            fix=_NO_COPIES,
        ),
    ] = DEFAULT_BUDGET
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
        values = {"delay": _default_delay(given), **given}
        delay = values["delay"]
        if delay == "auto":
            # A budget that is written is meant for copies: they may use it up.
            aim = values.setdefault("aim", given.get("budget") or DEFAULT_AIM)
            values.setdefault("budget", max(DEFAULT_BUDGET, aim))
        else:
            values.setdefault("aim", None)
            values.setdefault("budget", DEFAULT_BUDGET if delay is None else None)
        values.setdefault("extra", 0 if delay is None else 1)
        values.setdefault("max_attempts", max(2, 1 + values["extra"]))
        is_burst = delay != "auto" and values["budget"] is None
        values.setdefault("mode", "burst" if is_burst else "staggered")
        return values


def _default_delay(given: Mapping[str, Any]) -> Literal["auto"] | None:
    """Return the delay where none is written: it is learned, unless there are no copies."""
    is_off = given.get("extra") == 0 or given.get("max_attempts") == 1
    return None if is_off else "auto"
