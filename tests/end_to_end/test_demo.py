"""``hedgerow demo`` as a user runs it: its own process, real servers, real time."""

import contextlib
import http.client
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: Long enough for the slowest of machines; every test asks for two seconds of load or less.
PATIENCE = 60

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="finds the demo's servers in /proc"
)


class Running:
    """A demo that was started, and the servers that it started."""

    def __init__(self, *flags: str, folder: Path, terminal: int | None = None) -> None:
        self._folder = folder
        self._servers: set[int] = set()
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hedgerow", "demo", "--rate=40", *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if terminal is None else terminal,
            stderr=subprocess.PIPE,
            env=environment | {"TMPDIR": str(folder), "TERM": "xterm"},
        )

    def servers(self) -> set[int]:
        """The ids of the servers seen so far; the folder of the demo is in their words."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdecimal() and _parent(entry) == self.process.pid:
                    self._servers.add(int(entry.name))
        return self._servers

    def wait_for_servers(self) -> None:
        until = time.monotonic() + PATIENCE
        while len(self.servers()) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(self.servers()) == 2

    def wait_for_requests(self) -> None:
        """Wait until the gateway has told the story of some."""
        self.wait_for_servers()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for log in self._folder.glob("hedgerow-demo-*/gateway.log"):
                if log.read_text().count("GET /api/work") > 40:
                    return
            time.sleep(0.05)
        pytest.fail("the gateway got no requests")

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end; returns the exit code, and what it wrote."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, (out or b"").decode(), err.decode()

    def left_behind(self) -> list[int]:
        return [pid for pid in self._servers if Path(f"/proc/{pid}").exists()]


def _parent(entry: Path) -> int:
    # The name of the program stands in brackets and may hold anything, spaces included.
    return int((entry / "stat").read_text().rpartition(")")[2].split()[1])


@contextlib.contextmanager
def running(*flags: str, folder: Path, terminal: int | None = None) -> Iterator[Running]:
    demo = Running(*flags, folder=folder, terminal=terminal)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.communicate()
    assert demo.left_behind() == []
    assert list(folder.glob("hedgerow-demo-*")) == []


def documented(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What a whole demo writes without a terminal, and its results as JSON."""
    folder = tmp_path_factory.mktemp("whole")
    with running("--seconds=2", f"--json={folder / 'results.json'}", folder=folder) as demo:
        demo.wait_for_servers()
        code, out, err = demo.ended()
        assert (code, err) == (0, "")
    return out, documented(folder / "results.json")


class TestDemo:
    def test_sends_the_same_users_to_both_sides(self, whole: tuple[str, dict[str, Any]]) -> None:
        direct, hedged = whole[1]["direct"], whole[1]["hedged"]
        assert direct["requests"] == hedged["requests"] > 40

    def test_shows_that_the_gateway_helps(self, whole: tuple[str, dict[str, Any]]) -> None:
        direct, hedged = whole[1]["direct"], whole[1]["hedged"]
        assert hedged["share_in_time"] > max(direct["share_in_time"], 0.9)

    def test_counts_what_that_cost(self, whole: tuple[str, dict[str, Any]]) -> None:
        direct, hedged = whole[1]["direct"], whole[1]["hedged"]
        assert direct["attempts_per_request"] == 1.0
        assert hedged["attempts_per_request"] == pytest.approx(2.39, abs=0.5)
        assert whole[1]["cancelled_attempts"] > 0

    def test_keeps_the_promise_to_everybody(self, whole: tuple[str, dict[str, Any]]) -> None:
        # Generous: a machine that is busy with other tests may send, and answer, late.
        assert whole[1]["hedged"]["latency_us"]["max"] < 1_500_000

    def test_tells_what_happened_to_some_requests(self, whole: tuple[str, dict[str, Any]]) -> None:
        out, document = whole
        assert "hedge_won" in [story["course"] for story in document["stories"]]
        assert "slow, and a hedge won" in out

    def test_writes_plain_lines_without_a_terminal(self, whole: tuple[str, dict[str, Any]]) -> None:
        out, _ = whole
        for fact in ("answered within 1s", "theory says", "98.9%", "attempts a request"):
            assert fact in out
        assert "\x1b" not in out


