"""Settings as the records that other rooms work with.

The one place that knows both sides; policy and wire know nothing of settings.
"""

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from hedgerow.policy import (
    AnswerRule,
    Budget,
    DeadlineRule,
    HedgeRule,
    LoadBudget,
    NoBudget,
    Situation,
)
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.serve.settings import Deadline, Hedge, Limits, Route, Success, Upstream
from hedgerow.wire.limits import Limits as WireLimits
from hedgerow.wire.pool import PoolLimits

#: Seconds of traffic by which the purse of a learned delay may grow: that delay spends the whole
#: budget, and without room for chance its copies would be refused now and then.
_SLACK: Final = 0.04
#: Seconds: how long a learned delay becomes where requests may ask for any deadline.
_LONGEST_DELAY: Final = 10.0


def wire_limits(limits: Limits) -> WireLimits:
    """Return what listeners enforce."""
    return WireLimits(**msgspec.structs.asdict(limits))


def pool_limits(upstream: Upstream) -> PoolLimits:
    """Return what the connections to each replica keep to."""
    return PoolLimits(
        max_connections=upstream.max_connections,
        max_waiting=upstream.max_waiting,
        connect_timeout=upstream.connect_timeout,
        stall_timeout=upstream.stall_timeout,
        idle_timeout=upstream.idle_timeout,
    )


def hedge_rule(hedge: Hedge) -> HedgeRule:
    """Return when copies are sent; a learned delay is not the rule's (``learned_delays``)."""
    probability = hedge.probability
    if probability is None and hedge.delay == "auto" and hedge.budget is not None:
        probability = HedgeRule.auto(hedge.budget, hedge.extra).probability
    return HedgeRule(
        delay=hedge.delay if isinstance(hedge.delay, float) else math.inf,
        extra=hedge.extra,
        mode=hedge.mode,
        max_attempts=hedge.max_attempts,
        same_replica=hedge.same_replica,
        methods=frozenset(hedge.methods),
        at=hedge.at,
        probability=1.0 if probability is None else probability,
    )


def learned_delays(route: Route) -> AdaptiveDelays | None:
    """Return what learns a route's delay; None where the rule has one of its own."""
    hedge, longest = route.hedge, route.deadline.longest
    if hedge.delay != "auto" or hedge.budget is None:
        return None
    # A copy that leaves no time for its answer is wasted.
    ceiling = _LONGEST_DELAY if longest is None else longest / 2
    return AdaptiveDelays(DelayAim.of(hedge_rule(hedge), hedge.budget, ceiling=ceiling))


def load_budget(hedge: Hedge) -> Budget:
    """Return a new purse for a route; each has its own."""
    if hedge.budget is None or hedge.max_attempts == 1:
        return NoBudget()
    return LoadBudget(share=hedge.budget, slack=_SLACK if hedge.delay == "auto" else 0.0)


def deadline_rule(deadline: Deadline) -> DeadlineRule:
    """Return how long requests may take."""
    return DeadlineRule(
        default=deadline.default,
        minimum=deadline.minimum,
        maximum=math.inf if deadline.maximum is None else deadline.maximum,
        unit=deadline.unit,
        per_try=math.inf if deadline.per_try is None else deadline.per_try,
        covers=deadline.covers,
    )


def answer_rule(success: Success) -> AnswerRule:
    """Return which answers win."""
    statuses = None if success.status is None else frozenset(success.status)
    return AnswerRule(statuses, success.body)


def reply_templates(route: Route) -> Mapping[Situation, ReplyTemplate]:
    """Return the route's own replies, by situation."""
    given = {situation: getattr(route.replies, situation.value) for situation in Situation}
    return {
        situation: ReplyTemplate(
            reply.status, json=reply.json, text=reply.text, headers=reply.headers
        )
        for situation, reply in given.items()
        if reply is not None
    }
