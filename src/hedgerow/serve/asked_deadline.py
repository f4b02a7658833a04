"""What a request's head has to say about time, and what its upstream is told.

Brings the route's rule, the client's fields and the field of ours together, once a head; must
not know how a field is read or written (``policy.deadline_fields``), nor what is within
bounds (``policy.deadlines``).

A client's field can only take time away.  Where the deadline covers the answer, each such
field goes upstream with the time that is left, in the form in which it came, and so does
``send_as``.  A deadline that the client has shortened covers the answer always, because that
is what all these fields mean (decision 8).  The default that nobody asked for is ours, and an
upstream need not hurry for it: then the fields go on as they came.

Seconds count from a request's arrival, those until a time of day too: one that had to wait to
be read ends that much sooner, which errs to the safe side, and only while the loop lags.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.policy import DeadlineRule, Situation
from hedgerow.policy.deadline_fields import DeadlineField, NumberTell, Tell
from hedgerow.wire.heads import Fields

_OWS: Final = b" \t"


@dataclass(slots=True)
class Timing:
    """What follows for requests with one head."""

    seconds: float | Situation  # how long it may take; or why it is refused
    covers_answer: bool  # the whole of it
    tells: tuple[Tell, ...] = ()  # for its upstream
    replaces: frozenset[bytes] = frozenset()  # names, in lower case, that do not go upstream
    blames: bool = True  # replicas answer for its end: it is no shorter than the route's own
    is_dated: bool = False  # worked out from the time of day: right now, and never again


class RouteDeadline:
    """A route's rule, and the fields that go with it."""

    __slots__ = ("_fields", "_ours", "_plain", "_rule", "names")

    def __init__(
        self, rule: DeadlineRule, honours: Sequence[DeadlineField] = (), send_as: str | None = None
    ) -> None:
        """``honours``: what clients may shorten it with; ``send_as``: tells the milliseconds."""
        self._rule = rule
        self._fields = {field.name: field for field in honours}
        self._ours: dict[bytes, Tell] = {}
        if send_as is not None:
            self._ours[send_as.lower().encode()] = NumberTell(send_as)
        self._plain = self._granted(rule.default, {}, is_shortened=False)
        #: In lower case; ``timing`` wants to see the fields with these names.
        self.names = frozenset(self._fields)

    def timing(self, text: str | None, stated: Fields) -> Timing:
        """Work it out: ``text`` stands where the route asks, ``stated`` are fields of ``names``."""
        if text is None and not stated:
            return self._plain
        granted = self._rule.read(text)
        if isinstance(granted, Situation):
            return Timing(granted, covers_answer=True)
        left, shortest, is_dated = granted, math.inf, False
        tells: dict[bytes, Tell] = {}
        for name, value in stated:
            field, said = self._fields[name.lower()], value.rstrip(_OWS).decode("latin-1")
            waits = field.read(said)
            is_dated = is_dated or field.is_dated
            tells.setdefault(field.name, field.tell(said))
            if waits is not None and waits < shortest:
                shortest = waits
        if shortest < granted:
            bounded = self._rule.shortened(granted, shortest)
            if isinstance(bounded, Situation):
                return Timing(bounded, covers_answer=True, is_dated=is_dated)
            left = bounded
        timing = self._granted(left, tells, is_shortened=left < granted)
        timing.is_dated = is_dated
        timing.blames = left >= self._rule.default
        return timing

    def _granted(self, seconds: float, came: dict[bytes, Tell], *, is_shortened: bool) -> Timing:
        """Tell the upstream, where there is something to tell."""
        if not is_shortened and self._rule.covers == "head":
            return Timing(seconds, covers_answer=False)
        tells = self._ours | came
        return Timing(
            seconds, covers_answer=True, tells=tuple(tells.values()), replaces=frozenset(tells)
        )
