"""Lets the users of a closed model come and go when their plan says so.

Must not know what they do.
"""

import math
from collections.abc import Callable

from hedgerow.load.generator.field import Field
from hedgerow.load.generator.pacer import Pacer
from hedgerow.load.plan import Closed, LoadPlan, Share
from hedgerow.workload import UserPlan


class UserPacing:
    """Calls ``arrive`` and ``leave`` with the numbers of this share's users."""

    def __init__(
        self,
        field: Field,
        model: Closed,
        arrive: Callable[[int], None],
        leave: Callable[[int], None],
    ) -> None:
        self._field = field
        self._plan = user_plan(field.plan, model)
        self._arrive = arrive
        self._leave = leave
        self._starts: Pacer | None = None
        self._ends: Pacer | None = None

    @property
    def numbers(self) -> range:
        """The users of this share."""
        return range(self._field.share.index, self._plan.most, self._field.share.of)

    @property
    def have_all_come(self) -> bool:
        """Nobody will come any more."""
        return self._starts is not None and self._starts.is_over

    def start(self, began_ns: int) -> None:
        """Begin; the plan's 0 is ``began_ns``."""
        share, loop = self._field.share, self._field.loop
        spans = list(self._plan.starts(share.index, share.of))
        ends = sorted((end, number) for number, (_, end) in spans if end < math.inf)
        self._starts = Pacer(
            loop,
            ((number, began_ns + round(start * 1e9)) for number, (start, _) in spans),
            lambda number, _: self._arrive(number),
        )
        self._ends = Pacer(
            loop,
            ((number, began_ns + round(end * 1e9)) for end, number in ends),
            lambda number, _: self._leave(number),
        )
        self._starts.start()
        self._ends.start()

    def stop(self) -> None:
        """Call no more."""
        for pacer in (self._starts, self._ends):
            if pacer is not None:
                pacer.stop()


def user_plan(plan: LoadPlan, model: Closed) -> UserPlan:
    """Return the plan's users, warm-up included."""
    duration = None if plan.duration is None else plan.warm_up + plan.duration
    stages = tuple((stage.seconds, stage.target) for stage in model.stages)
    return UserPlan(model.users, model.ramp_up, stages, duration)


def requests_of(field: Field, model: Closed) -> int | None:
    """Return how many of the plan's requests this share does; None where they are not counted.

    They are dealt out to the shares that have users: nobody else would send them.
    """
    requests, share = field.plan.requests, field.share
    if requests is None:
        return None
    with_users = min(share.of, user_plan(field.plan, model).most)
    if share.index >= with_users:
        return 0
    return Share(index=share.index, of=with_users).count(requests)
