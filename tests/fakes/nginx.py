"""nginx as a server in one process, from the installed package, on a free port."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.fakes.ports import free_port

_SETTINGS: Final = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 12000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ return 200 'ok'; }}
        location = /status {{ stub_status; }}
    }}
}}
"""
_PLACES: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


class Nginx:
    """A running server."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._process = process

    def send(self, number: int) -> None:
        self._process.send_signal(number)


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[Nginx]:
    """Run it; skips the test where it is not installed."""
    program = shutil.which("nginx", path=_PLACES)
    if program is None:
        pytest.skip("nginx is not installed here")
    port = free_port()
    settings = folder / "nginx.conf"
    settings.write_text(_SETTINGS.format(folder=folder, port=port))
    with subprocess.Popen([program, "-c", str(settings)], stderr=subprocess.DEVNULL) as process:
        try:
            _until_listening(port)
            yield Nginx(port, process)
        finally:
            process.kill()


def _until_listening(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.02)
    raise AssertionError("nginx does not listen")
