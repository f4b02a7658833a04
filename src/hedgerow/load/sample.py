"""One request that was sent: when it was due, sent and over, and how it ended.

A record that the player writes and everybody may read; it decides nothing.  Times are
monotonic seconds of one clock::

    due_at <= sent_at <= ended_at
      |  send lag |            |
      |        latency         |

*Send lag* is the sender's own fault (or the wait for a new connection): it is in the
latency, because the user was there from ``due_at`` on, and it is told apart, because a
large one says that the run measured its own sender.
"""

import enum
from dataclasses import dataclass

from hedgerow.errors import Failure


class Ending(enum.Enum):
    """How a request ended, as its user sees it."""

    ANSWERED = "answered"  # a whole answer with a status below 400
    STATUS = "status"  # a whole answer with a status of 400 or above
    CONNECT = "connect"  # no connection could be made
    NO_CAPACITY = "no capacity"  # this process had no connection or descriptor left
    RESET = "reset"  # the connection broke before the answer was whole
    PROTOCOL = "protocol"  # what came back was not HTTP/1.1
    TIMEOUT = "timeout"  # nobody waits this long
    UNFINISHED = "unfinished"  # the run was cut off first

    @classmethod
    def of_failure(cls, failure: Failure) -> "Ending":
        """Translate the wire's word for how a call failed."""
        return cls(failure.value)


@dataclass(slots=True)
class Sample:
    """One request; ``ending`` is None while nobody knows."""

    number: int  # from 0, in the order of the plan
    due_at: float
    sent_at: float | None = None  # None: it never reached a connection
    ended_at: float | None = None
    ending: Ending | None = None
    status: int = 0
    size: int = 0  # bytes of the answer's body
