"""What is known of how a measurement was taken, gathered for the verdict on it.

Facts only; ``verdict`` judges them.  Must not know how they were come by.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from hedgerow.measure import Histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a verdict needs, of the measured part only; histograms in microseconds.

    Series have one value a second: of the busiest generator process, of the worst shard.
    What is not known is left out, and is not held against the measurement.
    """

    model: Literal["closed", "open"]
    seconds: float  # how long the measured part was
    completed: int  # requests that ended, well or not
    response: Histogram = field(default_factory=Histogram)
    # Closed model.
    users: int = 0
    users_are_steady: bool = True  # no ramp within the measured part, no stages
    has_think_time: bool = False  # or anything else that users do between requests
    # Open model.
    asked: int = 0  # arrivals that were due
    sent: int = 0  # ... and of them were sent by the end
    waiting: int = 0  # ... and were not, because no connection was free: shed or still queued
    lateness: Histogram = field(default_factory=Histogram)
    # The generator.
    cpu: Sequence[float] = ()  # 1 = a whole core
    loop_lag: Histogram = field(default_factory=Histogram)
    gc_pause_max: float = 0.0  # seconds
    descriptors_short: bool = False
    ports_short: bool = False
    no_capacity: int = 0  # requests that failed for want of a descriptor or port
    shards: int = 1
    missing_shards: int = 0
    # Its machine.
    idle: Sequence[float] = ()
    steal: Sequence[float] = ()
    throttled: float = 0.0  # seconds, all together
    server_share: float | None = None  # of this machine's CPUs: the watched server's, if it is here


def littles_law_gap(users: float, throughput: float, mean_response: float) -> float:
    """Which share of the users' time is in no request: ``|N - X R| / N``; 0 without users.

    In a closed model without think time each of N users is always in a request, so that
    N = X R (Little 1961).  What is missing was spent in the generator.
    """
    return abs(users - throughput * mean_response) / users if users > 0 else 0.0
