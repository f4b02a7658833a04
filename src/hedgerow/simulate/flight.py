"""What is under way in a simulation: requests, and the work that their attempts ask for.

Records, with a place for what each part of the simulation has to know of them.
"""

import math

from hedgerow.faults import Mishap
from hedgerow.policy import Attempt, Exchange
from hedgerow.policy.priorities import DEFAULT_URGENCY


class Flight:
    """One request on its way through the gateway."""

    __slots__ = ("armed_for", "due", "exchange", "first_seconds", "parent", "priority", "works")

    def __init__(
        self, exchange: Exchange, due: float, parent: object, priority: int = DEFAULT_URGENCY
    ) -> None:
        self.exchange = exchange
        self.due = due  # when its client sent it
        self.parent = parent  # the client's own; opaque here
        self.priority = priority
        self.armed_for = math.inf
        self.works: list[Work] = []  # by attempt number, from 1
        self.first_seconds = 0.0  # how long the primary's work takes: the upstream's own


class Work:
    """What one attempt asks of its replica."""

    __slots__ = ("attempt", "flight", "is_running", "is_wanted", "mishap", "seconds", "travel")

    def __init__(self, flight: Flight, attempt: Attempt) -> None:
        self.flight = flight
        self.attempt = attempt
        self.is_wanted = True  # False: cancelled, and its answer goes nowhere
        self.is_running = False  # on a worker
        self.mishap: Mishap | None = None
        self.seconds = 0.0  # on a worker
        self.travel = 0.0  # seconds that the network takes, one way
