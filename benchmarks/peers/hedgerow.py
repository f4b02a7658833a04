"""Hedgerow, started by its command line like any other contender."""

import sys
from pathlib import Path

from benchmarks.peers.contender import Site, version_from

_SETTINGS = """\
[server]
listen = "127.0.0.1:{port}"
{server}

[upstream.backend]
replicas = [{replicas}]
{upstream}

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


def proxy(
    site: Site, *, route: str, upstream: str = "", server: str = "", checkout: Path | None = None
) -> list[str]:
    """One upstream; the texts are further TOML of each table.

    With ``checkout`` it is the Hedgerow of another directory, with this one's dependencies.
    """
    text = _SETTINGS.format(
        port=site.port,
        replicas=", ".join(f'"http://127.0.0.1:{port}"' for port in site.upstream_ports),
        route=route,
        upstream=upstream,
        server=server,
    )
    serve = command("serve", "-c", str(site.write("hedgerow.toml", text)))
    return serve if checkout is None else ["env", f"PYTHONPATH={checkout / 'src'}", *serve]
