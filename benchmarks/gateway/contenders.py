"""The proxies of this experiment; the first is the one that ratios refer to."""

import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from typing import Final

from benchmarks.peers import envoy, haproxy, hedgerow, nginx
from benchmarks.peers.contender import Contender, NotInstalledError, Site

# Hedging is armed on every request and never fires: the backend answers in microseconds.
ARMED: Final = 'hedge = {delay = "300ms", extra = 1, same_replica = true}'


#: Everything that a request can meet on its way, with limits that none of them reaches.
ALL_ARMED: Final = {
    "server": 'admin = "127.0.0.1:0"',
    "upstream": 'limit = "adaptive"\nqueue = 1000\nthrottle = true\ncheck = "/"',
    "route": (
        f"{ARMED}\n"
        'priority = {from = "header.Priority"}\n'
        'rate = {limit = "1000000/s", burst = 1000000}'
    ),
}


def _all_armed(site: Site) -> list[str]:
    return hedgerow.proxy(site, **ALL_ARMED)


def beside(checkout: Path) -> Contender:
    """Hedgerow as it is in another checkout, to be compared with this one."""
    return Contender(
        "other",
        lambda: f"checkout {checkout.name}",
        lambda site: hedgerow.proxy(site, route=ARMED, checkout=checkout),
    )


def _hedgerow(site: Site) -> list[str]:
    return hedgerow.proxy(site, route=ARMED)


def _aiohttp(site: Site) -> list[str]:
    script = Path(__file__).with_name("aiohttp_proxy.py")
    return [sys.executable, str(script), str(site.port), str(site.upstream_port)]


def _aiohttp_version() -> str:
    if importlib.util.find_spec("aiohttp") is None:
        raise NotInstalledError("no package aiohttp in this environment")
    return importlib.metadata.version("aiohttp")


REFERENCE: Final = "nginx"
CONTENDERS: Final = (
    Contender("nginx", nginx.version, nginx.proxy),
    Contender("haproxy", haproxy.version, haproxy.proxy),
    Contender("envoy", envoy.version, envoy.proxy),
    Contender("aiohttp", _aiohttp_version, _aiohttp),
    Contender("hedgerow", hedgerow.version, _hedgerow),
    Contender("all armed", hedgerow.version, _all_armed),
)
