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
from typing import Final, Literal

from hedgerow.errors import ConfigError

IDEMPOTENT_BY_DEFAULT = frozenset({"GET", "HEAD", "OPTIONS"})

#: With learned delays: what share of all requests goes without a hedge that was due, because the
#: coin said no.  Not 0, because the coin lets the delay be shorter at the same cost.  Where a law
#: has a gap (5 % of the answers take ten times as long) that decides: the quantile at the budget
#: itself lies anywhere in the gap, and the p99 with it.  Less than half of the 1 % above the
#: p99, so that elsewhere it costs hardly anything: of 0.0034 to 0.0065, which were tried on four
#: laws, 0.004 keeps the p99 closest to the best.
_MISSED: Final = 0.004
#: The same with more than one copy: what the coin refuses is asked for again after another delay.
_MISSED_BY_MANY: Final = 0.0075
_LEAST_PROBABILITY: Final = 0.5


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
    probability: float = 1.0  # that a hedge which is due is sent
    min_useful: float | None = None  # seconds; None: what the delay's controller calls fast

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

    @classmethod
    def single_r(cls, delay: float, probability: float, *, max_attempts: int = 2) -> "HedgeRule":
        """Build SingleR: one copy after ``delay``, sent with ``probability`` and never asked again.

        Kaler, He and Elnikety, "Optimal reissue policies for reducing tail latency" (SPAA 2017):
        for each percentile and budget some such pair is as good as any policy whatsoever.
        """
        return cls(delay, 1, "burst", max_attempts, probability=probability)

    @classmethod
    def auto(cls, budget: float, extra: int = 2, *, max_attempts: int | None = None) -> "HedgeRule":
        """Build the rule for learned delays: one copy at a time, and a coin beside the budget.

        The policy needs ``delays`` for it, which then say when (``hedge_delay``).
        """
        if not budget > 0.0:
            fix = "To send no copies, use a rule without them."
            raise ConfigError("budget", got=budget, must="above 0", fix=fix)
        attempts = 1 + extra if max_attempts is None else max_attempts
        missed = _MISSED if extra < 2 else _MISSED_BY_MANY
        coin = max(_LEAST_PROBABILITY, 1.0 - missed / budget)
        return cls(math.inf, extra, "staggered", attempts, probability=coin)

    def copies_at_trigger(self, attempts_sent: int) -> int:
        """How many copies to send now, given how many attempts have been sent."""
        room = self.max_attempts - attempts_sent
        if room <= 0:
            return 0
        if self.mode == "burst" and attempts_sent == 1:
            return min(max(self.extra, 1), room)
        return 1

    def next_delay(self, attempts_sent: int, delay: float | None = None) -> float:
        """Seconds from the last dispatch to the next trigger by time (infinite: none).

        ``delay`` is a learned one; without it the rule's own counts.
        """
        if attempts_sent > (self.extra if self.mode == "staggered" else min(self.extra, 1)):
            return math.inf
        return self.delay if delay is None else delay

    def permits(self, method: str, *, has_idempotency_key: bool) -> bool:
        """Say whether a request may be sent twice (RFC 9110 section 9.2.2)."""
        if method in self.methods:
            return True
        return has_idempotency_key and method in {"POST", "PATCH"}


#: One attempt, and whatever it brings is the answer.
NO_HEDGE = HedgeRule()
