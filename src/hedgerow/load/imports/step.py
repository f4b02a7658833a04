"""One request of a recording.

A record only: what was sent, how long after the answer before it, and what was answered.
"""

from dataclasses import dataclass

from hedgerow.load.plan import RequestPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A request, and the pause before it."""

    request: RequestPlan
    pause: float = 0.0  # seconds since the last of the earlier answers
    status: int = 0  # that it was answered with; 0: not known
