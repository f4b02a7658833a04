"""When to send copies of a request that is not answered, and how many at once.

Decides a number of copies; must not know replicas, budgets, HTTP or clocks.  The
exchange asks at each *trigger* (the delay has passed, or an attempt has failed).

Two modes:

``burst``      all ``extra`` copies together at the first trigger, nothing after.
``staggered``  one copy at each trigger; the delay starts anew with each copy.

Why staggered is what a budget wants: at equal extra load one copy at a time
reaches a lower p99 than a pair at once, because the second copy is only sent when
the first did not help.  The burst spends more and is the right one when the
deadline leaves no time for a third try.
"""

import math
from dataclasses import dataclass
from typing import Literal

IDEMPOTENT_BY_DEFAULT = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class HedgeRule:
    """How a route hedges.  ``delay`` counts from the dispatch of the last copy (seconds)."""

    delay: float = math.inf  # no hedges by time
    extra: int = 0  # copies beside the primary
    mode: Literal["burst", "staggered"] = "burst"
    max_attempts: int = 1  # primary included; more than 1 + extra leaves room for retries
    same_replica: bool = False  # copies may go where one has been already
    methods: frozenset[str] = IDEMPOTENT_BY_DEFAULT
    at: Literal["head", "first-byte"] = "head"  # when an answer is committed to

    @classmethod
    def of(
        cls,
        delay: float,
        extra: int = 1,
        *,
        mode: Literal["burst", "staggered"] = "burst",
        same_replica: bool = True,
    ) -> "HedgeRule":
        """Build the common rule: ``extra`` copies and no retries beyond them."""
        return cls(delay, extra, mode, 1 + extra, same_replica)

    def copies_at_trigger(self, attempts_sent: int) -> int:
        """How many copies to send now, given how many attempts have been sent."""
        room = self.max_attempts - attempts_sent
        if room <= 0:
            return 0
        if self.mode == "burst" and attempts_sent == 1:
            return min(max(self.extra, 1), room)
        return 1

    def next_delay(self, attempts_sent: int) -> float:
        """Seconds from the last dispatch to the next trigger by time (infinite: none)."""
        if attempts_sent > (self.extra if self.mode == "staggered" else min(self.extra, 1)):
            return math.inf
        return self.delay

    def permits(self, method: str, *, has_idempotency_key: bool) -> bool:
        """Say whether a request may be sent twice (RFC 9110 section 9.2.2)."""
        if method in self.methods:
            return True
        return has_idempotency_key and method in {"POST", "PATCH"}


#: One attempt, and whatever it brings is the answer.
NO_HEDGE = HedgeRule()
