"""Finds the highest load that keeps a promise: one run of the load engine a probe.

Carries out what ``search`` decides and tells of each probe as it ends.  Must not know how
load is sent (it is given a maker of runs), nor how anything is shown.

By rate a probe may use as many connections as the promise allows at that rate: by Little's
law, when more than ``rate * limit`` requests are under way the mean is beyond the limit.
Twice that and some more is enough to break it; without an end a server that hangs would be
given tens of thousands.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import msgspec

from hedgerow.errors import StartError
from hedgerow.lab.probing import headroom_of, outcome_of, record_of
from hedgerow.lab.saturation import fell_behind, over_saturated
from hedgerow.lab.search import Answer, Bounds, CapacitySearch, Probe
from hedgerow.load.moment import Moment
from hedgerow.load.order import Order
from hedgerow.load.plan import Closed, LoadPlan, Open
from hedgerow.measure.slo import Slo
from hedgerow.report.document import Document, Point
from hedgerow.report.find_document import By, Capacity, ProbeRecord, Variant

_FEWEST_CONNECTIONS: Final = 50
_MOST_CONNECTIONS: Final = 10_000
_LIMIT_WITHOUT_A_PROMISE: Final = 1.0  # seconds, where no promise is about time
_SECONDS_TO_ANSWER: Final = 2  # from the start, to a server that fails everything
_DEAD: Final = "nothing was answered well"
_SATURATED: Final = "more was asked than answered: what waited grew and grew"


class Run(Protocol):
    """What carries an order out."""

    async def play(self) -> Document:
        """Send everything and return what came of it."""

    def stop(self, why: str, *, interrupted: bool = True) -> None:
        """Send no more."""

    def cut_off(self) -> None:
        """Wait for nothing that is under way."""


RunMaker = Callable[[Order, Callable[[Moment], None]], Run]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be found."""

    order: Order  # everything but the load and the duration
    by: By
    bounds: Bounds
    probe: float  # seconds
    confirm: float
    settle: float = 1.0  # between probes: a server may still work off what was asked


class Finder:
    """One search."""

    def __init__(
        self, asked: Asked, make_run: RunMaker, told: Callable[[ProbeRecord], None]
    ) -> None:
        self._asked = asked
        self._make_run = make_run
        self._told = told
        self._search = CapacitySearch(asked.bounds)
        self._probes: list[ProbeRecord] = []
        self._run: Run | None = None
        self._saturated = False
        self._stopped = asyncio.Event()

    async def find(self) -> Variant:
        """Search until there is an answer, or until stopped."""
        while not self._stopped.is_set() and isinstance(self._search.next, Probe):
            await self._probe(self._search.next)
            await self._settle()
        return self.variant

    @property
    def variant(self) -> Variant:
        """What is known now."""
        answer = self._search.best
        return Variant(capacity=_capacity(answer, self._asked.confirm), probes=self._probes)

    def stop(self, why: str) -> None:
        """End the search with what is known; the probe under way counts for nothing."""
        self._stopped.set()
        if self._run is not None:
            self._run.stop(why)
            self._run.cut_off()

    def cut_off(self) -> None:
        """Wait for nothing that is under way."""
        if self._run is not None:
            self._run.cut_off()

    async def _probe(self, probe: Probe) -> None:
        self._saturated = False
        seconds = self._asked.confirm if probe.is_confirmation else self._asked.probe
        order = order_at(self._asked, probe.load, seconds, number=len(self._probes))
        self._run = self._make_run(order, self._second)
        document = await self._run.play()
        self._run = None
        if self._stopped.is_set():
            return
        if not self._probes:
            _check_that_it_answers(document)
        saturated = self._saturated or fell_behind(document.timeseries)
        outcome = outcome_of(document, saturated=saturated)
        record = record_of(probe, document, outcome)
        self._probes.append(record)
        self._told(record)
        self._search.probed(outcome, headroom_of(document.slo))

    def _second(self, moment: Moment) -> None:
        """End a probe that can only get worse."""
        if self._run is None or self._saturated:
            return
        if not self._probes and _answers_nothing(moment.points):
            self._run.stop(_DEAD, interrupted=False)
        elif over_saturated(moment.points):
            self._saturated = True
            self._run.stop(_SATURATED, interrupted=False)
            self._run.cut_off()

    async def _settle(self) -> None:
        try:
            async with asyncio.timeout(self._asked.settle):
                await self._stopped.wait()
        except TimeoutError:
            pass


def order_at(asked: Asked, load: float, seconds: float, number: int = 0) -> Order:
    """Make the order for one load; each probe by its number draws its own chances."""
    plan = asked.order.plan
    at_load = msgspec.structs.replace(
        plan,
        model=_model(plan, asked, load),
        duration=seconds,
        requests=None,
        seed=plan.seed + number,
    )
    config = msgspec.structs.replace(
        asked.order.config, duration_s=seconds, seed=at_load.seed, **_config(asked.by, load)
    )
    return replace(asked.order, plan=at_load, config=config, abort_on_fail=False)


def _config(by: By, load: float) -> dict[str, Any]:
    return {"rate": f"{load:g}"} if by == "rate" else {"users": round(load)}


def _model(plan: LoadPlan, asked: Asked, load: float) -> Closed | Open:
    match plan.model:
        case Closed() as model:
            return msgspec.structs.replace(
                model, users=round(load), ramp_up=0.0, stages=(), iterations=None
            )
        case Open() as model:
            most = model.max_connections or connections_for(load, asked.order.slos)
            return msgspec.structs.replace(model, start_rate=load, stages=(), max_connections=most)


def connections_for(rate: float, slos: tuple[Slo, ...]) -> int:
    """How many connections suffice to break a promise about time at this rate."""
    limits = [slo.limit for slo in slos if slo.unit == "s" and slo.is_ceiling]
    limit = max(limits, default=_LIMIT_WITHOUT_A_PROMISE)
    return min(_MOST_CONNECTIONS, _FEWEST_CONNECTIONS + math.ceil(2 * rate * limit))


def _answers_nothing(points: Sequence[Point]) -> bool:
    """Tell whether everything failed for so long that nothing else is to be expected."""
    measured = [point for point in points if point.phase == "measured"]
    return (
        len(measured) >= _SECONDS_TO_ANSWER
        and any(point.failed for point in measured)
        and not any(point.ok for point in measured)
    )


def _check_that_it_answers(document: Document) -> None:
    """Refuse to search the capacity of what does not answer at all."""
    if document.requests.ok:
        return
    classes = ", ".join(f"{kind} {count}" for kind, count in document.errors.items())
    said = next(iter(document.error_samples.values()), "")
    raise StartError(
        document.target or "the target",
        got=f"no good answer to {document.requests.total} requests ({classes or 'none ended'})",
        must="answering at the start",
        fix=f"See why with hedgerow load -n 1. {said}".strip(),
    )


def _capacity(answer: Answer, confirm: float) -> Capacity:
    return Capacity(
        kind=answer.kind,
        load=answer.load,
        broken=answer.broken,
        confirmed=answer.confirmed,
        seconds=confirm if answer.confirmed else 0.0,
    )
