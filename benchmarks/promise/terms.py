"""The terms of the experiment: what is promised, and how the upstream behaves.

Times are seconds.  The rule is the burst: one primary; when it has not answered
after ``DELAY``, or fails before, ``EXTRA`` copies at once; first good answer wins.
"""

from dataclasses import dataclass
from typing import Final

DEADLINE: Final = 1.0
DELAY: Final = 0.3
EXTRA: Final = 2
GRACE: Final = 0.05  # an answer later than DEADLINE + GRACE breaks the promise of an answer in time
CLIENT_TIMEOUT: Final = 5.0  # the client's patience: longer than the slowest upstream answer
PATH: Final = "/api/work"


@dataclass(frozen=True)
class Part:
    """A share of the answers, whose latency is uniform from ``low`` to ``high``."""

    share: float
    low: float
    high: float


LATENCY: Final = (Part(0.85, 0.1, 0.6), Part(0.15, 0.6, 3.0))
ERRORS: Final = {500: 0.05, 429: 0.05}  # shares; an error takes as long as an answer would
