"""HAProxy in HTTP mode, one thread, without logs."""

from benchmarks.peers.contender import Site, program, version_from

# http-reuse always: idle upstream connections are shared by all clients, which is its fastest way.
_SETTINGS = """\
global
    nbthread 1
    maxconn 8192

defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 60s
    http-reuse always

frontend clients
    bind 127.0.0.1:{port} backlog 4096
    default_backend upstream

backend upstream
{backend}
{servers}
"""


def version() -> str:
    """Ask the program itself."""
    return version_from([program("haproxy"), "-v"], r"version (\d+\.\d+\.\d+)")


def proxy(site: Site, *, backend: str = "", server: str = "") -> list[str]:
    """HTTP/1.1 in, HTTP/1.1 out; further lines of the backend, further words of each server."""
    servers = "\n".join(
        f"    server replica-{port} 127.0.0.1:{port} {server}".rstrip()
        for port in site.upstream_ports
    )
    text = _SETTINGS.format(port=site.port, backend=backend, servers=servers)
    return [program("haproxy"), "-db", "-f", str(site.write("haproxy.cfg", text))]
