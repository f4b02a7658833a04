"""What a gateway knows now, as JSON can say it: its routes, its upstreams, their replicas.

Reads and must not change anything; times are milliseconds, totals count from the start.
"""

import math
from typing import Any

from hedgerow.policy.admission import Admission
from hedgerow.policy.hedge_delay import AdaptiveDelays
from hedgerow.serve.gateway import Gateway
from hedgerow.serve.route import ProxyRoute
from hedgerow.serve.upstreams import LiveUpstream


def overview(gateway: Gateway) -> dict[str, Any]:
    """Return everything."""
    shedder = gateway.surroundings.shedder
    return {
        "ready": gateway.is_ready,
        "clients": gateway.clients,
        "loop_lag_ms": 0.0 if gateway.lag is None else _milliseconds(gateway.lag.last),
        "shedding_stage": 0 if shedder is None else shedder.stage,
        "turned_away": {
            reason.value: count for reason, count in gateway.surroundings.refusals.items()
        },
        "routes": [_route(route) for route in gateway.proxy_routes],
        "upstreams": [_upstream(upstream) for upstream in gateway.upstreams.values()],
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
