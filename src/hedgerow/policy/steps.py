"""The states of a request, and the steps that its shell is told to take.

Words only: ``exchange`` decides which, the shells (sockets, coroutines) carry them
out.  Members of an Enum and not records, because most events of most requests return
one of these and nothing else (21 ns against 140); what else a step needs stands on
the exchange.
"""

import enum
from typing import Final


class State(enum.Enum):
    """Where a request is in its life."""

    NEW = enum.auto()
    RACING = enum.auto()  # attempts are in flight, or one is waiting for its not-before
    COMMITTED = enum.auto()  # one answer is being forwarded
    DONE = enum.auto()


class Step(enum.Enum):
    """What the shell must do next."""

    WAIT = enum.auto()
    LAUNCH = enum.auto()  # start the attempts in `launched` (and empty it)
    HOLD = enum.auto()  # keep this answer, and report its body, even an empty one
    FORWARD = enum.auto()  # pass `winner`'s answer on, from its head
    REPLY = enum.auto()  # answer for `situation`, from the route's own replies
    ABORT = enum.auto()  # the committed answer broke: break the client's connection too


# The members as names: reading one off its Enum costs 100 ns in CPython 3.11, a name 10, and a
# request reads about thirty.  (The same stands below the other words of this room.)
NEW: Final = State.NEW
RACING: Final = State.RACING
COMMITTED: Final = State.COMMITTED
DONE: Final = State.DONE

WAIT: Final = Step.WAIT
LAUNCH: Final = Step.LAUNCH
HOLD: Final = Step.HOLD
FORWARD: Final = Step.FORWARD
REPLY: Final = Step.REPLY
ABORT: Final = Step.ABORT
