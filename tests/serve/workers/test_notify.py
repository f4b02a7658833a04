"""What systemd is told, and what it hands down."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hedgerow.serve.workers.notify import Notifier, handed_down


@pytest.fixture
def manager() -> Iterator[socket.socket]:
    """A service manager's socket; a short path, because those of unix sockets are."""
    with (
        tempfile.TemporaryDirectory(prefix="hedgerow-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock,
    ):
        sock.bind(str(Path(folder) / "notify"))
        sock.setblocking(False)
        yield sock


def told(manager: socket.socket) -> dict[str, str]:
    lines = manager.recv(4096).decode().splitlines()
    return dict(line.split("=", 1) for line in lines)


class TestNotifier:
    def test_says_when_it_serves(self, manager: socket.socket) -> None:
        Notifier({"NOTIFY_SOCKET": manager.getsockname()}).ready("4 workers")
        assert told(manager) == {"READY": "1", "STATUS": "4 workers", "MAINPID": str(os.getpid())}

    def test_says_when_it_reads_its_settings_again(self, manager: socket.socket) -> None:
        Notifier({"NOTIFY_SOCKET": manager.getsockname()}).reloading()
        message = told(manager)
        assert message["RELOADING"] == "1"
        assert int(message["MONOTONIC_USEC"]) > 0

    def test_says_when_it_stops(self, manager: socket.socket) -> None:
        Notifier({"NOTIFY_SOCKET": manager.getsockname()}).stopping()
        assert told(manager)["STOPPING"] == "1"

    def test_gives_signs_of_life_twice_as_often_as_must_be(self, manager: socket.socket) -> None:
        environment = {
            "NOTIFY_SOCKET": manager.getsockname(),
            "WATCHDOG_USEC": "3000000",
            "WATCHDOG_PID": str(os.getpid()),
        }
        notifier = Notifier(environment)
        notifier.alive()
        assert (notifier.watchdog, told(manager)) == (1.5, {"WATCHDOG": "1"})

    def test_has_no_watchdog_that_is_meant_for_another_process(self) -> None:
        assert Notifier({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}).watchdog == 0.0

    def test_takes_its_variables_away_from_children(self, manager: socket.socket) -> None:
        environment = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "1", "HOME": "/"}
        Notifier(environment)
        assert environment == {"HOME": "/"}

    def test_finds_an_abstract_socket(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind(f"\0hedgerow-test-{os.getpid()}")
            except OSError:
                pytest.skip("this system has no abstract sockets")
            Notifier({"NOTIFY_SOCKET": f"@hedgerow-test-{os.getpid()}"}).status("well")
            assert sock.recv(100) == b"STATUS=well"

    @pytest.mark.parametrize("path", ["", "/nowhere/at/all"])
    def test_minds_nobody_who_is_not_there(self, path: str) -> None:
        Notifier({"NOTIFY_SOCKET": path}).ready("1 process")


class TestHandedDown:
    def test_is_what_was_meant_for_this_process(self) -> None:
        environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2"}
        assert handed_down(environment) == ["fd:3", "fd:4"]

    @pytest.mark.parametrize(
        "environment",
        [
            {},
            {"LISTEN_FDS": "2"},
            {"LISTEN_PID": "1", "LISTEN_FDS": "2"},
            {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "two"},
        ],
    )
    def test_is_nothing_else(self, environment: dict[str, str]) -> None:
        assert handed_down(environment) == []
