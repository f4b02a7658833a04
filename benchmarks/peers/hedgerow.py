"""Hedgerow, started by its command line like any other contender."""

import sys

from benchmarks.peers.contender import Site, version_from

_SETTINGS = """\
[server]
listen = "127.0.0.1:{port}"

[upstream.backend]
replicas = ["http://127.0.0.1:{upstream_port}"]

[[route]]
path = "/"
upstream = "backend"
{route}
"""


def command(*words: str) -> list[str]:
    """Give the command line of a Hedgerow verb in this very environment."""
    return [sys.executable, "-m", "hedgerow", *words]


def version() -> str:
    """Ask the program itself."""
    return version_from(command("--version"), r"(\d+\.\d+\.\d+\S*)")


def proxy(site: Site, *, route: str) -> list[str]:
    """One upstream with one replica; ``route`` is further TOML of the route."""
    text = _SETTINGS.format(port=site.port, upstream_port=site.upstream_port, route=route)
    return command("serve", "-c", str(site.write("hedgerow.toml", text)))
