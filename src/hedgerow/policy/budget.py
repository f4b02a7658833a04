"""How much load hedges and retries may add: one purse for both.

Decides yes or no; must not know why an attempt is wanted.  Each client request
puts in a share of an attempt; each extra attempt takes out a whole one.  So extra
attempts stay below ``share`` of the requests in the long run, whatever breaks: the
fuse against a hedge storm.  The purse is small (``burst``), so that quiet hours
cannot be saved up for a storm.

``reserve`` attempts a second keep a quiet service able to hedge at all: at one
request a second a share of 1 % would allow one hedge in 100 s (Finagle's
``RetryBudget`` has the same floor, ``minRetriesPerSec``).

Why a bucket of tokens and not a ratio over a window: it is exact, O(1), and has no
edge at which a burst slips through.
"""

from typing import Protocol


class Budget(Protocol):
    """What an exchange needs of a budget."""

    def deposit(self) -> None:
        """A client request has started."""

    def withdraw(self, now: float) -> bool:
        """Ask for one extra attempt; a refusal costs nothing."""


class LoadBudget:
    """A token bucket filled by requests (``share`` each) and by time (``reserve`` a second)."""

    __slots__ = ("_burst", "_reserve", "_reserved_at", "_share", "_tokens", "denied")

    def __init__(self, *, share: float, burst: float = 10.0, reserve: float = 0.0) -> None:
        self._share = share
        self._burst = burst
        self._reserve = reserve
        self._reserved_at: float | None = None
        self._tokens = 0.0
        self.denied = 0

    @property
    def tokens(self) -> float:
        """Extra attempts that could be sent now, not counting the reserve since the last."""
        return self._tokens

    def deposit(self) -> None:
        tokens = self._tokens + self._share
        self._tokens = tokens if tokens < self._burst else self._burst

    def withdraw(self, now: float) -> bool:
        if self._reserve:
            since = now - (self._reserved_at if self._reserved_at is not None else now)
            self._reserved_at = now
            self._tokens = min(self._burst, self._tokens + since * self._reserve)
        # 1e-9: twenty deposits of 5 % must buy one attempt although 20 * 0.05 < 1 in binary.
        if self._tokens < 1.0 - 1e-9:
            self.denied += 1
            return False
        self._tokens -= 1.0
        return True


class NoBudget:
    """No limit beside the number of attempts: the rule of a fixed burst."""

    __slots__ = ()

    def deposit(self) -> None:
        """Nothing to count."""

    def withdraw(self, now: float) -> bool:
        return True
