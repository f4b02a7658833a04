"""What all requests of one process share, and whom they tell of their end.

Records and protocols only; must not know how a request is proxied.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from hedgerow.policy import Exchange
from hedgerow.policy.loop_lag import LoopLagShedder
from hedgerow.policy.refusals import Reason
from hedgerow.serve.durations import Durations
from hedgerow.serve.plan import ProxyTerms
from hedgerow.wire.engine import Engine
from hedgerow.wire.request import Request


class Finished(Protocol):
    """What is told of a request that is over; times are monotonic seconds."""

    terms: ProxyTerms
    request: Request
    exchange: Exchange | None  # None: it was never sent anywhere
    arrived_at: float
    finished_at: float


@dataclass(slots=True)
class Surroundings:
    """What all requests of one process share."""

    engine: Engine
    finished: Callable[[Finished], None] | None  # told once about every request
    refused: Callable[[Request], None]  # told about those that never got so far
    #: Told once about each request that a route answered by itself, with the seconds it took and
    #: where the route counts them; None: nobody wants to know.
    answered: Callable[[Request, float, Durations | None], None] | None = None
    shedder: LoopLagShedder | None = None  # None: nobody is turned away because this process lags
    #: How many requests were turned away before their route did anything, by reason.
    refusals: dict[Reason, int] = field(default_factory=dict)
