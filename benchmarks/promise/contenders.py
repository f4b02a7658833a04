"""Who keeps the promise: nobody, Envoy with everything it has for it, Hedgerow."""

from typing import Final

from benchmarks.peers import envoy, hedgerow
from benchmarks.peers.contender import Contender, Site
from benchmarks.promise.terms import DEADLINE, DELAY, EXTRA

# HedgePolicy and RetryPolicy of Envoy 1.40.  A per-try timeout does not end the attempt here
# but starts the next one; the third attempt (two retries) is all that the burst sends too.
# A failed or slow attempt is followed after a back-off, 25 ms unless told otherwise: 1 ms is the
# least that is allowed.
_ENVOY_ROUTE: Final[envoy.Settings] = {
    "timeout": f"{DEADLINE:g}s",
    "hedge_policy": {"hedge_on_per_try_timeout": True},
    "retry_policy": {
        "retry_on": "5xx,reset,connect-failure,retriable-status-codes",
        "retriable_status_codes": [429],
        "num_retries": EXTRA,
        "per_try_timeout": f"{DELAY:g}s",
        "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.001s"},
    },
}

_HEDGEROW_ROUTE: Final = f"""\
deadline = "{DEADLINE * 1e3:g}ms"
hedge = {{delay = "{DELAY * 1e3:g}ms", extra = {EXTRA}, same_replica = true}}
success = {{status = [200], body = "json"}}
"""


def _none(_: Site) -> list[str]:
    """No program: the client calls the upstream itself."""
    return []


def _envoy(site: Site) -> list[str]:
    return envoy.proxy(site, route=_ENVOY_ROUTE)


def _hedgerow(site: Site) -> list[str]:
    return hedgerow.proxy(site, route=_HEDGEROW_ROUTE)


CONTENDERS: Final = (
    Contender("none", lambda: "the client calls the upstream itself", _none),
    Contender("envoy", envoy.version, _envoy),
    Contender("hedgerow", hedgerow.version, _hedgerow),
)
