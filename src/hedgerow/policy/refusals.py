"""How a request leaves the front door: the words, and refusals that are ready made.

Words only; ``admission`` decides which.  It must not know HTTP beyond a status number,
nor what a refusal looks like on the wire: the shell maps each :class:`Entry` to bytes
that it has built beforehand.

A refusal must cost less than the work that it saves, so there is one object for each
reason and each number of seconds in Retry-After, made when this module is imported:
saying no allocates nothing.
"""

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: Longer than this nobody plans ahead, and an overload that lasts is another one by then.
LONGEST_RETRY_AFTER: Final = 60


class Decision(enum.Enum):
    """What becomes of a request that has come, or has waited."""

    ENTER = enum.auto()  # start it now
    WAIT = enum.auto()  # it is in the waiting room; a later decision says what becomes of it
    REFUSE = enum.auto()  # answer it with `status`, and Retry-After if that is above 0


class Reason(enum.Enum):
    """Why a request left: every one that came leaves exactly once, with one of these."""

    # It was served, or nobody wants it any more.
    ENTERED = "entered"
    CLIENT_LEFT = "client_left"  # while it waited
    # It was refused when it came.
    EXPIRED = "expired"  # its deadline had passed already
    QUEUE_FULL = "queue_full"
    QUEUE_STANDS = "queue_stands"  # it does not get shorter: who is admitted now only waits
    HOPELESS = "hopeless"  # by its turn the deadline would have been too close
    RATE_LIMITED = "rate_limited"  # its client has asked too often
    THROTTLED = "throttled"  # the upstream refuses most of what it gets
    PROCESS_OVERLOADED = "process_overloaded"  # our own event loop lags
    # It was refused after it had waited.
    EVICTED = "evicted"  # a more urgent one took its place
    TOO_LATE = "too_late"  # what was left until its deadline is too short to serve it
    WAITED_TOO_LONG = "waited_too_long"

    # By identity: an Enum's own costs 150 ns in CPython 3.11, and a refusal looks up three.
    __hash__ = object.__hash__


#: 503 unless it stands here: our load is no fault of the client's.
_STATUS: Final = {Reason.RATE_LIMITED: 429, Reason.EXPIRED: 504}


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision, and for a refusal what the client is told."""

    decision: Decision
    reason: Reason | None = None  # None while it waits
    status: int = 0
    retry_after: int = 0  # seconds; 0 says nothing about it


ENTER: Final = Entry(Decision.ENTER, Reason.ENTERED)
WAIT: Final = Entry(Decision.WAIT)

#: By reason: the same refusal with every Retry-After, from none to the longest.
REFUSALS: Final[Mapping[Reason, tuple[Entry, ...]]] = {
    reason: tuple(
        Entry(Decision.REFUSE, reason, _STATUS.get(reason, 503), seconds)
        for seconds in range(LONGEST_RETRY_AFTER + 1)
    )
    for reason in Reason
    if reason not in (Reason.ENTERED, Reason.CLIENT_LEFT)
}


def refusal(reason: Reason, seconds: float = 0.0) -> Entry:
    """Return the ready-made refusal: seconds are rounded up, and no longer than the longest."""
    if seconds >= LONGEST_RETRY_AFTER:
        return REFUSALS[reason][LONGEST_RETRY_AFTER]
    return REFUSALS[reason][math.ceil(seconds) if seconds > 0.0 else 0]
