"""What a gateway knows now, as JSON can say it: its routes, its upstreams, their replicas.

Also what several gateways know as one, by a rule for each key.  Reads and must not change
anything; times are milliseconds, totals count from the start.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

from hedgerow.policy.admission import Admission
from hedgerow.policy.hedge_delay import AdaptiveDelays
from hedgerow.serve.admin import joining as join
from hedgerow.serve.admin.metrics import statuses
from hedgerow.serve.gateway import Gateway
from hedgerow.serve.plan import AnyRoute
from hedgerow.serve.route import ProxyRoute
from hedgerow.serve.upstreams import LiveUpstream

#: What a replica is for several is the worst that it is for one of them.
_WORSE: Final = ("admitting", "probing", "ejected")
_ROUTE: Final[join.Rules] = {
    "name": join.SAME,
    **dict.fromkeys(
        (
            "requests",
            "answered",
            "failed",
            "expired",
            "abandoned",
            "hedges",
            "hedges_won",
            "retries",
            "denied",
            "wasted_s",
        ),
        join.TOTAL,
    ),
    "delay_ms": join.each(join.MEAN),
}
_OWN: Final[join.Rules] = {
    "name": join.SAME,
    "responses": join.each(join.TOTAL),
    "took_s": join.TOTAL,
    "counts": join.ANY,  # whether anybody counts; and what only those alive can say
}
_REPLICA: Final[join.Rules] = {
    "name": join.SAME,
    "state": join.simple(lambda states: max(states, key=_WORSE.index)),
    "states": join.COUNTED,
    "up": join.ALL,
    "in_flight": join.SUM,
    "weight": join.MEAN,
    "failures_in_row": join.LARGEST,
    "ejections": join.LARGEST,
    "last_check": join.DISTINCT,
}
_DOOR: Final[join.Rules] = {
    "limit": join.SUM,
    "in_flight": join.SUM,
    "waiting": join.SUM,
    "backed_up": join.ANY,
    "service_time_ms": join.MEAN,
    "entered": join.TOTAL,
    "entered_after_wait": join.TOTAL,
    "refused": join.each(join.TOTAL),
}
_UPSTREAM: Final[join.Rules] = {
    "name": join.SAME,
    "replicas": join.Rule(join.by_name(_REPLICA).join),
    "draining": join.LARGEST,
    "panic": join.ANY,
    "ejections": join.TOTAL,
    "readmissions": join.TOTAL,
    "cancel_efficacy": join.MEAN,
    "budget_factor": join.MEAN,
    "door": join.where_there_is_one(_DOOR),
}
_OVERVIEW: Final[join.Rules] = {
    "ready": join.ANY,
    "clients": join.SUM,
    "loop_lag_ms": join.LARGEST,
    "shedding_stage": join.LARGEST,
    "turned_away": join.each(join.TOTAL),
    "routes": join.by_name(_ROUTE),
    "own": join.by_name(_OWN),
    "upstreams": join.by_name(_UPSTREAM),
}
#: Of a gateway of which nothing is known yet.
_NOTHING: Final[join.Told] = {
    "ready": False,
    "clients": 0,
    "loop_lag_ms": 0.0,
    "shedding_stage": 0,
    "turned_away": {},
    "routes": [],
    "own": [],
    "upstreams": [],
}


def overview(gateway: Gateway) -> dict[str, Any]:
    """Return everything."""
    shedder = gateway.surroundings.shedder
    proxies = {route.name for route in gateway.proxy_routes}
    return {
        "ready": gateway.is_ready,
        "clients": gateway.clients,
        "loop_lag_ms": 0.0 if gateway.lag is None else _milliseconds(gateway.lag.last),
        "shedding_stage": 0 if shedder is None else shedder.stage,
        "turned_away": {
            reason.value: count for reason, count in gateway.surroundings.refusals.items()
        },
        "routes": [_route(route) for route in gateway.proxy_routes],
        "own": [_own(route) for route in gateway.routes if route.name not in proxies],
        "upstreams": [_upstream(upstream) for upstream in gateway.upstreams.values()],
    }


def overview_together(parts: Sequence[join.Told]) -> dict[str, Any]:
    """Return what several gateways know as one, with what others have left behind."""
    return {**_NOTHING, **join.joined(_OVERVIEW, parts)}


def left_behind(parts: Sequence[join.Told]) -> dict[str, Any]:
    """Return what stays true of gateways that are gone, as one: their totals."""
    stays = [join.kept(_OVERVIEW, part) for part in parts]
    return join.joined(_OVERVIEW, stays, only_whole=False)


def _own(route: AnyRoute) -> dict[str, Any]:
    """A route that answers by itself."""
    durations = route.durations
    if durations is None:
        return {"name": route.name, "responses": {}, "took_s": 0.0, "counts": False}
    return {
        "name": route.name,
        "responses": {code: count for code, count in statuses(durations) if count},
        "took_s": round(durations.sum, 6),
        "counts": True,
    }


def _route(route: ProxyRoute) -> dict[str, Any]:
    policy = route.terms.policy
    counters, delays = policy.counters, policy.delays
    learned = {}
    if isinstance(delays, AdaptiveDelays):
        for key, told in delays.statistics().items():
            if isinstance(key, bytes):
                learned[key.decode("latin-1")] = _milliseconds(told.delay)
    return {
        "name": route.name,
        "requests": counters.requests,
        "answered": counters.answered,
        "failed": counters.failed,
        "expired": counters.expired,
        "abandoned": counters.abandoned,
        "hedges": counters.hedges,
        "hedges_won": counters.hedges_won,
        "retries": counters.retries,
        "denied": counters.denied,
        "wasted_s": round(counters.wasted, 3),
        "delay_ms": learned,
    }


def _upstream(upstream: LiveUpstream) -> dict[str, Any]:
    told, checks = upstream.statistics(), upstream.last_checks()
    return {
        "name": upstream.name,
        "replicas": [
            {
                "name": one.name,
                "state": one.state.value,
                "states": {one.state.value: 1},  # how many gateways say so
                "up": one.is_up,
                "in_flight": one.in_flight,
                "weight": round(one.weight, 3),
                "failures_in_row": one.failures,
                "ejections": one.ejections,
                "last_check": checks.get(one.name),
            }
            for one in told.replicas
        ],
        "draining": told.draining,
        "panic": told.is_panicking,
        "ejections": told.ejections,
        "readmissions": told.readmissions,
        "cancel_efficacy": round(upstream.efficacy.efficacy, 3),
        "budget_factor": round(upstream.efficacy.budget_factor, 3),
        "door": None if upstream.door is None else _door(upstream.door.admission),
    }


def _door(admission: Admission[Any]) -> dict[str, Any]:
    told = admission.statistics()
    return {
        "limit": told.limit if told.limit < 1_000_000_000 else None,
        "in_flight": told.in_flight,
        "waiting": told.waiting,
        "backed_up": told.backed_up,
        "service_time_ms": _milliseconds(told.service_time),
        "entered": told.entered,
        "entered_after_wait": told.entered_after_wait,
        "refused": {reason.value: count for reason, count in told.refused.items()},
    }


def _milliseconds(seconds: float) -> float | None:
    """None where there is none yet: JSON has no infinity."""
    return round(seconds * 1000, 3) if seconds < math.inf else None
