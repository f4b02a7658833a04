"""One simulation from its description to its figures, step by step.

Puts the parts together and lets events happen as long as its caller wants: whoever shows
progress, or stops half-way, does so between two calls of :meth:`Run.advance`.  Must not know
clocks, signals or terminals.
"""

import math
from collections.abc import Sequence

from hedgerow.faults import ReadSamples
from hedgerow.faults.latency_text import no_samples
from hedgerow.policy import Policy
from hedgerow.simulate import assembly
from hedgerow.simulate.agenda import Agenda
from hedgerow.simulate.clients import OpenClients
from hedgerow.simulate.description import Simulation
from hedgerow.simulate.figures import Figures, share_above, times_of
from hedgerow.simulate.gateway import HEDGE_CLASS, Gateway
from hedgerow.simulate.recorder import Batch
from hedgerow.simulate.replicas import Replicas, Streams


class Run:
    """A simulation that goes on."""

    def __init__(
        self, simulation: Simulation, *, seed: int, read_samples: ReadSamples = no_samples
    ) -> None:
        self.simulation = simulation
        streams = Streams(seed)
        rules = assembly.replica_rules(simulation.upstream, read_samples)
        self._agenda = Agenda()
        factors = list(assembly.slowness(simulation.upstream))
        self._upstream = Replicas(rules, factors, self._agenda, streams)
        self.policy: Policy = assembly.policy(simulation.route, self._upstream.replicas, streams)
        arrivals = assembly.arrivals(simulation, rules.law)
        self.clients = OpenClients(
            self._agenda,
            arrivals.due_times(streams.of("arrivals")),
            total=simulation.requests,
            warm_up=assembly.warm_up(simulation),
            fan_out=simulation.fan_out,
            urgent=assembly.urgent(simulation, streams),
        )
        gateway = Gateway(self.policy, self._agenda, upstream=self._upstream, clients=self.clients)
        self._upstream.report_to(gateway.answered)
        self._milestones: list[tuple[float, float]] = []  # time, busy seconds until then
        self.clients.start(gateway, self._milestone)

    def advance(self, events: int = 20_000) -> bool:
        """Let some events happen; False when nothing more can."""
        return self._agenda.advance(events)

    @property
    def done(self) -> float:
        """How much of the run is over, 0 to 1."""
        return self.clients.ended / self.clients.total

    def _milestone(self, now: float) -> None:
        """Note how much has been worked so far: when measuring begins, and when it is over."""
        self._milestones.append((now, self._upstream.busy_seconds(now)))

    def utilisation(self) -> float | None:
        """How much of the workers' time was worked, from the first request that counts."""
        upstream = self.simulation.upstream
        if isinstance(upstream.workers, str) or not self._milestones:
            return None
        if len(self._milestones) == 1:  # interrupted
            self._milestone(self._agenda.now)
        (began, before), (ended, after) = self._milestones[0], self._milestones[-1]
        capacity = (ended - began) * upstream.replicas * upstream.workers
        return (after - before) / capacity if capacity > 0 else None

    @property
    def now(self) -> float:
        """How many seconds have been simulated."""
        return self._agenda.now

    @property
    def measured_seconds(self) -> float:
        """How long requests came that count: from the first of them to the last one."""
        if not self._milestones:
            return 0.0
        ended = self._milestones[1][0] if len(self._milestones) > 1 else self.now
        return ended - self._milestones[0][0]

    @property
    def limit(self) -> int | None:
        """How many attempts may be in flight now; None where there is no limit."""
        admission = self.policy.admission
        return None if admission is None else admission.statistics().limit

    @property
    def busy_seconds(self) -> float:
        """How long all workers have worked."""
        return self._upstream.busy_seconds(self._agenda.now)

    @property
    def hedge_delay(self) -> float | None:
        """What a learned delay is now; None where it is none, or not known yet."""
        delays = self.policy.delays
        delay = math.inf if delays is None else delays.of(HEDGE_CLASS).delay
        return delay if math.isfinite(delay) else None

    @property
    def cancel_efficacy(self) -> float | None:
        """What cancelling was found to be worth; None where it is not watched."""
        efficacy = self.policy.efficacy
        return None if efficacy is None else efficacy.efficacy

    @property
    def answers_for_nobody(self) -> int:
        """How many answers were worked out to their end although they were cancelled."""
        return self._upstream.answers_for_nobody


def _per_second(runs: Sequence[Run], count: int) -> float:
    """Return a rate over the time in which requests came that were counted."""
    seconds = sum(run.measured_seconds for run in runs)
    return count / seconds if seconds > 0 else 0.0


def figures_of(runs: Sequence[Run]) -> Figures:
    """Return the figures of repeats of one simulation; times of all of them together."""
    batches: list[Batch] = [batch for run in runs for batch in run.clients.recorder.batches]
    times, response = times_of(batches)
    limit = assembly.slow_above(runs[0].simulation)
    counters = [run.policy.counters for run in runs]
    attempts = sum(one.attempts for one in counters)
    leaves = sum(one.requests for one in counters)
    utilisations = [used for run in runs if (used := run.utilisation()) is not None]
    busy = sum(run.busy_seconds for run in runs)
    useful = sum(run.clients.useful_seconds for run in runs)
    return Figures(
        requests=sum(batch.ok + batch.failed + batch.refused for batch in batches),
        ok=sum(batch.ok for batch in batches),
        failed=sum(batch.failed for batch in batches),
        refused=sum(batch.refused for batch in batches),
        urgent=sum(batch.urgent for batch in batches),
        urgent_ok=sum(batch.urgent_ok for batch in batches),
        goodput=_per_second(runs, sum(batch.ok for batch in batches)),
        limit=runs[-1].limit,
        unfinished=sum(run.clients.sent - run.clients.ended for run in runs),
        simulated_s=sum(run.now for run in runs),
        times=times,
        slow_share=None if limit is None else share_above(batches, limit),
        extra=(attempts - leaves) / leaves if leaves else 0.0,
        attempts=attempts,
        hedges=sum(one.hedges for one in counters),
        retries=sum(one.retries for one in counters),
        hedges_won=sum(one.hedges_won for one in counters),
        denied=sum(one.denied for one in counters),
        utilisation=sum(utilisations) / len(utilisations) if utilisations else None,
        wasted=max(0.0, round(1 - useful / busy, 9)) if busy else 0.0,
        hedge_delay_s=runs[-1].hedge_delay,
        cancel_efficacy=runs[-1].cancel_efficacy,
        answers_for_nobody=sum(run.answers_for_nobody for run in runs),
        response=response,
    )