class TestOnATerminal:
    def test_draws_and_still_ends_with_the_table(self, tmp_path: Path) -> None:
        ours, theirs = pty.openpty()
        shown = b""
        with running("--seconds=1", folder=tmp_path, terminal=theirs) as demo:
            os.close(theirs)
            with contextlib.suppress(OSError):  # how the end of a terminal is told on Linux
                while piece := os.read(ours, 65536):
                    shown += piece
            code, _, err = demo.ended()
        os.close(ours)
        assert (code, err) == (0, "")
        for fact in ("through Hedgerow", "so far", "\x1b[", "answered within 1s"):
            assert fact in shown.decode()


class TestInterruption:
    def test_by_ctrl_c_ends_with_what_there_is_so_far(self, tmp_path: Path) -> None:
        results = tmp_path / "results.json"
        with running("--seconds=60", f"--json={results}", folder=tmp_path) as demo:
            demo.wait_for_requests()
            demo.process.send_signal(signal.SIGINT)
            code, out, err = demo.ended()
        assert (code, err) == (130, "")
        assert "partial result" in out
        assert documented(results)["interrupted"] is True
        assert documented(results)["hedged"]["requests"] > 0

    def test_before_anything_was_sent_leaves_nothing_behind(self, tmp_path: Path) -> None:
        with running("--seconds=60", folder=tmp_path) as demo:
            while not demo.servers():
                time.sleep(0.01)
            demo.process.send_signal(signal.SIGINT)
            code, _, err = demo.ended()
        assert (code, err) == (130, "")

    def test_by_impatience_leaves_nothing_behind(self, tmp_path: Path) -> None:
        with running("--seconds=60", folder=tmp_path) as demo:
            demo.wait_for_requests()
            demo.process.send_signal(signal.SIGINT)
            time.sleep(0.2)
            demo.process.send_signal(signal.SIGINT)
            assert demo.ended()[0] == 130

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_by_another_signal_is_told_in_the_exit_code(
        self, number: signal.Signals, tmp_path: Path
    ) -> None:
        with running("--seconds=60", folder=tmp_path) as demo:
            demo.wait_for_requests()
            demo.process.send_signal(number)
            assert demo.ended()[0] == 143


class TestServerThatDies:
    @pytest.mark.parametrize("position", [0, 1], ids=["flaky", "serve"])
    def test_ends_the_demo_and_is_named(self, position: int, tmp_path: Path) -> None:
        with running("--seconds=60", folder=tmp_path) as demo:
            demo.wait_for_requests()
            os.kill(sorted(demo.servers())[position], signal.SIGKILL)
            code, _, err = demo.ended()
        assert code == 1
        assert f"hedgerow {['flaky', 'serve'][position]} = ended with code -9" in err


class TestReaderThatHasSeenEnough:
    def test_ends_the_demo_without_a_complaint(self, tmp_path: Path) -> None:
        with running("--seconds=1", folder=tmp_path) as demo:
            demo.wait_for_servers()
            assert demo.process.stdout is not None
            demo.process.stdout.close()
            demo.process.stdout = None
            assert demo.ended() == (0, "", "")


class TestStay:
    def test_leaves_both_servers_running_until_ctrl_c(self, tmp_path: Path) -> None:
        with running("--seconds=1", "--stay", folder=tmp_path) as demo:
            demo.wait_for_servers()
            assert demo.process.stdout is not None
            told = b""
            while b"tail -f" not in told:
                told += demo.process.stdout.readline()
            gateway = next(w for w in told.decode().split() if w.startswith("http://"))
            connection = http.client.HTTPConnection(gateway.split("/")[2])
            connection.request("GET", "/api/work")
            assert "attempt-1" in connection.getresponse().headers["Server-Timing"]
            connection.close()
            demo.process.send_signal(signal.SIGINT)
            assert demo.ended()[0] == 0


class TestMistake:
    def test_on_the_command_line_is_told_before_anything_starts(self, tmp_path: Path) -> None:
        with running("--deadline=1", folder=tmp_path) as demo:
            code, _, err = demo.ended()
        assert code == 2
        assert "--deadline = '1': must be a duration" in err

    def test_in_the_place_for_results_too(self, tmp_path: Path) -> None:
        with running(f"--json={tmp_path / 'no' / 'folder.json'}", folder=tmp_path) as demo:
            code, _, err = demo.ended()
        assert code == 2
        assert "--json" in err
