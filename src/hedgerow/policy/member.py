"""What a replica set knows of one replica: its health, its checks, and what came of its attempts.

A record with a little behaviour; must not know the other replicas, sockets or clocks.
"""

import math
from dataclasses import dataclass

from hedgerow.policy.active_checks import ActiveCheck
from hedgerow.policy.balance import Replica
from hedgerow.policy.ejection import Tally
from hedgerow.policy.health import PROBING, HealthState, ReplicaHealth
from hedgerow.policy.streaks import LEARNING


@dataclass(frozen=True, slots=True)
class ReplicaStatistics:
    """One replica, as an operator asks for it."""

    name: str
    state: HealthState
    is_up: bool  # by its active check
    in_flight: int
    weight: float  # now: less than it was given while it starts slowly
    failures: int  # in a row
    ejections: int  # in short succession
    succeeded: int  # of late
    failed: int


class Member:
    """One replica in a set."""

    __slots__ = (
        "check",
        "failing",
        "failing_since",
        "health",
        "probing_since",
        "replica",
        "returned_at",
        "strangers",
        "tally",
        "weight",
    )  # fmt: skip

    def __init__(self, replica: Replica, health: ReplicaHealth, check: ActiveCheck | None) -> None:
        self.replica = replica
        self.weight = replica.weight  # as given; the replica's own may be less for a while
        self.health = health
        self.check = check
        self.tally = Tally()
        self.failing = 0.0  # the share of its attempts, the latest ones most
        self.failing_since = 0.0  # the first of the failures in a row
        self.returned_at = -math.inf  # slow start counts from here
        self.probing_since = -math.inf  # attempts that were sent before are no probes
        self.strangers = 0  # in flight since before it was probing; one may stream for hours

    @property
    def is_up(self) -> bool:
        return self.check is None or self.check.is_up

    @property
    def is_probing(self) -> bool:
        return self.health.state is PROBING

    def missed_its_check(self, now: float) -> None:
        """What came of its last check, if one was out, nobody has listened to."""
        if self.check is not None:
            self.check.not_made(now)

    def failed(self, now: float, latency: float) -> bool:
        """An attempt has failed after ``latency``; say whether the replica deserves ejection.

        Attempts that were in flight together fail together, so there must be one that was sent
        after the first of the failures in a row was known.
        """
        self.tally.failed += 1
        self.failing += LEARNING * (1.0 - self.failing)
        if not self.health.failures:
            self.failing_since = now
        deserves_it = self.health.attempt_failed(now)
        return deserves_it and now - latency >= self.failing_since

    def forget(self) -> None:
        """What is known of it was true of its past."""
        self.tally.clear()
        self.failing = 0.0

    def told(self) -> ReplicaStatistics:
        """Return it as an operator asks for it."""
        return ReplicaStatistics(
            name=self.replica.name,
            state=self.health.state,
            is_up=self.is_up,
            in_flight=self.replica.in_flight,
            weight=self.replica.weight,
            failures=self.health.failures,
            ejections=self.health.ejections,
            succeeded=self.tally.succeeded,
            failed=self.tally.failed,
        )
