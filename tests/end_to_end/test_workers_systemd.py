"""What systemd does with a service, done by a launcher of a few lines."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.fakes.processes import SOURCE
from tests.fakes.workers import crew, get, settings

#: Puts the sockets where a service looks for them, and becomes the service (sd_listen_fds(3)).
_LAUNCHER: Final = """
import fcntl, json, os, sys
numbers, words = json.loads(sys.argv[1]), sys.argv[2:]
# Out of the way of 3, 4 and so on.
kept = [fcntl.fcntl(number, fcntl.F_DUPFD, 100) for number in numbers]
for place, number in enumerate(kept, 3):
    os.dup2(number, place, inheritable=True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(kept)))
os.execv(sys.executable, [sys.executable, "-m", "hedgerow", *words])
"""


@contextlib.contextmanager
def activated(sockets: Sequence[socket.socket], *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a service that is handed these sockets."""
    numbers = [sock.fileno() for sock in sockets]
    popen = subprocess.Popen(
        [sys.executable, "-c", _LAUNCHER, json.dumps(numbers), *words],
        pass_fds=numbers,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        process_group=0,
    )
    try:
        yield popen
    finally:
        popen.send_signal(signal.SIGQUIT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            popen.wait(10)
        if popen.poll() is None:
            popen.kill()
            popen.wait()
        assert popen.stderr is not None
        popen.stderr.close()


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Where the service manager listens."""
    with (
        tempfile.TemporaryDirectory(prefix="hedgerow-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock,
    ):
        sock.bind(str(Path(folder) / "notify"))
        sock.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", sock.getsockname())
        yield sock


def until_told(manager: socket.socket, line: str) -> list[str]:
    """Wait until a message has this line; return all of its lines."""
    while True:
        lines = manager.recv(4096).decode().splitlines()
        if line in lines:
            return lines


class TestSocketActivation:
    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_serves_at_the_sockets_it_is_handed(self, tmp_path: Path, workers: str) -> None:
        file = tmp_path / "hedgerow.toml"
        file.write_text(settings('listen = "systemd"'))
        with (
            socket.create_server(("127.0.0.1", 0)) as first,
            socket.create_server(("127.0.0.1", 0)) as second,
            activated([first, second], "serve", "-c", str(file), "-w", workers),
        ):
            # Connections wait in the queue until it serves: nobody is refused.
            for sock in (first, second):
                assert get(sock.getsockname()[1], "/") == "hello"

    def test_takes_one_of_them_by_its_number(self, tmp_path: Path) -> None:
        file = tmp_path / "hedgerow.toml"
        file.write_text(settings('listen = "fd:3"'))
        with (
            socket.create_server(("127.0.0.1", 0)) as first,
            activated([first], "serve", "-c", str(file), "-w", "2"),
        ):
            assert get(first.getsockname()[1], "/") == "hello"

    def test_leaves_a_path_that_is_not_its_own(self, tmp_path: Path) -> None:
        file = tmp_path / "hedgerow.toml"
        file.write_text(settings('listen = ["systemd", "127.0.0.1:0"]'))
        path = str(tmp_path / "handed.sock")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(path)
            sock.listen()
            with activated([sock], "serve", "-c", str(file), "-w", "2") as popen:
                assert popen.stderr is not None
                while b"serving on" not in popen.stderr.readline():
                    pass
                popen.send_signal(signal.SIGTERM)
                assert popen.wait(10) == 0
            assert os.path.exists(path)

    def test_without_sockets_says_what_is_missing(self, tmp_path: Path) -> None:
        file = tmp_path / "hedgerow.toml"
        file.write_text(settings('listen = "systemd"\nworkers = 2'))
        with activated([], "serve", "-c", str(file)) as popen:
            assert popen.wait(20) == 1
            assert popen.stderr is not None
            assert b"LISTEN_FDS" in popen.stderr.read()


class TestNotifications:
    def test_tell_the_life_of_a_crew(self, tmp_path: Path, manager: socket.socket) -> None:
        with crew(tmp_path, "workers = 2") as one:
            assert "STATUS=2 workers" in until_told(manager, "READY=1")
            one.send(signal.SIGHUP)
            lines = until_told(manager, "RELOADING=1")
            assert any(line.startswith("MONOTONIC_USEC=") for line in lines)
            until_told(manager, "READY=1")
            one.send(signal.SIGTERM)
            until_told(manager, "STOPPING=1")

    def test_tell_that_a_reload_with_mistakes_is_over_too(
        self, tmp_path: Path, manager: socket.socket
    ) -> None:
        with crew(tmp_path, "workers = 2") as one:
            until_told(manager, "READY=1")
            one.writes("workers = 0")
            one.send(signal.SIGHUP)
            until_told(manager, "RELOADING=1")
            until_told(manager, "READY=1")

    def test_tell_the_life_of_one_process(self, tmp_path: Path, manager: socket.socket) -> None:
        with crew(tmp_path, "") as one:
            until_told(manager, "READY=1")
            one.send(signal.SIGTERM)
            until_told(manager, "STOPPING=1")

    def test_are_signs_of_life_where_they_are_wanted(
        self, tmp_path: Path, manager: socket.socket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WATCHDOG_USEC", "1000000")
        with crew(tmp_path, "workers = 2"):
            until_told(manager, "WATCHDOG=1")
            began = time.monotonic()
            until_told(manager, "WATCHDOG=1")
            assert time.monotonic() - began > 0.3
