"""The server under test: started, watched, ended; and one that takes ten thousand users."""

import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Final

import psutil
import pytest

from hedgerow.load.server.listeners import listening_pids
from tests.end_to_end.load_runs import load
from tests.fakes.nginx import nginx
from tests.fakes.processes import hedgerow
from tests.fakes.recording_server import RecordingServer

#: A server that ends by itself after so many seconds.
SERVER: Final = """
import http.server, os, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *_): pass
print("the server's own words", flush=True)
threading.Timer(float(sys.argv[2]), os._exit, (3,)).start()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def server(port: int, lives: float = 60.0) -> tuple[str, ...]:
    return ("--", sys.executable, "-c", SERVER, str(port), str(lives))


def is_free(port: int) -> bool:
    return listening_pids(port) == []


class TestStartedServer:
    def test_is_watched_and_ended(self, tmp_path: Path, port: int) -> None:
        run = load(tmp_path, f":{port}/", "-c", "2", "-d", "3s", *server(port))
        assert run.code == 0, run.told
        found = run.document.server
        assert found is not None
        assert SERVER.split("\n")[1] in found.name
        assert found.cpu_max > 0
        assert found.rss_max > 5_000_000
        assert len(found.points) >= 2
        assert not found.ended_early
        assert is_free(port)
        assert "the server's own words" not in run.printed + run.told

    def test_is_ended_with_ctrl_c_too(self, tmp_path: Path, port: int) -> None:
        file = tmp_path / "run.json"
        words = (f":{port}/", "-R", "50", "-d", "60s", "--json", str(file))
        with hedgerow("load", *words, *server(port), waits=False) as process:
            process.until(lambda: "elapsed=1s" in process.told, 20)
            (pid,) = listening_pids(port)
            assert psutil.Process(pid).is_running()
            process.send(signal.SIGINT)
            assert process.ended() == 130
            assert not psutil.pid_exists(pid)
        assert file.exists()

    def test_that_dies_is_told(self, tmp_path: Path, port: int) -> None:
        run = load(tmp_path, f":{port}/", "-R", "40", "-d", "8s", *server(port, lives=6.0))
        found = run.document
        assert found.server is not None
        assert found.server.ended_early
        assert found.requests.ok > 10
        assert found.errors.get("connect_refused", 0) > 5
        assert found.requests.total == 320
        assert "it was gone before" in run.printed

    def test_that_does_not_start_is_told_in_its_own_words(self, tmp_path: Path, port: int) -> None:
        words = ("--", sys.executable, "-c", "raise SystemExit('no database')")
        run = load(tmp_path, f":{port}/", "-d", "1s", *words)
        assert run.code == 1
        assert "no database" in run.told
        assert not run.file.exists()

    def test_is_refused_where_another_one_listens(self, tmp_path: Path) -> None:
        with RecordingServer() as other:
            run = load(tmp_path, other.url, "-d", "1s", *server(other.port))
            assert f"127.0.0.1:{other.port} = in use by pid" in run.told
        assert run.code == 1
        assert other.seen == []


class TestWatchedServer:
    @pytest.mark.parametrize("how", ["port", "pid"])
    def test_is_found(self, tmp_path: Path, how: str) -> None:
        with hedgerow("flaky", "-p", "0", "--errors", "off") as flaky:
            what = f":{flaky.port}" if how == "port" else str(flaky.pid)
            run = load(tmp_path, flaky.url, "-c", "2", "-d", "1s", "--watch", what)
            found = run.document.server
            assert found is not None
            assert found.pids == [flaky.pid]
            assert found.name == what
            assert flaky.is_running
        assert found.rss_max > 5_000_000

    def test_that_is_not_there_is_told_before_anything_is_sent(
        self, tmp_path: Path, port: int
    ) -> None:
        with RecordingServer() as server:
            run = load(tmp_path, server.url, "-n", "1", "--watch", f":{port}")
        assert run.code == 1
        assert f":{port}" in run.told
        assert server.connections == 0


class TestTenThousandUsers:
    def test_are_played_by_one_process(self, tmp_path: Path) -> None:
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 12_500:
            pytest.skip("too few descriptors are allowed for ten thousand connections")
        words = ("-u", "10k", "-i", "2", "--ramp-up", "1500ms", "--think", "2s")
        with nginx(tmp_path) as server:
            found = load(tmp_path, f"{server.url}/", *words).document
        assert (found.requests.total, found.requests.ok) == (20_000, 20_000), found.errors
        assert found.connections_opened == 10_000
        assert max(point.users for point in found.timeseries) == 10_000
