"""Servers of others, each telling what it saw of every request it was sent.

A witness answers 200 with one field: ``X-Seen``, the base64 of a JSON list (its number since
the start, method, target, body as hexadecimal).  nginx and HAProxy have no words for that,
so each stands in front of another one and tells by what it sends on.
"""

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.fakes.ports import free_port

_PLACES: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
_START_SECONDS: Final = 20.0
_TOLD: Final = "base64.b64encode(json.dumps(seen).encode())"

_UVICORN: Final = f"""
import base64, itertools, json
numbers = itertools.count(1)
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    seen = [next(numbers), scope["method"], target.decode("latin-1"), body.hex()]
    fields = [(b"x-seen", {_TOLD}), (b"content-length", b"0")]
    await send({{"type": "http.response.start", "status": 200, "headers": fields}})
    await send({{"type": "http.response.body"}})
"""
_GUNICORN: Final = f"""
import base64, itertools, json
numbers = itertools.count(1)
def app(environ, start):
    body = environ["wsgi.input"].read()
    seen = [next(numbers), environ["REQUEST_METHOD"], environ["RAW_URI"], body.hex()]
    start("200 OK", [("X-Seen", {_TOLD}.decode()), ("Content-Length", "0")])
    return []
"""
_NODE: Final = """
let number = 0;
require("http").createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const seen = [++number, request.method, request.url, Buffer.concat(pieces).toString("hex")];
    const told = Buffer.from(JSON.stringify(seen)).toString("base64");
    response.writeHead(200, { "X-Seen": told, "Content-Length": 0 });
    response.end();
  });
}).listen(+process.argv[2], "127.0.0.1");
"""
_NGINX: Final = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
}}
"""
_HAPROXY: Final = """
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend clients
    bind 127.0.0.1:{port}
    default_backend one
backend one
    server one 127.0.0.1:{behind}
"""
NAMES: Final = ("gunicorn", "haproxy", "nginx", "node", "uvicorn")


@dataclass(frozen=True)
class Seen:
    """One request, as a witness tells it."""

    number: int
    method: str
    target: str
    body: bytes


def told(value: str) -> Seen:
    """Read an ``X-Seen`` field."""
    number, method, target, body = json.loads(base64.b64decode(value))
    return Seen(number, method, target, bytes.fromhex(body))


@contextlib.contextmanager
def witness(name: str, folder: Path) -> Iterator[int]:
    """Run one; the context is its port.  Skips the test where it is not installed."""
    if name == "gunicorn":
        module = pytest.importorskip("gunicorn", reason="gunicorn is not installed here").__name__
        (folder / "witness_wsgi.py").write_text(_GUNICORN)
        words = [sys.executable, "-m", module, "--chdir", str(folder), "--threads", "4"]
        words += ["--no-control-socket", "--bind", "127.0.0.1:{port}", "witness_wsgi:app"]
        with _running(words, folder) as port:
            yield port
    elif name == "uvicorn":
        (folder / "witness_asgi.py").write_text(_UVICORN)
        words = [sys.executable, "-m", "uvicorn", "--app-dir", str(folder), "--port", "{port}"]
        words += ["--lifespan", "off", "--log-level", "critical", "witness_asgi:app"]
        with _running(words, folder) as port:
            yield port
    elif name == "node":
        (folder / "witness.js").write_text(_NODE)
        with _running([_program("node"), str(folder / "witness.js"), "{port}"], folder) as port:
            yield port
    else:
        with witness("gunicorn", folder) as behind, _in_front(name, folder, behind) as port:
            yield port


@contextlib.contextmanager
def _in_front(name: str, folder: Path, behind: int) -> Iterator[int]:
    text = _NGINX if name == "nginx" else _HAPROXY
    port = free_port()
    settings = folder / f"{name}.conf"
    settings.write_text(text.format(folder=folder, port=port, behind=behind))
    words = [_program(name), "-c" if name == "nginx" else "-f", str(settings)]
    with _running(words, folder, port) as started:
        yield started


def _program(name: str) -> str:
    found = shutil.which(name, path=_PLACES)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


@contextlib.contextmanager
def _running(words: list[str], folder: Path, port: int = 0) -> Iterator[int]:
    port = port or free_port()
    line = [word.replace("{port}", str(port)) for word in words]
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder
        )
    try:
        _until_listening(port, process, log)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_listening(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.02)
    raise AssertionError(log.read_text(errors="replace")[-2000:])
