"""How much load hedges and retries may add: one purse for both.

Decides yes or no; must not know why an attempt is wanted.  Each client request
puts in a share of an attempt; each extra attempt takes out a whole one.  So extra
attempts stay below ``share`` of the requests in the long run, whatever breaks: the
fuse against a hedge storm.  The purse is small (``burst``), so that quiet hours
cannot be saved up for a storm.

``reserve`` attempts a second keep a quiet service able to hedge at all: at one
request a second a share of 1 % would allow one hedge in 100 s (Finagle's
``RetryBudget`` has the same floor, ``minRetriesPerSec``).

``slack`` lets the purse grow with the traffic: it may hold one attempt for each request of
so many seconds.  At 0.04 no ten seconds exceed the share by more than half a point (above
200 requests a second, where that is more than ``burst``), and a busy route is not refused
hedges by mere chance.

How large a purse should be, from simulations of 15,000 requests with learned delays (answers
of which one in twenty takes ten times as long, load 0.5, an aim and a share of 5 %):

===================  ===========  =======  =======  ======================
requests a second    purse        denied   p99      copies, worst 10 s
===================  ===========  =======  =======  ======================
50                   3            1.9 %    252 ms   5.2 %
50                   10           0.6 %    228 ms   7.0 %
50                   100          0.3 %    223 ms   8.2 %
200                  10           0.6 %    57 ms    5.3 %
200                  100          0.3 %    56 ms    6.2 %
1000                 10           0.6 %    46 ms    4.7 %
1000                 40 (slack)   0.5 %    47 ms    5.0 %
===================  ===========  =======  =======  ======================

So ten it is: a purse of a hundred wins 2 % of the p99 and breaks the promise about ten
seconds, one of three loses 10 %.  The slack matters to busier routes than these.  Where the
share is well above what the delay aims at (20 % and 5 %) hardly anything is denied (0.03 %).

Why a bucket of tokens and not a ratio over a window: it is exact, O(1), and has no
edge at which a burst slips through.
"""

import math
from typing import Final, Protocol

#: Seconds over which a rate is measured, at least.
_MEASURED_FOR: Final = 1.0


class Budget(Protocol):
    """What an exchange needs of a budget."""

    def deposit(self) -> None:
        """A client request has started."""

    def withdraw(self, now: float) -> bool:
        """Ask for one extra attempt; a refusal costs nothing."""


class LoadBudget:
    """A token bucket filled by requests (``share`` each) and by time (``reserve`` a second)."""

    __slots__ = (
        "_base",
        "_burst",
        "_deposits",
        "_least_burst",
        "_measured_at",
        "_reserve",
        "_reserved_at",
        "_share",
        "_slack",
        "_tokens",
        "denied",
    )

    def __init__(
        self, *, share: float, burst: float = 10.0, reserve: float = 0.0, slack: float = 0.0
    ) -> None:
        self._base = share
        self._share = share  # what of it counts now
        self._burst = self._least_burst = burst
        self._slack = slack
        self._deposits = 0  # since the rate was measured
        self._measured_at = -math.inf
        self._reserve = reserve
        self._reserved_at: float | None = None
        self._tokens = 0.0
        self.denied = 0

    @property
    def tokens(self) -> float:
        """Extra attempts that could be sent now, not counting the reserve since the last."""
        return self._tokens

    def scale(self, factor: float) -> None:
        """Let requests put in this part of the share from now on."""
        self._share = self._base * factor

    def deposit(self) -> None:
        self._deposits += 1
        tokens = self._tokens + self._share
        self._tokens = tokens if tokens < self._burst else self._burst

    def withdraw(self, now: float) -> bool:
        if self._slack and now - self._measured_at >= _MEASURED_FOR:
            self._measure(now)
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

    def _measure(self, now: float) -> None:
        """Size the purse by the rate of late; from time to time, when somebody asks."""
        rate = self._deposits / (now - self._measured_at)  # the first time 0, since for ever
        self._burst = max(self._least_burst, self._slack * rate)
        self._deposits = 0
        self._measured_at = now


class NoBudget:
    """No limit beside the number of attempts: the rule of a fixed burst."""

    __slots__ = ()

    def deposit(self) -> None:
        """Nothing to count."""

    def withdraw(self, now: float) -> bool:
        return True
