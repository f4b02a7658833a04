"""From a description to things that run: the one place that knows both.

Reads the texts of a description; each mistake is told with the setting's name.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from hedgerow import units
from hedgerow.errors import ConfigError
from hedgerow.faults import Capacity, Constant, Law, ReadSamples, parse_mishaps, parse_spells
from hedgerow.faults.latency_text import no_samples
from hedgerow.policy import (
    Balancer,
    Budget,
    DeadlineRule,
    HedgeRule,
    LeastRequest,
    LoadBudget,
    NoBudget,
    Policy,
    Replica,
    RoundRobin,
)
from hedgerow.policy.admission import Admission
from hedgerow.policy.cancel_efficacy import CancelEfficacy
from hedgerow.policy.concurrency import FixedLimit
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim
from hedgerow.policy.limit_halving import HalvingLimit
from hedgerow.policy.peak_ewma import PeakEwmaBalancer
from hedgerow.policy.waiting_room import QueueRules
from hedgerow.simulate.chance import RandomReplica
from hedgerow.simulate.clients import Urgent
from hedgerow.simulate.description import Door, Hedge, Route, Simulation, Upstream
from hedgerow.simulate.flight import Flight
from hedgerow.simulate.laws import read_law
from hedgerow.simulate.replicas import ReplicaRules, Streams
from hedgerow.workload import Arrivals, Spacing

T = TypeVar("T")

#: How each balancer is made, by its name in the settings.
BALANCERS: Final[Mapping[str, Callable[[tuple[Replica, ...], Streams], Balancer]]] = {
    "round-robin": lambda replicas, streams: RoundRobin(replicas),
    "least-request": lambda replicas, streams: LeastRequest(replicas, streams.of("balance")),
    "peak-ewma": lambda replicas, streams: PeakEwmaBalancer(replicas, streams.of("balance")),
    "random": lambda replicas, streams: RandomReplica(replicas, streams.of("balance")),
}
AUTO: Final = "auto"
#: Seconds; without a deadline a learned delay needs some end.
LONGEST_DELAY: Final = 10.0


def replica_rules(upstream: Upstream, read_samples: ReadSamples = no_samples) -> ReplicaRules:
    """Return how the replicas behave."""
    network = _law("upstream.network", upstream.network, read_samples)
    return ReplicaRules(
        law=_law("upstream.latency", upstream.latency, read_samples),
        capacity=Capacity(
            None if isinstance(upstream.workers, str) else upstream.workers,
            upstream.queue,
            upstream.notices_cancel is not False,
        ),
        running_is_kept=upstream.notices_cancel == "queued",
        errors=_read("upstream.errors", upstream.errors, parse_mishaps),
        similarity=upstream.similarity,
        spells=_read("upstream.spells", upstream.spells, parse_spells),
        spells_together=upstream.spells_together,
        one_way=None if network == Constant(0.0) else network,
    )


def slowness(upstream: Upstream) -> Iterable[float]:
    """Return each replica's factor on latencies; the slow ones come first."""
    if upstream.slow_replicas > upstream.replicas:
        raise ConfigError(
            "upstream.slow_replicas",
            got=upstream.slow_replicas,
            must=f"at most the {upstream.replicas} replicas that there are",
            fix="Lower it.",
        )
    slow = upstream.slow_replicas
    return [*[upstream.slow_factor] * slow, *[1.0] * (upstream.replicas - slow)]


def arrivals(simulation: Simulation, law: Law) -> Arrivals:
    """Return when requests come; a load is turned into a rate by what the workers can do."""
    traffic, upstream = simulation.traffic, simulation.upstream
    if (traffic.rate is None) == (traffic.load is None):
        raise ConfigError(
            "traffic", got="both or neither", must="either a rate or a load", fix="Keep one."
        )
    if traffic.rate is not None:
        rate = _read("traffic.rate", traffic.rate, units.parse_rate)
    else:
        rate = _rate_of_load(traffic.load or 0.0, upstream, law) / simulation.fan_out
    return Arrivals(rate, Spacing(traffic.spacing), count=simulation.requests)


