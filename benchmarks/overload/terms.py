"""The terms of the experiment: the upstream, the load, and what counts as good.

Times are seconds.  The upstream has a few workers and an endless queue, and does not
notice that a client has gone, as most servers do not: what is let in beyond its
capacity makes everybody behind it wait.
"""

from typing import Final

WORKERS: Final = 8
SERVICE: Final = (0.04, 0.12)  # of one request on a worker, uniform
NOMINAL: Final = WORKERS / (sum(SERVICE) / 2)  # requests a second; the real one is measured
UPSTREAM_QUEUE: Final = 1_000_000
FACTORS: Final = (0.5, 1.0, 2.0, 5.0, 10.0)  # of the capacity

DEADLINE: Final = 1.0  # an answer later than this, from when the request was due, is not good
PATIENCE: Final = 2.0  # then a client closes its connection: longer than any contender's own limit

HIGH: Final = 3  # what X-Priority says: the urgency of RFC 9218, less is more urgent
LOW: Final = 5
HIGH_SHARE: Final = 0.2  # of what is offered
HIGH_MOST: Final = 0.4  # of the capacity: it would fit in alone

REFUSALS: Final = frozenset({429, 503})

GOODPUT_BAR: Final = 0.90  # of the capacity
REFUSAL_BAR: Final = 0.005  # p99
HIGH_BAR: Final = 0.99  # of the high-priority requests


def high_rate(factor: float, capacity: float) -> float:
    """Requests a second of high priority within ``factor`` times the capacity."""
    return min(HIGH_SHARE * factor, HIGH_MOST) * capacity


def low_rate(factor: float, capacity: float) -> float:
    """Give the rest."""
    return factor * capacity - high_rate(factor, capacity)
