"""One request of a log, and whether its time can be used.

What a request took is wanted as its first attempt took it: so a time that ended because
somebody gave up is *longer* than it says, and one that tells of a later attempt, or of an
answer that is no success, tells nothing.  Must not know in which form it was written.
"""

import enum
import math
from dataclasses import dataclass
from typing import Final, Protocol

#: Nobody answered in time: nginx's 499, a gateway's 504, and Envoy's 0, where no answer began.
GIVEN_UP: Final = frozenset({0, 499, 504})


class LeftOut(enum.Enum):
    """Why a time tells nothing of how long a first attempt takes."""

    STATUS = "answers other than a success"
    RETRIED = "answered by a retry after a failure"
    NO_UPSTREAM = "answered without an upstream"
    METHOD = "methods that are not hedged"


@dataclass(slots=True)
class Entry:
    """What one line says."""

    seconds: float
    method: str = ""
    path: str = ""
    is_longer: bool = False  # somebody gave up after so long
    left_out: LeftOut | None = None
    copy_seconds: float | None = None  # where the log has both

    @property
    def is_possible(self) -> bool:
        """False where it cannot have taken so long."""
        return 0 <= self.seconds < math.inf and (
            self.copy_seconds is None or 0 <= self.copy_seconds < math.inf
        )


class LineReader(Protocol):
    """Reads one form of log."""

    @property
    def name(self) -> str:
        """What people call this form."""

    def read(self, line: str) -> Entry | None:
        """Read one line, without its end; None where it is not of this form."""


def judged(entry: Entry, status: int | None) -> Entry:
    """Note what a status says about the time; None is a log without statuses."""
    if status is None or 200 <= status < 400:
        return entry
    if status in GIVEN_UP:
        entry.is_longer = True
    else:
        entry.left_out = LeftOut.STATUS
    return entry


def first_of_several(text: str) -> tuple[float | None, bool]:
    """Read a time such as nginx's ``0.012`` or ``0.003, 0.120``; True: there were several.

    Several servers were asked, each after the one before had failed.  ``-`` is no time.
    """
    parts = [part.strip() for part in text.replace(":", ",").split(",")]
    try:
        return (None if parts[0] in ("-", "") else float(parts[0])), len(parts) > 1
    except ValueError:
        return math.nan, False
