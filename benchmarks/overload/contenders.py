"""Who protects the upstream, and how each was told to.

Only HAProxy is told how many requests the upstream can work on at once; it does not learn
that.  Envoy and Hedgerow find out.  All end a request at the deadline.
"""

import json
from typing import Final

from benchmarks.overload.terms import DEADLINE, HIGH, WORKERS
from benchmarks.peers import envoy, haproxy, hedgerow
from benchmarks.peers.contender import Contender, Site

# AdaptiveConcurrency of Envoy 1.40, as its documentation shows it, with two changes.  The
# median is the default; the example's p90 would see the spread of service times as a queue.
# The buffer is the default.  Its first measurement of the least latency comes at once.
_ENVOY_FILTER: Final[envoy.Settings] = {
    "name": "adaptive_concurrency",
    "typed_config": {
        "@type": (
            "type.googleapis.com/envoy.extensions.filters.http."
            "adaptive_concurrency.v3.AdaptiveConcurrency"
        ),
        "gradient_controller_config": {
            "sample_aggregate_percentile": {"value": 50},
            "concurrency_limit_params": {"concurrency_update_interval": "0.1s"},
            "min_rtt_calc_params": {
                "jitter": {"value": 10},
                "interval": "60s",
                "request_count": 50,
            },
        },
        "enabled": {"default_value": True, "runtime_key": "adaptive_concurrency.enabled"},
    },
}

# timeout queue: what then is still to come (two services) fits into the deadline easily.  Those
# that are not urgent are denied at once while so many wait that they would only wait for that.
_HAPROXY: Final = f"""\
    timeout queue {DEADLINE / 2 * 1e3:g}ms
    timeout server {DEADLINE * 1e3:g}ms
    http-request set-priority-class req.hdr(X-Priority)
    acl is_urgent req.hdr(X-Priority) -m int le {HIGH}
    http-request deny deny_status 503 if {{ queue(upstream) ge {2 * WORKERS} }} !is_urgent
"""
# Twice the workers, so that none is idle while an answer is on its way.
_MAXCONN: Final = 2 * WORKERS

_DEADLINE: Final = f'deadline = "{DEADLINE * 1e3:g}ms"\n'
_PRIORITY: Final = 'priority = {from = "header.X-Priority"}\n'


def _envoy(site: Site) -> list[str]:
    command = envoy.proxy(site, route={"timeout": f"{DEADLINE:g}s"})
    path = site.directory / "envoy.json"
    settings = json.loads(path.read_text())
    listener = settings["static_resources"]["listeners"][0]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    manager["http_filters"].insert(0, _ENVOY_FILTER)
    site.write(path.name, json.dumps(settings, indent=2))
    return command


def _haproxy(site: Site) -> list[str]:
    return haproxy.proxy(site, backend=_HAPROXY, server=f"maxconn {_MAXCONN}")


def _hedgerow(site: Site) -> list[str]:
    return hedgerow.proxy(site, route=_DEADLINE + _PRIORITY, upstream='limit = "adaptive"')


def _unprotected(site: Site) -> list[str]:
    return hedgerow.proxy(site, route=_DEADLINE, server="shed = false")


HEDGEROW: Final = "hedgerow"
CONTENDERS: Final = (
    Contender(HEDGEROW, hedgerow.version, _hedgerow),
    Contender("envoy", envoy.version, _envoy),
    Contender("haproxy", haproxy.version, _haproxy),
    Contender("unprotected", hedgerow.version, _unprotected),
)
