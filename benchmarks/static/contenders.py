"""The servers of this experiment, each serving DIRECTORY/www below /static/ with one worker."""

import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from typing import Final

from benchmarks.peers import hedgerow, nginx
from benchmarks.peers.contender import (
    Contender,
    NotInstalledError,
    Site,
    program,
    version_from,
)

#: Below every site's directory.
FILES: Final = "www"

_HEDGEROW: Final = """\
[server]
listen = "127.0.0.1:{port}"

[[route]]
path = "/static/"
root = "{files}"
"""

# sendfile, tcp_nopush and open_file_cache are what its documentation advises for files;
# keepalive_requests: by default a connection is closed after 1000, no other contender does that.
_NGINX: Final = """\
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log crit;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    default_type application/octet-stream;
    keepalive_requests 1000000000;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=1000 inactive=60s;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location /static/ {{ alias {files}/; }}
    }}
}}
"""

_CADDY: Final = """\
{{
    admin off
    auto_https off
    persist_config off
}}
http://127.0.0.1:{port} {{
    handle_path /static/* {{
        root * {files}
        file_server
    }}
}}
"""

# Granian wants an application beside the files; it is never asked.
_NO_APP: Final = """\
async def app(scope, receive, send):
    pass
"""


def beside(checkout: Path) -> Contender:
    """Hedgerow as it is in another checkout, to be compared with this one."""
    return Contender(
        "other",
        lambda: f"checkout {checkout.name}",
        lambda site: ["env", f"PYTHONPATH={checkout / 'src'}", *_hedgerow(site)],
    )


def _hedgerow(site: Site) -> list[str]:
    text = _HEDGEROW.format(port=site.port, files=site.directory / FILES)
    return hedgerow.command("serve", "-c", str(site.write("hedgerow.toml", text)))


def _nginx(site: Site) -> list[str]:
    text = _NGINX.format(directory=site.directory, port=site.port, files=site.directory / FILES)
    settings = site.write("nginx.conf", text)
    return [program("nginx"), "-p", str(site.directory), "-e", "stderr", "-c", str(settings)]


def _caddy(site: Site) -> list[str]:
    text = _CADDY.format(port=site.port, files=site.directory / FILES)
    settings = str(site.write("Caddyfile", text))
    # One worker for all: it would start a thread for each core, and has one core.
    return [
        "env", "GOMAXPROCS=1", f"HOME={site.directory}",
        program("caddy"), "run", "--adapter", "caddyfile", "--config", settings,
    ]  # fmt: skip


def _starlette(site: Site) -> list[str]:
    script = Path(__file__).with_name("starlette_files.py")
    return [sys.executable, str(script), str(site.port), str(site.directory / FILES)]


def _granian(site: Site) -> list[str]:
    site.write("never_asked.py", _NO_APP)
    return [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1",
        "--port", str(site.port), "--workers", "1", "--no-access-log", "--log-level", "warning",
        "--backlog", "4096", "--working-dir", str(site.directory),
        "--static-path-route", "/static", "--static-path-mount", str(site.directory / FILES),
        "never_asked:app",
    ]  # fmt: skip


def _package(name: str) -> str:
    if importlib.util.find_spec(name) is None:
        raise NotInstalledError(f"no package {name} in this environment")
    return importlib.metadata.version(name)


def _starlette_version() -> str:
    return f"{_package('starlette')} on uvicorn {_package('uvicorn')}"


def _caddy_version() -> str:
    return version_from([program("caddy"), "version"], r"v?(\d+\.\d+\.\d+)")


REFERENCE: Final = "nginx"
CONTENDERS: Final = (
    Contender("nginx", nginx.version, _nginx),
    Contender("caddy", _caddy_version, _caddy),
    Contender("granian", lambda: _package("granian"), _granian),
    Contender("starlette", _starlette_version, _starlette),
    Contender("hedgerow", hedgerow.version, _hedgerow),
)
