"""Refusing what an upstream would refuse anyway: a circuit breaker without a switch.

Decides yes or no by chance; must not know requests, clocks or why the upstream refuses.
The rule is Google's *adaptive throttling* ("Site Reliability Engineering", 2016, chapter
21), over a window::

    p(refuse) = max(0, (requests - K accepts) / (requests + 1)), but no more than 0.9

With K = 2 nothing is refused while the upstream accepts half of what it gets; when it
accepts nothing, nearly all is refused, and what still goes there finds out when it is well
again.  There is no state to get stuck in and no moment at which all go back at once.

*Requests* are those that ended, and those refused here; *accepts* are those that ended
well; those that we cancelled are neither.  Three things differ from the original.  Requests
count when they end: a hundred in flight to an upstream that takes a second would look like
a hundred that it has not accepted.  Nothing is refused before ``at_least`` are known: two
failures after a start mean little.  And one in ten always goes through, over half a minute
and not two (both are Envoy's admission control): without it an upstream that was dead gets
one request in the first window, and twice as many in each that follows, which with 10
requests a second takes twenty minutes.
"""

import math
import random
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.measure import WindowedCount

#: Of a window.
_SLOTS: Final = 15


@dataclass(frozen=True, slots=True)
class ThrottleStatistics:
    """What an operator would ask."""

    requests: int  # in the window
    accepts: int
    refuses: float  # the probability now
    refused: int  # total since the start


class AdaptiveThrottle:
    """Refuses by chance, the more the less the upstream accepts."""

    __slots__ = (
        "_accepts",
        "_at_least",
        "_failures",
        "_k",
        "_most",
        "_random",
        "_slot",
        "_window",
        "fresh",
        "fresh_until",
        "is_calm_from",
        "refused",
    )

    def __init__(
        self,
        randomness: random.Random,
        *,
        k: float = 2.0,
        window: float = 30.0,
        most: float = 0.9,
        at_least: int = 20,
    ) -> None:
        if not k >= 1.0:
            fix = "2 lets through twice what the upstream accepts; more is more patient."
            raise ConfigError("throttle", got=k, must="1 or more", fix=fix)
        self._random = randomness
        self._k = k
        self._most = most
        self._at_least = at_least
        self._window = window
        self._slot = window / _SLOTS
        self._accepts = WindowedCount(window=window, slots=_SLOTS)
        #: Accepted in a slot that is not over, and not in the window yet: a slot is one number,
        #: which can wait for its end.  Until then whoever tells of one more may add it here.
        self.fresh = 0
        self.fresh_until = -math.inf  # the end of that slot
        self._failures = WindowedCount(window=window, slots=_SLOTS)  # and those refused here
        #: From then on everything in the window was accepted, so that nothing is refused: there is
        #: no need to ask.  Moves on with each failure.
        self.is_calm_from = -math.inf
        self.refused = 0

    def refuses(self, now: float) -> bool:
        """Say whether to turn the next request away; it then counts as not accepted."""
        probability = self.probability(now)
        if probability <= 0.0 or self._random.random() >= probability:
            return False
        self._not_accepted(now)
        self.refused += 1
        return True

    def ended(self, now: float, *, accepted: bool) -> None:
        """A request that was let through has ended."""
        if not accepted:
            self._not_accepted(now)
        elif now < self.fresh_until:
            self.fresh += 1
        else:
            self._put_away()
            self.fresh = 1
            self.fresh_until = (math.floor(now / self._slot) + 1) * self._slot

    def probability(self, now: float) -> float:
        """Return the share of requests that would be refused now."""
        self._put_away()
        accepts = self._accepts.total(now)
        requests = accepts + self._failures.total(now)
        if requests < self._at_least:
            return 0.0
        surplus = requests - self._k * accepts
        return min(self._most, surplus / (requests + 1)) if surplus > 0.0 else 0.0

    def statistics(self, now: float) -> ThrottleStatistics:
        self._put_away()
        accepts = self._accepts.total(now)
        return ThrottleStatistics(
            requests=accepts + self._failures.total(now),
            accepts=accepts,
            refuses=self.probability(now),
            refused=self.refused,
        )

    def _put_away(self) -> None:
        """Count what was accepted lately in the slot in which it was."""
        if self.fresh:
            self._accepts.add(self.fresh_until - self._slot / 2, self.fresh)
            self.fresh = 0

    def _not_accepted(self, now: float) -> None:
        self._failures.add(now)
        self.is_calm_from = max(self.is_calm_from, now + self._window)