def policy(route: Route, replicas: tuple[Replica, ...], streams: Streams) -> Policy:
    """Return the rules of the gateway, with live state of their own."""
    make = BALANCERS.get(route.balance)
    if make is None:
        raise ConfigError(
            "route.balance",
            got=route.balance,
            must=f"one of {', '.join(BALANCERS)}",
            fix="See docs/simulate.md.",
        )
    rule = _hedge_rule(route.hedge)
    deadline = _duration("route.deadline", route.deadline)
    return Policy(
        make(replicas, streams),
        hedge=rule,
        deadline=DeadlineRule(default=deadline, per_try=_duration("route.per_try", route.per_try)),
        budget=_budget(route.hedge),
        delays=_delays(route.hedge, rule, deadline),
        efficacy=CancelEfficacy() if route.hedge.watch_cancelling else None,
        admission=_admission(route.door, streams),
        randomness=streams.of("chance"),
    )


def urgent(simulation: Simulation, streams: Streams) -> Urgent | None:
    """Return which requests matter most; None where all are alike."""
    share = _read("traffic.urgent", simulation.traffic.urgent, units.parse_share)
    return Urgent(share, streams.of("urgency")) if share else None


def warm_up(simulation: Simulation) -> int:
    """Return how many requests are sent before it counts."""
    share = _read("warm_up", simulation.warm_up, units.parse_share)
    return min(int(simulation.requests * share), simulation.requests - 1)


def slow_above(simulation: Simulation) -> float | None:
    """Return the time above which requests are told as slow."""
    text = simulation.slow_above
    return None if text is None else _read("slow_above", text, units.parse_duration)


def _admission(door: Door, streams: Streams) -> Admission[Flight] | None:
    if door.limit == "off":
        return None
    limit = HalvingLimit() if door.limit == "adaptive" else FixedLimit(door.limit)
    queue = QueueRules(
        capacity=door.queue,
        patience=_duration("route.door.patience", door.patience),
        newest_first=door.newest_first,
    )
    return Admission(limit, streams.of("admission"), queue=queue)


def _hedge_rule(hedge: Hedge) -> HedgeRule:
    is_learned = hedge.delay == AUTO
    extra = 0 if hedge.delay == "off" else hedge.extra
    return HedgeRule(
        delay=math.inf if is_learned else _duration("route.hedge.delay", hedge.delay),
        extra=extra,
        mode=hedge.mode,
        max_attempts=1 + extra if hedge.max_attempts is None else hedge.max_attempts,
        same_replica=hedge.same_replica,
        probability=_chance(hedge),
        min_useful=0.0 if is_learned else None,
    )


def _chance(hedge: Hedge) -> float:
    """Return the rule's coin; with a learned delay and no word about it the gateway's own."""
    if hedge.chance is not None:
        return _read("route.hedge.chance", hedge.chance, units.parse_share)
    if hedge.delay == AUTO and hedge.mode == "staggered" and hedge.budget != "off":
        return HedgeRule.auto(_share_of_budget(hedge), hedge.extra).probability
    return 1.0


def _delays(hedge: Hedge, rule: HedgeRule, deadline: float) -> AdaptiveDelays | None:
    """Return what learns the delay; it is steered to the budget, or to the share given."""
    if hedge.delay != AUTO:
        return None
    ceiling = min(deadline / 2, LONGEST_DELAY)
    if hedge.aim is not None:
        return AdaptiveDelays(DelayAim(hedge.aim, ceiling=ceiling))
    if hedge.budget == "off":
        raise ConfigError(
            "route.hedge.delay",
            got=hedge.delay,
            must="given with a budget or an aim, to which it is steered",
            fix='Write budget = "10%".',
        )
    return AdaptiveDelays(DelayAim.of(rule, _share_of_budget(hedge), ceiling=ceiling))


def _budget(hedge: Hedge) -> Budget:
    if hedge.budget == "off":
        return NoBudget()
    return LoadBudget(share=_share_of_budget(hedge), burst=hedge.burst)


def _share_of_budget(hedge: Hedge) -> float:
    return _read("route.hedge.budget", hedge.budget, units.parse_share)


def _rate_of_load(load: float, upstream: Upstream, law: Law) -> float:
    mean = law.mean()
    if isinstance(upstream.workers, str) or not 0 < mean < math.inf:
        raise ConfigError(
            "traffic.load",
            got=load,
            must="a share of what a finite number of workers can do",
            fix='Write rate = "1000" for requests a second instead.',
        )
    return load * upstream.replicas * upstream.workers / mean


def _duration(where: str, text: str) -> float:
    return math.inf if text == "off" else _read(where, text, units.parse_duration)


def _law(where: str, text: str, read_samples: ReadSamples) -> Law:
    return _read(where, text, lambda words: read_law(words, read_samples))


def _read(where: str, text: str, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise ConfigError(where, got=text, must=str(error), fix="See docs/simulate.md.") from error
