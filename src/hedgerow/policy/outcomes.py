"""The words for how things end: of an answer, of an attempt, of a request.

Decides what an upstream's status means for the race; must not know HTTP beyond
the numbers, nor bodies, nor time.

Three ends for an attempt, not two (Netflix concurrency-limits ``Limiter``): an
attempt that *we* cancelled says nothing about its upstream, and must teach
neither the balancer nor a limiter that it is fast or broken.
"""

import enum
from dataclasses import dataclass, field
from typing import Final, Literal

from hedgerow.errors import Failure


class Outcome(enum.Enum):
    """How an attempt ended, as far as its upstream is concerned."""

    SUCCESS = "success"
    FAILURE = "failure"
    IGNORE = "ignore"  # cancelled by us, or it never reached the upstream


class Verdict(enum.Enum):
    """What an answer means for the race between attempts."""

    GOOD = enum.auto()  # it wins
    TRANSIENT = enum.auto()  # another attempt may do better: launch it now
    FINAL = enum.auto()  # no attempt will do better: it ends the race as it is


SUCCESS: Final = Outcome.SUCCESS
GOOD: Final = Verdict.GOOD
TRANSIENT: Final = Verdict.TRANSIENT


class Situation(enum.Enum):
    """Why the client gets an answer of ours; a route may set its own reply for each."""

    SUCCESS = "success"  # a good answer came: the route may reshape it
    EXHAUSTED = "exhausted"  # every attempt failed
    EXPIRED = "expired"  # the deadline passed first
    UNAVAILABLE = "unavailable"  # nothing to send the request to, or with
    DEADLINE_MALFORMED = "deadline_malformed"  # the client's deadline is not a whole number
    DEADLINE_TOO_SHORT = "deadline_too_short"  # it is below the route's minimum


#: Statuses that say "try again": 408, 425 and 429 (RFC 9110, 8470, 6585) and every 5xx.
#: The same list as Microsoft.Extensions.Http.Resilience, plus 425 (Too Early).
TRANSIENT_STATUSES: Final = frozenset({408, 425, 429, *range(500, 600)})

#: The order in which failed attempts are preferred when the client must get one of them.
_FAILURE_RANK: Final = {
    Failure.UNUSABLE: 1000,
    Failure.RESET: 1001,
    Failure.PROTOCOL: 1002,
    Failure.CONNECT: 1003,
    Failure.TIMEOUT: 1004,
    Failure.NO_CAPACITY: 1005,
}

#: Failures in which not one byte of the request was sent, so that sending it again is always safe.
NEVER_SENT: Final = frozenset({Failure.CONNECT, Failure.NO_CAPACITY})


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """Which answers win.

    Without ``statuses``: below 400 wins, :data:`TRANSIENT_STATUSES` are transient and the
    other 4xx are final.  With it: the listed ones win, and *every* other answer is
    transient, because the route has said that nothing else is good enough.
    """

    statuses: frozenset[int] | None = None
    body: Literal["any", "json"] = "any"
    #: What each status (0 to 999) means before its body is known.
    verdicts: tuple[Verdict, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Built once a route: a look-up costs 20 ns where the tests below cost 150.
        table = tuple(self._judge(status) for status in range(1000))
        object.__setattr__(self, "verdicts", table)

    def judge(self, status: int) -> Verdict:
        """Say what a status (100 to 999) means before its body is known."""
        return self.verdicts[status]

    def _judge(self, status: int) -> Verdict:
        if self.statuses is not None:
            return Verdict.GOOD if status in self.statuses else Verdict.TRANSIENT
        if status in TRANSIENT_STATUSES:
            return Verdict.TRANSIENT
        return Verdict.FINAL if status >= 400 else Verdict.GOOD


def rank(status: int, failure: Failure | None) -> int:
    """Order failed attempts, best first: 4xx < 5xx < reset < ... < timeout."""
    return status if failure is None else _FAILURE_RANK[failure]
