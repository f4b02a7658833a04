"""Which driver plays a plan, and with what.

The one place where a generator process looks at what kind of plan it has.
"""

import itertools
import random
from collections.abc import Iterator

from hedgerow.load.channel import Assignment
from hedgerow.load.generator.closed import ClosedDriver
from hedgerow.load.generator.driver import Driver
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.following import following
from hedgerow.load.generator.open import OpenDriver
from hedgerow.load.generator.request_maker import RequestMaker
from hedgerow.load.generator.scenario import load_scenario
from hedgerow.load.generator.scenario_drivers import (
    ScenarioClosedDriver,
    ScenarioOpenDriver,
    Stage,
)
from hedgerow.load.plan import Closed, LoadPlan, Open, Scenario, Share
from hedgerow.workload import Arrivals, Spacing
from hedgerow.workload.template import Draw


def driver_for(field: Field, assignment: Assignment) -> Driver:
    """Make the driver; raises ConfigError for what only the plan's user can mend."""
    plan, share, work = assignment.plan, assignment.share, assignment.plan.work
    draw = Draw(share.index, share.of, random.Random(f"{plan.seed}/draw"), assignment.lines)
    if isinstance(work, Scenario):
        module = load_scenario(work.source, work.name)
        return _scenario_driver(field, Stage(field, module, draw, assignment.shared))
    if work.follow:
        module = following(work, draw, are_strangers=isinstance(plan.model, Open))
        return _scenario_driver(field, Stage(field, module, draw, None))
    maker = RequestMaker(work, draw, keep_alive=plan.connecting.keep_alive)
    match plan.model:
        case Closed() as model:
            return ClosedDriver(field, model, work.label, maker)
        case Open() as model:
            return OpenDriver(field, model, work.label, maker, arrivals_of(plan, model, share))


def _scenario_driver(field: Field, stage: Stage) -> Driver:
    match field.plan.model:
        case Closed() as model:
            return ScenarioClosedDriver(field, model, stage)
        case Open() as model:
            arrivals = arrivals_of(field.plan, model, field.share)
            return ScenarioOpenDriver(field, model, stage, arrivals)


def arrivals_of(plan: LoadPlan, model: Open, share: Share) -> Iterator[tuple[int, float]]:
    """Return a share of the plan's arrivals, as numbers and due times."""
    spacing = Spacing(model.spacing)
    stages = tuple((stage.seconds, stage.target) for stage in model.stages)
    seed = f"{plan.seed}/arrivals"
    count = plan.requests
    if count is not None and plan.warm_up:
        # The count is of what is measured; those of the warm-up come before.
        endless = Arrivals(model.start_rate, spacing, stages=stages)
        before = itertools.takewhile(
            lambda due: due < plan.warm_up, endless.due_times(random.Random(seed))
        )
        count += sum(1 for _ in before)
    whole = Arrivals(
        model.start_rate,
        spacing,
        duration=float("inf") if plan.duration is None else plan.warm_up + plan.duration,
        count=count,
        stages=stages,
    )
    return whole.numbered(random.Random(seed), share.index, share.of)
