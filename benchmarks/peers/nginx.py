"""nginx: the proxy that sets the bar, and the backend behind every contender."""

from benchmarks.peers.contender import Site, program, version_from

# keepalive_requests: the default closes a connection after 1000 requests; no other contender does.
_COMMON = """\
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log crit;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    default_type application/json;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
{servers}
}}
"""

# proxy_http_version and the empty Connection are what upstream keep-alive needs before 1.29.7.
_PROXY = """\
    upstream backend {{
{upstream}
{replicas}
        keepalive 512;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
{location}
        }}
    }}
"""

_BACKEND = """\
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ return 200 '{body}'; }}
        location = {status_path} {{ stub_status; }}
    }}
"""


def version() -> str:
    """Ask the program itself."""
    return version_from([program("nginx"), "-v"], r"nginx/(\S+)")


def proxy(site: Site, *, upstream: str = "", server: str = "", location: str = "") -> list[str]:
    """``proxy_pass`` with keep-alive; further lines of two blocks, further words of each server."""
    replicas = "\n".join(
        f"        server 127.0.0.1:{port} {server};".replace(" ;", ";")
        for port in site.upstream_ports
    )
    servers = _PROXY.format(port=site.port, upstream=upstream, replicas=replicas, location=location)
    return _command(site, servers)


def backend(site: Site, *, body: str, status_path: str) -> list[str]:
    """Answer every request with ``body``; counters are at ``status_path``."""
    return _command(site, _BACKEND.format(port=site.port, body=body, status_path=status_path))


def _command(site: Site, servers: str) -> list[str]:
    text = _COMMON.format(directory=site.directory, servers=servers)
    settings = site.write("nginx.conf", text)
    return [program("nginx"), "-p", str(site.directory), "-e", "stderr", "-c", str(settings)]
