"""The gateway's numbers as metrics, read when they are asked for.

Nothing is counted here: plain integers are read that the policies keep, so to be asked costs
a fraction of a millisecond and a request nothing.  Words and units are those of
docs/observability.md; a test holds the two together.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hedgerow.measure import Histogram
from hedgerow.policy import Counters
from hedgerow.policy.health import HealthState
from hedgerow.policy.hedge_delay import AdaptiveDelays
from hedgerow.serve.admin.families import Family, counter, gauge, histogram
from hedgerow.serve.durations import BOUNDS, Durations
from hedgerow.serve.gateway import Gateway
from hedgerow.serve.plan import AnyRoute
from hedgerow.serve.route import ProxyRoute
from hedgerow.serve.upstreams import LiveUpstream

#: A limit above this is none: an upstream may have a throttle without a limit.
_NO_LIMIT: Final = 1_000_000_000
_MICROSECONDS: Final = 1e6


def families(gateway: Gateway) -> list[Family]:
    """Return everything that one gateway counts."""
    return [
        *_of_routes(gateway.routes),
        *_of_proxies(gateway.proxy_routes),
        *_of_upstreams(list(gateway.upstreams.values())),
        *_of_process(gateway),
    ]


def statuses(durations: Durations) -> Iterator[tuple[str, int]]:
    """Return how many responses there were, by class of status."""
    classes = durations.classes
    for first in range(1, 6):
        yield f"{first}xx", classes[first]
    yield "other", sum(classes[6:])  # an upstream may send any three digits
    yield "left", classes[0]  # the client did, before an answer began


# --- routes ---


def _of_routes(routes: Sequence[AnyRoute]) -> Iterator[Family]:
    text = "Responses to clients, by the class of status"
    responses = counter("responses", text, "route", "code")
    text = "From arrival to the end of the answer"
    took = histogram("request_duration_seconds", text, "route")
    for route in routes:
        if (durations := route.durations) is not None:
            for code, count in statuses(durations):
                responses.add((route.name, code), count)
            took.add((route.name,), durations.sum, durations.counts)
    yield from (responses, took)


def _of_proxies(routes: Sequence[ProxyRoute]) -> Iterator[Family]:
    text = "Requests that are over, by what came of them"
    requests = counter("requests", text, "route", "outcome")
    attempts = counter("attempts", "Requests sent to replicas, by why", "route", "kind")
    for route in routes:
        counters = route.terms.policy.counters
        for outcome in ("answered", "failed", "abandoned"):
            requests.add((route.name, outcome), getattr(counters, outcome))
        primaries = counters.attempts - counters.hedges - counters.retries
        kinds = {"primary": primaries, "hedge": counters.hedges, "retry": counters.retries}
        for kind, count in kinds.items():
            attempts.add((route.name, kind), count)
    yield from (requests, attempts)
    yield from (_simple(routes, *row) for row in _OF_COUNTERS)
    yield _delays(routes)


_OF_COUNTERS: Final[Sequence[tuple[str, str, Callable[[Counters], float]]]] = (
    (
        "requests_expired",
        "Of the failed requests: those whose deadline passed",
        lambda counters: counters.expired,
    ),
    (
        "requests_aborted",
        "Of the failed requests: those whose answer broke when it had begun",
        lambda counters: counters.aborted,
    ),
    ("hedges_won", "Answers that came from a hedge", lambda counters: counters.hedges_won),
    (
        "copies_denied",
        "Hedges and retries that the budget refused",
        lambda counters: counters.denied,
    ),
    (
        "hedges_suppressed",
        "Hedges not sent because too little time was left",
        lambda counters: counters.hedges_suppressed,
    ),
    (
        "hedges_withheld",
        "Hedges not sent because the coin said no",
        lambda counters: counters.hedges_withheld,
    ),
    (
        "wasted_seconds",
        "Seconds for which attempts had been running that were cancelled",
        lambda counters: counters.wasted,
    ),
)


def _simple(
    routes: Sequence[ProxyRoute], name: str, text: str, read: Callable[[Counters], float]
) -> Family:
    family = counter(name, text, "route")
    for route in routes:
        family.add((route.name,), read(route.terms.policy.counters))
    return family


def _delays(routes: Sequence[ProxyRoute]) -> Family:
    text = "The learned delay"
    family = gauge("hedge_delay_seconds", text, "route", "method", rule="mean")
    for route in routes:
        delays = route.terms.policy.delays
        if isinstance(delays, AdaptiveDelays):
            for key, told in delays.statistics().items():
                if isinstance(key, bytes) and told.delay < math.inf:
                    family.add((route.name, key.decode("latin-1")), told.delay)
    return family


# --- upstreams ---


def _of_upstreams(upstreams: Sequence[LiveUpstream]) -> Iterator[Family]:
    yield from _of_replicas(upstreams)
    yield from _of_sets(upstreams)
    yield from _of_doors(upstreams)
    text = "How far a cancelled attempt is gone, 0 to 1"
    efficacy = gauge("cancel_efficacy", text, "upstream", rule="mean")
    text = "What the budget is scaled by for it"
    factor = gauge("hedge_budget_factor", text, "upstream", rule="mean")
    for upstream in upstreams:
        efficacy.add((upstream.name,), upstream.efficacy.efficacy)
        factor.add((upstream.name,), upstream.efficacy.budget_factor)
    yield from (efficacy, factor)


def _of_replicas(upstreams: Sequence[LiveUpstream]) -> Iterator[Family]:
    labels = ("upstream", "replica")
    text = "1 while it is not ejected nor probing"
    admitting = gauge("replica_admitting", text, *labels, rule="mean")
    up = gauge("replica_up", "1 while its checks pass", *labels, rule="mean")
    in_flight = gauge("replica_in_flight", "Attempts that are there", *labels, rule="sum")
    weight = gauge("replica_weight", "Its weight now", *labels, rule="mean")
    for upstream in upstreams:
        for one in upstream.statistics().replicas:
            names = (upstream.name, one.name)
            admitting.add(names, one.state is HealthState.ADMITTING)
            up.add(names, one.is_up)
            in_flight.add(names, one.in_flight)
            weight.add(names, one.weight)
    yield from (admitting, up, in_flight, weight)


def _of_sets(upstreams: Sequence[LiveUpstream]) -> Iterator[Family]:
    ejections = counter("ejections", "Replicas ejected", "upstream")
    readmissions = counter("readmissions", "Replicas taken back", "upstream")
    text = "Failures that deserved an ejection which the cap did not allow"
    withheld = counter("ejections_withheld", text, "upstream")
    text = "1 while all replicas are used, well or not"
    panic = gauge("upstream_panic", text, "upstream", rule="max")
    text = "Open connections"
    connections = gauge("upstream_connections", text, "upstream", "state", rule="sum")
    for upstream in upstreams:
        told, name = upstream.statistics(), (upstream.name,)
        ejections.add(name, told.ejections)
        readmissions.add(name, told.readmissions)
        withheld.add(name, told.withheld)
        panic.add(name, told.is_panicking)
        idle = sum(pool.idle_connections for pool in upstream.pools)
        open_ones = sum(pool.open_connections for pool in upstream.pools)
        connections.add((*name, "idle"), idle)
        connections.add((*name, "busy"), open_ones - idle)
    yield from (ejections, readmissions, withheld, panic, connections)


def _of_doors(upstreams: Sequence[LiveUpstream]) -> Iterator[Family]:
    text = "Attempts that may be in flight"
    limit = gauge("concurrency_limit", text, "upstream", rule="sum")
    in_flight = gauge("in_flight", "Attempts that are in flight", "upstream", rule="sum")
    waiting = gauge("waiting", "Requests that wait for a place", "upstream", rule="sum")
    backed_up = gauge("queue_backed_up", "1 while the queue stands", "upstream", rule="max")
    refused = counter("refused", "Requests that the door refused", "upstream", "reason")
    text = "How long those waited who got in"
    waits = histogram("queue_time_seconds", text, "upstream")
    for upstream in upstreams:
        if upstream.door is None:
            continue
        admission, name = upstream.door.admission, (upstream.name,)
        told = admission.statistics()
        if told.limit < _NO_LIMIT:
            limit.add(name, told.limit)
        in_flight.add(name, told.in_flight)
        waiting.add(name, told.waiting)
        backed_up.add(name, told.backed_up)
        for reason, count in told.refused.items():
            refused.add((*name, reason.value), count)
        counts, total = _sorted_waits(admission.queue_times)
        counts[0] += told.entered - told.entered_after_wait  # they did not wait
        waits.add(name, total, counts)
    yield from (limit, in_flight, waiting, backed_up, refused, waits)


def _sorted_waits(waits: Histogram) -> tuple[list[int], float]:
    """Return the counts by our bounds and the sum of seconds; to 1 %, as they were recorded."""
    counts = [0] * (len(BOUNDS) + 1)
    for bucket in waits.buckets():
        seconds = bucket.high / _MICROSECONDS
        counts[sum(bound < seconds for bound in BOUNDS)] += bucket.count
    return counts, waits.mean * waits.count / _MICROSECONDS if waits.count else 0.0


# --- the process ---


def _of_process(gateway: Gateway) -> Iterator[Family]:
    text = "Requests refused before they came to a door"
    turned_away = counter("turned_away", text, "reason")
    for reason, count in gateway.surroundings.refusals.items():
        turned_away.add((reason.value,), count)
    shedder = gateway.surroundings.shedder
    lag = gauge("loop_lag_seconds", "How late the loop is", rule="max")
    lag.add((), 0.0 if gateway.lag is None else gateway.lag.last)
    stage = gauge("shedding_stage", "0: nothing is shed", rule="max")
    stage.add((), 0 if shedder is None else shedder.stage)
    clients = gauge("client_connections", "Connections of clients that are open", rule="sum")
    clients.add((), gateway.clients)
    yield from (turned_away, lag, stage, clients)
