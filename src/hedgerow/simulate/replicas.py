"""The replicas of a simulated upstream: how long they work, who waits, what goes wrong.

Decides how long each attempt takes and when its answer comes; must not know why attempts
are sent.  Workers and queues are ``faults.Station``, latencies ``faults.Law``, so a
simulated upstream and ``hedgerow flaky`` with the same settings are the same one.

How slow a copy is, beside its own luck:

``similarity``  r of Y = r X + Z: a request that is slow by nature (X) is slow again in a
                copy (Y), which draws its own part (Z) from the same law (SPAA 2017's
                "correlated" workload).  0: copies are independent.
spells          a factor on the work that a replica *starts* in a slow period; all replicas
                at once (a shared disk, a garbage collector of the cluster), or each on its own
                (an antagonist on its machine).
slow replicas   some replicas are slower for ever.

A primary's work is drawn from a stream of random numbers of its own.  So two runs that
differ in how they hedge have the same arrivals and the same primaries (*common random
numbers*), and their difference is the hedging.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from hedgerow.errors import HedgerowBug
from hedgerow.faults import (
    Admission,
    Capacity,
    Law,
    Mishap,
    MishapKind,
    Mishaps,
    SpellRule,
    Spells,
    Station,
)
from hedgerow.policy import Replica
from hedgerow.simulate.agenda import Act, Agenda
from hedgerow.simulate.flight import Work

#: What a replica with a full queue answers, at once.
_OVERFULL = Mishap(MishapKind.STATUS, 503)


@dataclass(frozen=True, slots=True)
class ReplicaRules:
    """How all replicas of an upstream behave."""

    law: Law
    capacity: Capacity = field(default_factory=Capacity)
    errors: Mishaps = field(default_factory=Mishaps)
    similarity: float = 0.0
    running_is_kept: bool = False  # a cancel frees a place in the queue, but stops no work
    spells: SpellRule | None = None
    spells_together: bool = False
    one_way: Law | None = None  # network time, there and back each


class SimulatedReplica:
    """One replica; hangs on ``policy.Replica.address``."""

    __slots__ = ("factor", "spells", "station")

    def __init__(self, station: Station[Work], factor: float, spells: Spells | None) -> None:
        self.station = station
        self.factor = factor
        self.spells = spells


class Streams:
    """Random numbers by purpose, all from one seed."""

    __slots__ = ("_seed",)

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def of(self, purpose: str) -> random.Random:
        """Return a new stream; the same purpose gets the same numbers again."""
        return random.Random(f"{self._seed} {purpose}")


class Replicas:
    """The upstream of a simulation."""

    __slots__ = (
        "_agenda",
        "_answered",
        "_copies",
        "_errors",
        "_errors_random",
        "_law",
        "_network_random",
        "_notices_cancel",
        "_one_way",
        "_primaries",
        "_running_is_kept",
        "_similarity",
        "answers_for_nobody",
        "replicas",
    )

    def __init__(
        self, rules: ReplicaRules, factors: Sequence[float], agenda: Agenda, streams: Streams
    ) -> None:
        """Make a replica for each factor on its latencies (1: as the law says)."""
        self._agenda = agenda
        self._answered: Act = _nobody
        self._law = rules.law.restarted()
        self._primaries = streams.of("primaries")
        self._copies = streams.of("copies")
        self._errors = rules.errors if rules.errors.shares else None
        self._errors_random = streams.of("errors")
        self._similarity = rules.similarity
        self._notices_cancel = rules.capacity.notices_cancel
        self._running_is_kept = rules.running_is_kept
        self.answers_for_nobody = 0  # worked out to the end although they were cancelled
        self._one_way = rules.one_way
        self._network_random = streams.of("network")
        shared = _spells(rules, streams, "spells") if rules.spells_together else None
        self.replicas = tuple(
            Replica(
                f"r{number}",
                SimulatedReplica(
                    Station(rules.capacity),
                    factor,
                    shared or _spells(rules, streams, f"spells {number}"),
                ),
            )
            for number, factor in enumerate(factors, 1)
        )

    def report_to(self, answered: Act) -> None:
        """Say who is told, as ``answered(now, work)``, when an answer reaches the gateway."""
        self._answered = answered

    def send(self, now: float, work: Work) -> None:
        """Draw what becomes of an attempt, and put it on its way."""
        flight = work.flight
        if work.attempt.number == 1:
            work.seconds = flight.first_seconds = self._law.draw(self._primaries)
        else:
            seconds = self._law.draw(self._copies)
            work.seconds = seconds + self._similarity * flight.first_seconds
        if self._errors is not None:
            self._draw_mishap(work, self._errors)
        if self._one_way is None:
            self._arrive(now, work)
        else:
            # One draw for all three ways, so that a cancel cannot overtake what it cancels.
            work.travel = self._one_way.draw(self._network_random)
            self._agenda.at(now + work.travel, self._arrive, work)

    def cancel(self, now: float, work: Work) -> None:
        """Let the replica know that nobody waits, as soon as the network can."""
        if self._one_way is None:
            self._cancel(now, work)
        else:
            self._agenda.at(now + work.travel, self._cancel, work)

    def busy_seconds(self, now: float) -> float:
        """How long workers have worked so far, all together."""
        stations = (simulated(replica).station for replica in self.replicas)
        return sum(station.statistics(now).busy_seconds for station in stations)

    # --- at a replica ---

    def _arrive(self, now: float, work: Work) -> None:
        replica = simulated(work.attempt.replica)
        if work.mishap is not None and work.mishap.kind is MishapKind.REFUSE:
            self._send_back(now, work)
            return
        admission = replica.station.arrive(now, work)
        if admission is Admission.STARTED:
            self._start(now, work, replica)
        elif admission is Admission.REFUSED:
            work.mishap = _OVERFULL
            self._send_back(now, work)

    def _start(self, now: float, work: Work, replica: SimulatedReplica) -> None:
        seconds = work.seconds * replica.factor
        if replica.spells is not None:
            seconds *= replica.spells.factor(now)
        work.seconds = seconds
        work.is_running = True
        if work.mishap is None or work.mishap.kind is not MishapKind.HANG:
            self._agenda.at(now + seconds, self._finished, work)

    def _finished(self, now: float, work: Work) -> None:
        """Take a finished job off; of one that was stopped before, the station knows nothing."""
        replica = simulated(work.attempt.replica)
        following = replica.station.finish(now, work)
        if following is not None:
            self._start(now, following, replica)
        if not work.is_running:
            return
        if not work.is_wanted:
            self.answers_for_nobody += 1
        elif self._one_way is None:
            self._answered(now, work)
        else:
            self._send_back(now, work)

    def _cancel(self, now: float, work: Work) -> None:
        if work.is_running and self._running_is_kept:
            return
        replica = simulated(work.attempt.replica)
        if self._notices_cancel:
            work.is_running = False
        following = replica.station.cancel(now, work)
        if following is not None:
            self._start(now, following, replica)

    # --- on the way ---

    def _send_back(self, now: float, work: Work) -> None:
        """Have the answer reach the gateway: always as an event of its own, even at once."""
        self._agenda.at(now + work.travel, self._answered, work)

    def _draw_mishap(self, work: Work, errors: Mishaps) -> None:
        if errors.draw_refusal(self._errors_random):
            work.mishap = Mishap(MishapKind.REFUSE)
        else:
            work.mishap = errors.draw(self._errors_random)


def simulated(replica: Replica) -> SimulatedReplica:
    """Return what the policy's replica stands for."""
    found = replica.address
    if not isinstance(found, SimulatedReplica):
        raise HedgerowBug(f"{replica} was not made by a simulation")
    return found


def _spells(rules: ReplicaRules, streams: Streams, purpose: str) -> Spells | None:
    return None if rules.spells is None else Spells(rules.spells, streams.of(purpose))


def _nobody(now: float, work: Work) -> None:
    raise HedgerowBug("a simulated upstream answers nobody: report_to() was not called")
