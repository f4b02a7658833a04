"""The sign-up API of the examples, which the recipes put under load."""

import argparse
import http.client
import importlib.util
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

EXAMPLE: Final = Path(__file__).parents[2] / "examples/sign_up/server.py"
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

Ask = Callable[..., tuple[int, bytes]]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Serve, and ask over one connection."""
    spec = importlib.util.spec_from_file_location("sign_up_server", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: type[BaseHTTPRequestHandler] = module.Handler
    flags = argparse.Namespace(mail="background", mail_delay=0.0, work=0.0, workers=2)
    module.Handler.sign_ups = module.SignUps(flags)
    server: ThreadingHTTPServer = module.Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)

    def asked(method: str, path: str, body: str = "", kind: str = JSON) -> tuple[int, bytes]:
        connection.request(method, path, body.encode(), {"Content-Type": kind})
        answer = connection.getresponse()
        return answer.status, answer.read()

    yield asked
    connection.close()
    server.shutdown()
    server.server_close()


class TestSignUp:
    def test_is_done_once_for_each_user(self, ask: Ask) -> None:
        user = '{"email": "ann@example.com", "username": "ann"}'
        statuses = [ask("POST", "/sign-up", user)[0] for _ in range(2)]
        assert statuses == [201, 409]

    @pytest.mark.parametrize("body", ['{"email": "ann@example.com"}', "[1]", "no JSON", ""])
    def test_is_refused_for_anything_else(self, ask: Ask, body: str) -> None:
        assert ask("POST", "/sign-up", body)[0] == 400

    def test_by_a_form_can_be_looked_up(self, ask: Ask) -> None:
        status, answer = ask("POST", "/sign-up", "email=bob%40example.com&password=x", FORM)
        assert (status, json.loads(answer)) == (201, {"id": 1})
        assert ask("GET", "/users/1") == (200, b'{"email": "bob@example.com"}')
        assert ask("GET", "/users/2")[0] == 404


class TestAnyOtherGet:
    def test_has_five_megabytes_for_an_answer(self, ask: Ask) -> None:
        status, body = ask("GET", "/picture.png")
        assert (status, len(body)) == (200, 5 * 1024 * 1024)
