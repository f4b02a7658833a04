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
    server one 127.0.0.1:{upstream_port}
"""


def version() -> str:
    """Ask the program itself."""
    return version_from([program("haproxy"), "-v"], r"version (\d+\.\d+\.\d+)")


def proxy(site: Site) -> list[str]:
    """HTTP/1.1 in, HTTP/1.1 out."""
    text = _SETTINGS.format(port=site.port, upstream_port=site.upstream_port)
    return [program("haproxy"), "-db", "-f", str(site.write("haproxy.cfg", text))]
