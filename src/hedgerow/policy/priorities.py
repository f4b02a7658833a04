"""How urgent a request is: a small number, from its route or from what its client says.

Decides a number; must not know queues, nor where the text came from.  The scale is the
*urgency* of RFC 9218: 0 is the most urgent, 7 the least, 3 is what a request has that says
nothing.  The text may be a ``Priority`` field of that RFC (``u=1, i``), a bare number, or
one of the names below, which are the criticality classes of Google's "Site Reliability
Engineering" (2016, chapter 21).

A client may always say that its request matters less than its route does.  That it
matters more is believed down to ``most_urgent``; whatever is wrong with the text, the
request gets its route's urgency, because a typing error must not cost a request its place.
"""

import re
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError

MOST_URGENT: Final = 0
LEAST_URGENT: Final = 7
DEFAULT_URGENCY: Final = 3

#: The four classes, spread over the scale so that each has room on both sides.
CRITICALITY: Final = {"critical_plus": 0, "critical": 3, "sheddable_plus": 5, "sheddable": 7}

# A parameter of a structured dictionary (RFC 8941): the last one counts.
_URGENCY: Final = re.compile(r"(?:^|,)\s*u=([0-7])(?=\s*(?:[,;]|$))")


@dataclass(frozen=True, slots=True)
class PriorityRule:
    """What a route's requests are worth; ``most_urgent`` is as far as a client's word goes."""

    urgency: int = DEFAULT_URGENCY
    most_urgent: int | None = None  # None: no more urgent than the route itself

    def __post_init__(self) -> None:
        _require("priority", self.urgency)
        if self.most_urgent is not None:
            _require("most_urgent", self.most_urgent)

    def read(self, text: str | None) -> int:
        """Urgency of a request that says ``text``; None means it says nothing."""
        if text is None:
            return self.urgency
        asked = _parsed(text)
        if asked is None:
            return self.urgency
        bound = self.urgency if self.most_urgent is None else self.most_urgent
        return max(asked, bound)


def _parsed(text: str) -> int | None:
    stripped = text.strip()
    if len(stripped) == 1 and stripped in "01234567":
        return int(stripped)
    named = CRITICALITY.get(stripped.lower().replace("-", "_"))
    if named is not None:
        return named
    found = _URGENCY.findall(stripped)
    return int(found[-1]) if found else None


def _require(where: str, urgency: int) -> None:
    if not MOST_URGENT <= urgency <= LEAST_URGENT:
        fix = "It is the urgency of RFC 9218; a request that says nothing has 3."
        raise ConfigError(where, got=urgency, must="0 (most urgent) to 7 (least)", fix=fix)
