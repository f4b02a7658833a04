"""Settings as the records that other rooms work with.

The one place that knows both sides; policy and wire know nothing of settings.
"""

import math
import random
from collections.abc import Mapping
from typing import Any, Final

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
from hedgerow.policy.active_checks import CheckRule
from hedgerow.policy.admission import Admission
from hedgerow.policy.concurrency import ConcurrencyLimit, FixedLimit
from hedgerow.policy.ejection import OutlierRule
from hedgerow.policy.health import HealthRule
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim
from hedgerow.policy.limit_halving import HalvingLimit
from hedgerow.policy.priorities import PriorityRule
from hedgerow.policy.rate_limit import RateLimiter, RateRule
from hedgerow.policy.replica_set import ReplicaRules
from hedgerow.policy.slow_start import SlowStartRule
from hedgerow.policy.throttle import AdaptiveThrottle
from hedgerow.policy.waiting_room import QueueRules
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.serve.settings import (
    Check,
    Deadline,
    Health,
    Hedge,
    Limits,
    Queue,
    Reply,
    Route,
    Success,
    Upstream,
)
from hedgerow.wire.limits import Limits as WireLimits
from hedgerow.wire.pool import PoolLimits

#: Seconds of traffic by which the purse of a learned delay may grow: that delay spends the whole
#: budget, and without room for chance its copies would be refused now and then.
_SLACK: Final = 0.04
#: Seconds: how long a learned delay becomes where requests may ask for any deadline.
_LONGEST_DELAY: Final = 10.0
#: Attempts: where there is a throttle and no limit.  No process has so many connections, and what
#: nobody waits for needs no pace.
_UNLIMITED: Final = 1_000_000_000
#: No success rate lies more than 1 below another.
_NO_OUTLIERS: Final = OutlierRule(margin=1.0)


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


# --- upstreams ---


def replica_rules(upstream: Upstream) -> ReplicaRules:
    """Return what keeps traffic from a replica, or brings it back."""
    health = upstream.health
    check = None if upstream.check is None else _check_rule(upstream.check)
    slow_start = SlowStartRule(window=upstream.slow_start or 0.0)
    if health is None:
        return ReplicaRules(
            outliers=_NO_OUTLIERS, slow_start=slow_start, checks=check, ejected_share=0.0
        )
    return ReplicaRules(
        _health_rule(health),
        OutlierRule() if health.outliers else _NO_OUTLIERS,
        slow_start,
        check,
        ejected_share=health.max_ejected,
        panic_below=health.panic_below,
    )


def admission(upstream: Upstream, randomness: random.Random) -> Admission[Any] | None:
    """Return a new door to an upstream; None where everybody may in."""
    if upstream.limit is None and not upstream.throttle:
        return None
    throttle = AdaptiveThrottle(randomness) if upstream.throttle else None
    queue = _queue_rules(upstream.queue)
    return Admission(_limit(upstream), randomness, queue=queue, throttle=throttle)


def _limit(upstream: Upstream) -> ConcurrencyLimit:
    if upstream.limit == "adaptive":
        return HalvingLimit()
    return FixedLimit(_UNLIMITED if upstream.limit is None else upstream.limit)


def _queue_rules(queue: Queue) -> QueueRules:
    return QueueRules(
        capacity=queue.capacity, patience=queue.patience, newest_first=queue.newest_first
    )


def _health_rule(health: Health) -> HealthRule:
    return HealthRule(
        failures_in_row=health.failures,
        base_ejection=health.ejection,
        longest_ejection=health.longest_ejection,
    )


def _check_rule(check: Check) -> CheckRule:
    return CheckRule(
        interval=check.interval,
        fast_interval=check.fast_interval,
        timeout=check.timeout,
        rise=check.rise,
        fall=check.fall,
    )


# --- routes ---


def priority_rule(route: Route) -> PriorityRule:
    """Return what a route's requests are worth."""
    return PriorityRule(route.priority.default, route.priority.most_urgent)


def rate_limiter(route: Route) -> RateLimiter | None:
    """Return new buckets for a route's clients; None where they may ask as often as they like."""
    rate = route.rate
    if rate is None:
        return None
    return RateLimiter(RateRule(float(rate.limit), rate.burst, rate.name, rate.clients))


def hedge_rule(hedge: Hedge) -> HedgeRule:
    """Return when copies are sent; a learned delay is not the rule's (``learned_delays``)."""
    probability = hedge.probability
    if probability is None and hedge.delay == "auto" and hedge.aim is not None:
        probability = HedgeRule.auto(hedge.aim, hedge.extra).probability
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


def learned_delays(route: Route, upstream: Upstream) -> AdaptiveDelays | None:
    """Return what learns a route's delay.

    None where the rule has one of its own, or where there is no replica that a copy could go
    to: then nothing need be learned, and no timer armed.
    """
    hedge, longest = route.hedge, route.deadline.longest
    if hedge.delay != "auto" or hedge.aim is None:
        return None
    if not hedge.same_replica and not upstream.may_have_several:
        return None
    # A copy that leaves no time for its answer is wasted.
    ceiling = _LONGEST_DELAY if longest is None else longest / 2
    return AdaptiveDelays(DelayAim.of(hedge_rule(hedge), hedge.aim, ceiling=ceiling))


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
        situation: reply_template(reply) for situation, reply in given.items() if reply is not None
    }


def reply_template(reply: Reply) -> ReplyTemplate:
    """Return one reply, ready to be sent."""
    return ReplyTemplate(reply.status, json=reply.json, text=reply.text, headers=reply.headers)
