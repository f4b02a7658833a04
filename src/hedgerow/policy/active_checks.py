"""When to ask a replica whether it is well, and how often it must say so to be believed.

Decides; must not know what a check is (a path, a status, a handshake), sockets or clocks.
Its caller sends the check when ``timer_fired`` says so, gives it ``timeout`` seconds, drops
it after that, and reports what came of it.

::

    UP   --``fall`` failed in a row, or one was refused--> DOWN
    DOWN --``rise`` passed in a row---------------------> UP

A replica is up until shown to be down, and its first check is believed alone: at the
start nothing speaks against it yet.  A connection that is *refused* is believed alone too:
nobody listens there, and no patience changes that; a time-out may be a lost packet.

While results contradict the state the next check comes after ``fast_interval`` (HAProxy's
``fastinter``), so that it is known soon.  Intervals have a random part, so that many
gateways do not ask in one moment.  A result that comes late or twice changes nothing.
"""

import math
import random
from dataclasses import dataclass

from hedgerow.errors import ConfigError


@dataclass(frozen=True, slots=True)
class CheckRule:
    """How a replica is checked; times in seconds, rise and fall as in HAProxy."""

    interval: float = 5.0
    fast_interval: float = 1.0
    timeout: float = 2.0
    rise: int = 2
    fall: int = 3
    jitter: float = 0.1  # an interval is up to this part longer or shorter

    def __post_init__(self) -> None:
        if min(self.interval, self.fast_interval, self.timeout) <= 0:
            got = f"{self.interval:g}, {self.fast_interval:g}, {self.timeout:g}"
            fix = "Interval, fast interval and timeout are seconds: try 5, 1 and 2."
            raise ConfigError("check", got=got, must="above 0", fix=fix)
        if self.rise < 1 or self.fall < 1:
            got = f"{self.rise}, {self.fall}"
            fix = "Rise and fall count results in a row: try 2 and 3."
            raise ConfigError("check", got=got, must="1 or more", fix=fix)


class ActiveCheck:
    """The checks of one replica.  Call ``timer_fired`` at ``due_at``."""

    __slots__ = ("_contrary", "_is_out", "_is_untold", "_random", "_rule", "due_at", "is_up")

    def __init__(self, rule: CheckRule, randomness: random.Random) -> None:
        self._rule = rule
        self._random = randomness
        self._contrary = 0  # results in a row that contradict the state
        self._is_untold = True  # no result yet
        self._is_out = False  # a check has been sent and has not come back
        self.is_up = True
        self.due_at = -math.inf  # at once

    def timer_fired(self, now: float) -> bool:
        """Say whether to send a check now; one that is out for too long has failed."""
        if now < self.due_at:
            return False
        if self._is_out:
            self.failed(now)
            return False
        self._is_out = True
        self.due_at = now + self._rule.timeout
        return True

    def passed(self, now: float) -> bool:
        """Say whether the replica has just come up."""
        return self._judge(now, good=True, needed=self._rule.rise)

    def failed(self, now: float, *, refused: bool = False) -> bool:
        """Say whether the replica has just gone down."""
        return self._judge(now, good=False, needed=1 if refused else self._rule.fall)

    def not_made(self, now: float) -> None:
        """It could not be sent, for a reason of ours: that says nothing, and comes again."""
        if self._is_out:
            self._is_out = False
            self._schedule(now)

    def _judge(self, now: float, *, good: bool, needed: int) -> bool:
        if not self._is_out:
            return False
        self._is_out = False
        self._contrary = self._contrary + 1 if good is not self.is_up else 0
        turns = self._contrary >= (1 if self._is_untold else needed)
        if turns:
            self.is_up = good
            self._contrary = 0
        self._is_untold = False
        self._schedule(now)
        return turns

    def _schedule(self, now: float) -> None:
        rule = self._rule
        interval = rule.fast_interval if self._contrary else rule.interval
        self.due_at = now + interval * (1.0 + rule.jitter * (2.0 * self._random.random() - 1.0))
