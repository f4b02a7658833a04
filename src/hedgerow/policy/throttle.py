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

import random
from dataclasses import dataclass

from hedgerow.errors import ConfigError
from hedgerow.measure import WindowedCount


@dataclass(frozen=True, slots=True)
class ThrottleStatistics:
    """What an operator would ask."""

    requests: int  # in the window
    accepts: int
    refuses: float  # the probability now
    refused: int  # total since the start


class AdaptiveThrottle:
    """Refuses by chance, the more the less the upstream accepts."""

    __slots__ = ("_accepts", "_at_least", "_k", "_most", "_random", "_requests", "refused")

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
        self._requests = WindowedCount(window=window, slots=15)
        self._accepts = WindowedCount(window=window, slots=15)
        self.refused = 0

    def refuses(self, now: float) -> bool:
        """Say whether to turn the next request away; it then counts as not accepted."""
        probability = self.probability(now)
        if probability <= 0.0 or self._random.random() >= probability:
            return False
        self._requests.add(now)
        self.refused += 1
        return True

    def ended(self, now: float, *, accepted: bool) -> None:
        """A request that was let through has ended."""
        self._requests.add(now)
        if accepted:
            self._accepts.add(now)

    def probability(self, now: float) -> float:
        """Return the share of requests that would be refused now."""
        requests = self._requests.total(now)
        if requests < self._at_least:
            return 0.0
        surplus = requests - self._k * self._accepts.total(now)
        return min(self._most, surplus / (requests + 1)) if surplus > 0.0 else 0.0

    def statistics(self, now: float) -> ThrottleStatistics:
        return ThrottleStatistics(
            requests=self._requests.total(now),
            accepts=self._accepts.total(now),
            refuses=self.probability(now),
            refused=self.refused,
        )
