"""The gateway's numbers as Prometheus metrics, read when they are scraped.

Nothing is counted here: the collector reads plain integers that the policies keep, so a
scrape costs a millisecond and a request nothing.  Words and units are those of
docs/observability.md; a test holds the two together.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from typing_extensions import override

from hedgerow.measure import Histogram
from hedgerow.policy import Counters
from hedgerow.policy.health import HealthState
from hedgerow.policy.hedge_delay import AdaptiveDelays
from hedgerow.serve.durations import BOUNDS
from hedgerow.serve.gateway import Gateway
from hedgerow.serve.plan import AnyRoute
from hedgerow.serve.route import ProxyRoute
from hedgerow.serve.upstreams import LiveUpstream

#: A limit above this is none: an upstream may have a throttle without a limit.
_NO_LIMIT: Final = 1_000_000_000
_MICROSECONDS: Final = 1e6


class Exposition:
    """All metrics of one gateway and its process."""

    def __init__(self, gateway: Gateway) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_GatewayCollector(gateway))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the text in the form that the client takes, and its media type."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self._registry), content_type


class _GatewayCollector(Collector):
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @override
    def collect(self) -> Iterable[Metric]:
        yield from _of_routes(self._gateway.routes)
        yield from _of_proxies(self._gateway.proxy_routes)
        yield from _of_upstreams(list(self._gateway.upstreams.values()))
        yield from _of_process(self._gateway)


# --- routes ---


def _of_routes(routes: Sequence[AnyRoute]) -> Iterator[Metric]:
    statuses = _counter("responses", "Responses to clients, by the class of status", "code")
    for route in routes:
        if (durations := route.durations) is not None:
            for first in range(1, 6):
                statuses.add_metric([route.name, f"{first}xx"], durations.classes[first])
    yield from (statuses, _durations(routes))


def _of_proxies(routes: Sequence[ProxyRoute]) -> Iterator[Metric]:
    requests = _counter("requests", "Requests that are over, by what came of them", "outcome")
    attempts = _counter("attempts", "Requests sent to replicas, by why", "kind")
    for route in routes:
        counters = route.terms.policy.counters
        for outcome in ("answered", "failed", "abandoned"):
            requests.add_metric([route.name, outcome], getattr(counters, outcome))
        primaries = counters.attempts - counters.hedges - counters.retries
        kinds = {"primary": primaries, "hedge": counters.hedges, "retry": counters.retries}
        for kind, count in kinds.items():
            attempts.add_metric([route.name, kind], count)
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
) -> Metric:
    family = _counter(name, text)
    for route in routes:
        family.add_metric([route.name], read(route.terms.policy.counters))
    return family


def _delays(routes: Sequence[ProxyRoute]) -> Metric:
    name = "hedgerow_hedge_delay_seconds"
    family = GaugeMetricFamily(name, "The learned delay", labels=["route", "method"])
    for route in routes:
        delays = route.terms.policy.delays
        if isinstance(delays, AdaptiveDelays):
            for key, told in delays.statistics().items():
                if isinstance(key, bytes) and told.delay < math.inf:
                    family.add_metric([route.name, key.decode("latin-1")], told.delay)
    return family


def _durations(routes: Sequence[AnyRoute]) -> Metric:
    name, text = "hedgerow_request_duration_seconds", "From arrival to the end of the answer"
    family = HistogramMetricFamily(name, text, labels=["route"])
    for route in routes:
        if (durations := route.durations) is not None:
            buckets = _buckets(BOUNDS, durations.counts)
            family.add_metric([route.name], buckets, sum_value=durations.sum)
    return family


# --- upstreams ---


def _of_upstreams(upstreams: Sequence[LiveUpstream]) -> Iterator[Metric]:
    yield from _of_replicas(upstreams)
    yield from _of_doors(upstreams)
    efficacy = _gauge("cancel_efficacy", "How far a cancelled attempt is gone, 0 to 1", "upstream")
    factor = _gauge("hedge_budget_factor", "What the budget is scaled by for it", "upstream")
    for upstream in upstreams:
        efficacy.add_metric([upstream.name], upstream.efficacy.efficacy)
        factor.add_metric([upstream.name], upstream.efficacy.budget_factor)
    yield from (efficacy, factor)


def _of_replicas(upstreams: Sequence[LiveUpstream]) -> Iterator[Metric]:
    labels = ("upstream", "replica")
    admitting = _gauge("replica_admitting", "1 while it is not ejected nor probing", *labels)
    up = _gauge("replica_up", "1 while its checks pass", *labels)
    in_flight = _gauge("replica_in_flight", "Attempts that are there", *labels)
    weight = _gauge("replica_weight", "Its weight now", *labels)
    ejections = CounterMetricFamily("hedgerow_ejections", "Replicas ejected", labels=["upstream"])
    readmissions = CounterMetricFamily(
        "hedgerow_readmissions", "Replicas taken back", labels=["upstream"]
    )
    withheld = CounterMetricFamily(
        "hedgerow_ejections_withheld",
        "Failures that deserved an ejection which the cap did not allow",
        labels=["upstream"],
    )
    panic = _gauge("upstream_panic", "1 while all replicas are used, well or not", "upstream")
    connections = _gauge("upstream_connections", "Open connections", "upstream", "state")
    for upstream in upstreams:
        told = upstream.statistics()
        for one in told.replicas:
            names = [upstream.name, one.name]
            admitting.add_metric(names, one.state is HealthState.ADMITTING)
            up.add_metric(names, one.is_up)
            in_flight.add_metric(names, one.in_flight)
            weight.add_metric(names, one.weight)
        ejections.add_metric([upstream.name], told.ejections)
        readmissions.add_metric([upstream.name], told.readmissions)
        withheld.add_metric([upstream.name], told.withheld)
        panic.add_metric([upstream.name], told.is_panicking)
        idle = sum(pool.idle_connections for pool in upstream.pools)
        open_ones = sum(pool.open_connections for pool in upstream.pools)
        connections.add_metric([upstream.name, "idle"], idle)
        connections.add_metric([upstream.name, "busy"], open_ones - idle)
    yield from (admitting, up, in_flight, weight, ejections, readmissions, withheld, panic)
    yield connections


def _of_doors(upstreams: Sequence[LiveUpstream]) -> Iterator[Metric]:
    limit = _gauge("concurrency_limit", "Attempts that may be in flight", "upstream")
    in_flight = _gauge("in_flight", "Attempts that are in flight", "upstream")
    waiting = _gauge("waiting", "Requests that wait for a place", "upstream")
    backed_up = _gauge("queue_backed_up", "1 while the queue stands", "upstream")
    refused = CounterMetricFamily(
        "hedgerow_refused", "Requests that the door refused", labels=["upstream", "reason"]
    )
    waits = HistogramMetricFamily(
        "hedgerow_queue_time_seconds", "How long those waited who got in", labels=["upstream"]
    )
    for upstream in upstreams:
        if upstream.door is None:
            continue
        admission, name = upstream.door.admission, [upstream.name]
        told = admission.statistics()
        if told.limit < _NO_LIMIT:
            limit.add_metric(name, told.limit)
        in_flight.add_metric(name, told.in_flight)
        waiting.add_metric(name, told.waiting)
        backed_up.add_metric(name, told.backed_up)
        for reason, count in told.refused.items():
            refused.add_metric([upstream.name, reason.value], count)
        counts, total = _sorted_waits(admission.queue_times)
        counts[0] += told.entered - told.entered_after_wait  # they did not wait
        waits.add_metric(name, _buckets(BOUNDS, counts), sum_value=total)
    yield from (limit, in_flight, waiting, backed_up, refused, waits)


def _sorted_waits(waits: Histogram) -> tuple[list[int], float]:
    """Return the counts by our bounds and the sum of seconds; to 1 %, as they were recorded."""
    counts = [0] * (len(BOUNDS) + 1)
    for bucket in waits.buckets():
        seconds = bucket.high / _MICROSECONDS
        counts[sum(bound < seconds for bound in BOUNDS)] += bucket.count
    return counts, waits.mean * waits.count / _MICROSECONDS if waits.count else 0.0


# --- the process ---


def _of_process(gateway: Gateway) -> Iterator[Metric]:
    turned_away = CounterMetricFamily(
        "hedgerow_turned_away",
        "Requests refused before they came to a door",
        labels=["reason"],
    )
    for reason, count in gateway.surroundings.refusals.items():
        turned_away.add_metric([reason.value], count)
    yield turned_away
    shedder = gateway.surroundings.shedder
    lag = 0.0 if gateway.lag is None else gateway.lag.last
    yield GaugeMetricFamily("hedgerow_loop_lag_seconds", "How late the loop is", value=lag)
    stage = 0 if shedder is None else shedder.stage
    yield GaugeMetricFamily("hedgerow_shedding_stage", "0: nothing is shed", value=stage)
    connections = "Connections of clients that are open"
    yield GaugeMetricFamily("hedgerow_client_connections", connections, value=gateway.clients)


# --- families ---


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"hedgerow_{name}", text, labels=["route", *labels])


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"hedgerow_{name}", text, labels=list(labels))


def _buckets(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    """Return cumulative buckets, the last without a bound."""
    names = [*(f"{bound:g}" if bound % 1 else f"{bound:.1f}" for bound in bounds), "+Inf"]
    return list(zip(names, map(float, accumulate(counts)), strict=True))
