"""What to set, from known latencies: the best point, beside others, and how sure that is.

Works out everything that ``hedgerow tune`` tells; must not know where latencies were
logged, nor how figures and settings are written.

Four questions are answered: what the tail was and becomes; what a budget buys (where none
was given); what happens if the world is not as it was logged (half the budget, everything
twice as long, copies that are slow when their primaries are); and how far chance alone may
have moved the figure (a bootstrap: the same requests drawn again and again).
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.policy.tuning import (
    NO_COPY,
    HedgePoint,
    best_point,
    delay_for,
    extra_load,
    fused,
    staggered,
    time_of,
)
from hedgerow.policy.tuning_laws import Correlated, Independent, Latencies

QUANTILES: Final = (0.5, 0.9, 0.95, 0.99, 0.999)
#: Budgets that are tried where none was given.
LADDER: Final = (0.01, 0.02, 0.05, 0.10, 0.20)
#: A further 1 % of load must take off at least this share of the tail.  A guess: below it, most
#: people would rather keep the capacity.
WORTH_A_POINT: Final = 0.03
#: Where a steered delay comes so close to the optimum, it is as good: it also follows the load.
AS_GOOD: Final = 1.02
#: Values beyond a quantile that make it more than an anecdote.
ENOUGH_BEYOND: Final = 20
_RESAMPLES: Final = 200
_CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted: the smallest ``quantile`` for a ``budget`` (None: find one)."""

    quantile: float = 0.99
    budget: float | None = None
    least_delay: float = 0.001


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one point leads to."""

    point: HedgePoint
    extra: float  # copies, as a share of the requests
    at_target: float  # seconds
    times: tuple[float, ...]  # seconds, at QUANTILES


@dataclass(frozen=True, slots=True)
class Rung:
    """What one budget buys."""

    budget: float
    outlook: Outlook
    gain: float  # of the target's time, for each further 1 % of load; 0.1 is 10 % less


@dataclass(frozen=True, slots=True)
class Case:
    """The chosen point in a world that is not as it was logged."""

    name: str
    without: float  # seconds at the target, without copies
    with_copies: float  # the same with copies
    extra: float  # copies, as a share of the requests
    unfused: float  # the same if no budget stopped them


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value probably lies (95 %)."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Advice:
    """Everything that is told of one log, or of one route of it."""

    quantile: float
    budget: float
    none: Outlook
    best: Outlook  # SingleR
    by_delay: Outlook  # SingleD: what a steered delay arrives at
    third_copy: Outlook | None  # staggered; None where copies are not independent
    ladder: tuple[Rung, ...] = ()

    @property
    def helps(self) -> bool:
        """Say whether copies make the target smaller at all."""
        return not self.best.point.is_none

    @property
    def steered_is_as_good(self) -> bool:
        """Say whether a delay that is steered by the budget alone comes as far."""
        return self.by_delay.at_target <= self.best.at_target * AS_GOOD


# --- the best point ---


def advise(latencies: Latencies, goal: Goal) -> Advice:
    """Choose a point; without a budget, one that is still worth its load."""
    none = _outlook(latencies, NO_COPY, goal)
    rungs: tuple[Rung, ...] = ()
    budget = goal.budget
    if budget is None:
        rungs = tuple(_ladder(latencies, goal, none))
        budget = worthwhile(rungs, none.at_target).budget
    best = best_point(latencies, budget, goal.quantile, least_delay=goal.least_delay)
    by_delay = delay_for(latencies, budget, least_delay=goal.least_delay)
    third = None
    if isinstance(latencies, Independent):
        point = staggered(latencies, budget, least_delay=goal.least_delay)
        third = _outlook(latencies, fused(latencies, point, budget), goal)
    return Advice(
        quantile=goal.quantile,
        budget=budget,
        none=none,
        best=_outlook(latencies, best, goal),
        by_delay=_outlook(latencies, fused(latencies, by_delay, budget), goal),
        third_copy=third,
        ladder=rungs,
    )


def worthwhile(rungs: Sequence[Rung], without: float) -> Rung:
    """Return the last budget that is worth its load, compared with the last that was.

    Not the first that is not: where all slow requests are alike, a budget below their share
    buys nothing and one above it everything.
    """
    chosen, load, time = rungs[0], 0.0, without
    for rung in rungs:
        if _gain(time, rung.outlook.at_target, rung.budget - load) >= WORTH_A_POINT:
            chosen, load, time = rung, rung.budget, rung.outlook.at_target
    return chosen


def _ladder(latencies: Latencies, goal: Goal, none: Outlook) -> Iterator[Rung]:
    load, time = 0.0, none.at_target
    for budget in LADDER:
        point = best_point(latencies, budget, goal.quantile, least_delay=goal.least_delay)
        outlook = _outlook(latencies, point, goal)
        yield Rung(budget, outlook, _gain(time, outlook.at_target, budget - load))
        load, time = budget, outlook.at_target


def _gain(before: float, after: float, load: float) -> float:
    """Return which share of the time a further 1 % of load takes off, evenly spread."""
    if not before:
        return 0.0
    return (1.0 - after / before) / (load * 100)


def _outlook(latencies: Latencies, point: HedgePoint, goal: Goal) -> Outlook:
    return Outlook(
        point=point,
        extra=extra_load(latencies, point),
        at_target=time_of(latencies, point, goal.quantile),
        times=tuple(time_of(latencies, point, quantile) for quantile in QUANTILES),
    )


# --- how sure that is ---


def what_if(latencies: Latencies, point: HedgePoint, budget: float, quantile: float) -> list[Case]:
    """Play the point in worlds that are not as they were logged."""
    worlds = [
        ("as logged", latencies, budget),
        ("half of the budget", latencies, budget / 2),
        ("everything takes twice as long", latencies.scaled(2.0), budget),
        ("everything takes half as long", latencies.scaled(0.5), budget),
    ]
    if isinstance(latencies, Independent):
        alike = Correlated(latencies.primary, 0.5)
        worlds.append(("half of slowness stays with a request", alike, budget))
    return [_case(name, world, point, allowed, quantile) for name, world, allowed in worlds]


def _case(name: str, world: Latencies, point: HedgePoint, budget: float, quantile: float) -> Case:
    allowed = fused(world, point, budget)
    return Case(
        name=name,
        without=time_of(world, NO_COPY, quantile),
        with_copies=time_of(world, allowed, quantile),
        extra=extra_load(world, allowed),
        unfused=extra_load(world, point),
    )


def bootstrap(
    latencies: Latencies,
    points: Sequence[HedgePoint],
    quantile: float,
    randomness: random.Random,
) -> list[Interval]:
    """Return for each point the interval of its quantile."""
    times: list[list[float]] = [[] for _ in points]
    for _ in range(_RESAMPLES):
        drawn = latencies.resampled(randomness)
        for point, found in zip(points, times, strict=True):
            found.append(time_of(drawn, point, quantile))
    outside = round(_RESAMPLES * (1.0 - _CONFIDENCE) / 2)
    return [Interval(found[outside], found[-1 - outside]) for found in map(sorted, times)]


def values_needed(quantile: float) -> int:
    """Return how many values a log must hold for its quantile to be more than an anecdote."""
    return round(ENOUGH_BEYOND / (1.0 - quantile))
