"""How long a request may take: read from the request, bounded by the route.

Decides a number of seconds, or why there is none; must not know where the text came from
(path, query, header), nor clocks.  There are two ways for a client to ask.  One the route's
owner has made for it (``read``): there it may ask for less than the route's maximum, never
for more, and what is below the minimum is a mistake, because it cannot be kept.  The other
is a field that tells how long it will wait anyway (``shortened``): that can only take time
away, and is never a mistake.
"""

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

from hedgerow.policy.outcomes import Situation

_WHOLE_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_UNIT_SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """Where a route's deadlines lie; all in seconds."""

    default: float
    minimum: float = 0.0
    maximum: float = math.inf
    unit: Literal["us", "ms", "s"] = "ms"  # of the client's own number
    per_try: float = math.inf  # an attempt gets min(time left, per_try)
    covers: Literal["head", "answer"] = "answer"  # what must have arrived by the deadline
    #: Whether replicas answer for it. Not for one that a client has cut short: it could have
    #: any of them thought to be broken by waiting a millisecond.
    blames: bool = True

    def read(self, text: str | None) -> float | Situation:
        """Seconds for a request that asks for ``text``; None means it did not ask."""
        if text is None:
            return self.default
        if _WHOLE_NUMBER.fullmatch(text) is None:
            return Situation.DEADLINE_MALFORMED
        seconds = int(text) * _UNIT_SECONDS[self.unit]
        if seconds < self.minimum or seconds <= 0:
            return Situation.DEADLINE_TOO_SHORT
        return min(seconds, self.maximum)

    def shortened(self, seconds: float, asked: float) -> float | Situation:
        """Return what is left of ``seconds`` for a client that waits ``asked`` seconds more.

        Too little to be kept is as good as nothing: nobody would be there for the answer.
        """
        if asked <= 0 or asked < self.minimum:
            return Situation.EXPIRED
        return min(seconds, asked)
