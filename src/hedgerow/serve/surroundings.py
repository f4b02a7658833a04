"""What all requests of one process share, and whom they tell of their end.

Records and protocols only; must not know how a request is proxied.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hedgerow.policy import Exchange
from hedgerow.wire.engine import Engine
from hedgerow.wire.request import Request


class Finished(Protocol):
    """What is told of a request that is over; times are monotonic seconds."""

    request: Request
    exchange: Exchange | None  # None: it was never sent anywhere
    arrived_at: float
    finished_at: float


@dataclass(slots=True)
class Surroundings:
    """What all proxied requests of one process share."""

    engine: Engine
    finished: Callable[[Finished], None] | None  # told once about every request
    refused: Callable[[Request], None]  # told about those that never got so far
