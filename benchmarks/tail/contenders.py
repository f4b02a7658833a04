"""The proxies, each set up for a replica that goes bad as well as its operators could.

All have half a second for a request, and know that a healthy replica nearly always answers
within 15 ms and never needs 100 ms; only Hedgerow is not told.  Choices, and why:

hedgerow 5%  copies of the slowest, for at most 5 % of the requests
hedgerow     what is in force where nothing is written: the same aim, at most 20 %
envoy        a copy after 15 ms of silence (``hedge_on_per_try_timeout``: the attempt goes on), or
             at once after a failure, to another host; outlier detection, which a silent attempt
             counts for; no retry budget and no circuit breaker that would cost it success
             (in the storm after 60 ms: its requests are longer, and wait for a worker)
envoy 20%    the same with the retry budget that its documentation recommends
haproxy      an attempt is given up after 100 ms; up to 3 retries, each on another server; health
             checks four times a second while something is odd, and ``observe layer7`` on top
nginx        an attempt is given up after 100 ms; the next server is asked within the deadline;
             ``max_fails`` and ``fail_timeout`` are the defaults: one failure, out for 10 s
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.peers import envoy, haproxy, hedgerow, nginx
from benchmarks.peers.contender import Contender, Site
from benchmarks.tail.terms import DEADLINE

_MS: Final = f"{DEADLINE * 1e3:g}ms"
_HEDGE_AFTER: Final = "0.015s"
_HEDGE_AFTER_IN_STORM: Final = "0.06s"
_GIVE_UP: Final = "100ms"

#: Of Hedgerow's contenders; "other" is that of another checkout.
BUDGETS: Final = {"hedgerow 5%": 0.05, "hedgerow": 0.20, "other 5%": 0.05, "other": 0.20}

_ENVOY_RETRIES: Final[envoy.Settings] = {
    "retry_on": "5xx,reset,connect-failure,refused-stream",
    "num_retries": 2,
    # 1 ms is the least that is allowed; unless told otherwise it is 25 ms.
    "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.001s"},
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host"
                ".previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ],
    "host_selection_retry_max_attempts": 5,
}
# Ejection after 5 failures in a row comes at once; every second the ejected are looked at, and
# hosts whose success rate is far from the others'.  With three hosts 50 % means one.
_ENVOY_CLUSTER: Final[envoy.Settings] = {
    "lb_policy": "LEAST_REQUEST",
    "connect_timeout": "0.1s",
    "outlier_detection": {
        "consecutive_5xx": 5,
        "interval": "1s",
        "base_ejection_time": "30s",
        "max_ejection_percent": 50,
        "success_rate_minimum_hosts": 3,
        "success_rate_request_volume": 50,
    },
}
_RETRY_BUDGET: Final[envoy.Settings] = {
    "circuit_breakers": {
        "thresholds": [
            {
                "max_connections": 1_000_000,
                "max_pending_requests": 1_000_000,
                "max_requests": 1_000_000,
                "retry_budget": {"budget_percent": {"value": 20.0}, "min_retry_concurrency": 3},
            }
        ]
    }
}

_HAPROXY_BACKEND: Final = f"""\
    balance leastconn
    timeout connect {_GIVE_UP}
    timeout server {_GIVE_UP}
    timeout queue {_MS}
    retries 3
    retry-on all-retryable-errors
    option redispatch 1
    option httpchk GET /
    timeout check {_GIVE_UP}"""
_HAPROXY_SERVER: Final = (
    "check inter 1s fastinter 250ms downinter 500ms fall 2 rise 2 "
    "observe layer7 error-limit 5 on-error mark-down"
)

_NGINX_UPSTREAM: Final = "        least_conn;"
_NGINX_LOCATION: Final = f"""\
            proxy_connect_timeout {_GIVE_UP};
            proxy_read_timeout {_GIVE_UP};
            proxy_next_upstream error timeout http_500 http_502 http_503 http_504;
            proxy_next_upstream_timeout {_MS};
            proxy_next_upstream_tries 3;"""


def beside(checkout: Path) -> tuple[Contender, ...]:
    """Hedgerow as it is in another checkout, to be compared with this one."""
    return _hedgerow("5%", checkout), _hedgerow("", checkout)


def _hedgerow(hedge: str, checkout: Path | None = None) -> Contender:
    name = f"{'other' if checkout else 'hedgerow'} {hedge}".strip()
    written = f'\nhedge = {{delay = "auto", budget = "{hedge}"}}' if hedge else ""
    route = f'deadline = "{_MS}"{written}'
    return Contender(
        name, hedgerow.version, lambda site: hedgerow.proxy(site, route=route, checkout=checkout)
    )


def _envoy(after: str, further: envoy.Settings) -> Callable[[Site], list[str]]:
    route = {
        "timeout": f"{DEADLINE:g}s",
        "hedge_policy": {"hedge_on_per_try_timeout": True},
        "retry_policy": {**_ENVOY_RETRIES, "per_try_timeout": after},
    }
    cluster = {**_ENVOY_CLUSTER, **further}
    return lambda site: envoy.proxy(site, route=route, cluster=cluster)


def _haproxy(site: Site) -> list[str]:
    return haproxy.proxy(site, backend=_HAPROXY_BACKEND, server=_HAPROXY_SERVER)


def _nginx(site: Site) -> list[str]:
    return nginx.proxy(site, upstream=_NGINX_UPSTREAM, location=_NGINX_LOCATION)


#: Who meets the four situations, and who the storm.
USUAL: Final = (
    _hedgerow("5%"),
    _hedgerow(""),
    Contender("envoy", envoy.version, _envoy(_HEDGE_AFTER, {})),
    Contender("haproxy", haproxy.version, _haproxy),
    Contender("nginx", nginx.version, _nginx),
)
STORMY: Final = (
    _hedgerow("5%"),
    _hedgerow(""),
    Contender("envoy", envoy.version, _envoy(_HEDGE_AFTER_IN_STORM, {})),
    Contender("envoy 20%", envoy.version, _envoy(_HEDGE_AFTER_IN_STORM, _RETRY_BUDGET)),
)
NAMES: Final = list({one.name: one for one in (*USUAL, *STORMY)})
