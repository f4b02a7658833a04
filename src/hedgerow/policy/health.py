"""Whether one replica may have traffic, judged by what its attempts told.

Decides for one replica; must not know the others, sockets or clocks: whether so many
may be out at once is for its caller to say (see ``ejection``), which is why
``attempt_failed`` only says that a replica deserves it.

::

    ADMITTING --some failures in a row, or an outlier; the cap allows--> EJECTED
    EJECTED   --its time is over-------------------------------------> PROBING
    PROBING   --an attempt succeeds----------------------------------> ADMITTING
    PROBING   --an attempt fails-------------------------------------> EJECTED, for longer
    PROBING   --an attempt tells nothing-----------------------------> EJECTED, as long again

What tells nothing (*ignore*) is most often a hedge's loser.  Were the next request sent
there at once, then while a replica hangs every request would go to it first and be
rescued by a hedge, one after the other.

Time out grows with the number of ejections (Envoy: base x number, at most so much), with
a random part, so that gateways which ejected a replica together do not come back
together.  The number is forgotten when a replica has admitted for the longest time out.

Events in states where they say nothing (of attempts that were sent before their replica
was ejected) change nothing.  *Admitting* and *ejected*, not open and closed: a
closed circuit is one in which current flows, and nobody remembers that at night.
"""

import enum
import math
import random
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError


class HealthState(enum.Enum):
    """What traffic a replica may have."""

    ADMITTING = "admitting"
    EJECTED = "ejected"
    PROBING = "probing"  # half-open: one attempt at a time


ADMITTING: Final = HealthState.ADMITTING
EJECTED: Final = HealthState.EJECTED
PROBING: Final = HealthState.PROBING


@dataclass(frozen=True, slots=True)
class HealthRule:
    """When a replica is ejected, and for how long (seconds)."""

    #: Envoy and Finagle 5, linkerd 7, nginx 1.  One lost connection can break several attempts.
    failures_in_row: int = 5
    #: Envoy 30, nginx 10, linkerd 1.  Coming back costs no more than one attempt, which another
    #: replica then answers, so short is cheap; a process that restarts needs some seconds.
    base_ejection: float = 5.0
    longest_ejection: float = 60.0
    jitter: float = 0.2  # up to this part longer

    def __post_init__(self) -> None:
        if self.failures_in_row < 1:
            fix = "To eject nothing, set the ejected share to 0."
            raise ConfigError(
                "failures_in_row", got=self.failures_in_row, must="1 or more", fix=fix
            )
        if not 0 < self.base_ejection <= self.longest_ejection < math.inf:
            got = f"{self.base_ejection:g} to {self.longest_ejection:g}"
            fix = "Try 5 and 60 seconds."
            raise ConfigError("ejection", got=got, must="from above 0 to no less", fix=fix)


class ReplicaHealth:
    """One replica's state; ``ends_at`` is when its time out is over (infinite: it is not out)."""

    __slots__ = ("_admitted_at", "_random", "_rule", "ejections", "ends_at", "failures", "state")

    def __init__(self, rule: HealthRule, randomness: random.Random) -> None:
        self._rule = rule
        self._random = randomness
        self._admitted_at = math.inf  # after the last ejection
        self.state = ADMITTING
        self.failures = 0  # in a row
        self.ejections = 0  # in short succession
        self.ends_at = math.inf

    # --- events ---

    def attempt_succeeded(self, now: float) -> bool:
        """Forget the failures; say whether the replica has just been taken back."""
        if self.state is EJECTED:
            return False
        self.failures = 0
        if self.state is ADMITTING:
            return False
        self.state = ADMITTING
        self._admitted_at = now
        return True

    def attempt_failed(self, now: float) -> bool:
        """Say whether the replica deserves to be ejected; a failed probe ejects by itself."""
        if self.state is PROBING:
            self.ejections += 1
            self._leave(now)
        if self.state is EJECTED:
            return False
        self.failures += 1
        return self.failures >= self._rule.failures_in_row

    def excuse(self) -> None:
        """Count failures anew: those until now were not the replica's own."""
        self.failures = 0

    def attempt_ignored(self, now: float) -> None:
        """An attempt told nothing: that is no probe, and the next one comes later."""
        if self.state is PROBING:
            self._leave(now)

    def timer_fired(self, now: float) -> bool:
        """Say whether the time out has just ended."""
        if self.state is not EJECTED or now < self.ends_at:
            return False
        self.state = PROBING
        self.ends_at = math.inf
        return True

    def eject(self, now: float) -> None:
        """Take the replica out: it deserves it, and not too many are out."""
        if self.state is EJECTED:
            return
        if now - self._admitted_at >= self._rule.longest_ejection:
            self.ejections = 0
        self.ejections += 1
        self._leave(now)

    def _leave(self, now: float) -> None:
        rule = self._rule
        time_out = min(rule.base_ejection * self.ejections, rule.longest_ejection)
        self.state = EJECTED
        self.ends_at = now + time_out * (1.0 + rule.jitter * self._random.random())
