"""One attempt: the request sent once, to one replica.

A record that the exchange writes and everybody may read: the shells hang their
connection on it, traces and logs are told from it afterwards.  It decides nothing;
the two functions below only say which of several attempts is worth most to a client
who must be given one that failed.
"""

import enum
from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.policy.balance import Replica
from hedgerow.policy.outcomes import Outcome, rank


class Kind(enum.Enum):
    """Why an attempt was sent (Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013)."""

    PRIMARY = "primary"  # the first; never charged to a budget
    HEDGE = "hedge"  # the others have not answered in time
    RETRY = "retry"  # another attempt has failed


PRIMARY: Final = Kind.PRIMARY
HEDGE: Final = Kind.HEDGE
RETRY: Final = Kind.RETRY


class Attempt:
    """Slots, not a dataclass: one is made per attempt (140 ns against 480 for a frozen one)."""

    __slots__ = (
        "answered_at",
        "detail",
        "ended_at",
        "expires_at",
        "failure",
        "kind",
        "number",
        "outcome",
        "replica",
        "started_at",
        "status",
    )

    def __init__(
        self, number: int, kind: Kind, replica: Replica, started_at: float, expires_at: float
    ) -> None:
        self.number = number  # 1 is the primary
        self.kind = kind
        self.replica = replica
        self.started_at = started_at
        self.expires_at = expires_at  # the deadline, or the end of its own time if sooner
        self.status = 0  # of the answer's head, once it came
        self.answered_at: float | None = None
        self.failure: Failure | None = None
        self.detail = ""  # of the failure, in words, for whoever reads the story
        self.ended_at: float | None = None
        self.outcome: Outcome | None = None  # None: still in the race, or its answer is held

    @override
    def __repr__(self) -> str:
        what = self.outcome.value if self.outcome else "in flight"
        why = self.failure.value if self.failure else (self.status or "no answer")
        return f"<Attempt {self.number} {self.kind.value} to {self.replica.name}: {what}, {why}>"


def best_answer(attempts: Sequence[Attempt], *, whole: bool) -> Attempt | None:
    """Return the failed but real answer that is worth most; ties go to the earliest attempt.

    ``whole``: only one that has been received to its end.
    """
    answered = [
        a
        for a in attempts
        if a.outcome is Outcome.FAILURE and a.failure is None and not (whole and a.ended_at is None)
    ]
    return min(answered, key=lambda a: (rank(a.status, None), a.number), default=None)


def best_failure(attempts: Sequence[Attempt]) -> Failure | None:
    """Return the failure that tells most; None when there was none."""
    failures = [a.failure for a in attempts if a.failure is not None]
    return min(failures, key=lambda failure: rank(0, failure), default=None)
