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
)
