"""Watching real processes: trees that grow and shrink, found by id, port and path."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hedgerow.errors import StartError
from hedgerow.load.server.listeners import find_pids, listening_pids
from hedgerow.load.server.watch import ServerWatch

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="the kernel's own figures are what is compared"
)

#: Burns so many seconds of CPU.
BURN = "import time\ndef burn(s):\n  while time.process_time() < s: pass\n"
#: Three times: a child burns 0.2 s of CPU and is collected.  Then waits.
PARENT = (
    BURN
    + """
import os, sys
for _ in range(3):
    if os.fork() == 0:
        burn(time.process_time() + 0.2)
        os._exit(0)
    os.wait()
print(flush=True)
sys.stdin.read()
"""
)
#: Two workers inherit a listening socket; all wait.
PREFORKED = """
import os, signal, socket, sys
family, address = (socket.AF_UNIX, sys.argv[1]) if len(sys.argv) > 1 else (
    socket.AF_INET, ("127.0.0.1", 0))
server = socket.socket(family)
server.bind(address)
server.listen()
workers = []
for _ in range(2):
    workers.append(os.fork())
    if workers[-1] == 0:
        signal.pause()
print(server.getsockname()[1] if family == socket.AF_INET else 0, flush=True)
sys.stdin.read()
for worker in workers:
    os.kill(worker, signal.SIGKILL)
"""


@contextlib.contextmanager
def running(script: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A Python script that prints a line when it is ready, and ends with its input."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    with process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


class TestCpu:
    def test_of_children_that_come_and_go_is_all_there(self) -> None:
        with running(PARENT) as process:
            watch = ServerWatch([process.pid], "parent")
            watch.sample(0.0)
            assert line_of(process) == ""
            for t in (1.0, 2.0):
                watch.sample(t)
        assert sum(point.cpu for point in watch.points) >= 0.5

    def test_is_never_below_nothing_while_they_do(self) -> None:
        with running(PARENT) as process:
            watch = ServerWatch([process.pid], "parent")
            began = time.monotonic()
            while time.monotonic() < began + 0.8:
                watch.sample(time.monotonic() - began)
        assert len(watch.points) > 10
        assert min(point.cpu for point in watch.points) >= 0
        assert max(point.processes for point in watch.points) == 2


class TestTree:
    def test_holds_the_workers(self) -> None:
        with running(PREFORKED) as process:
            line_of(process)
            watch = ServerWatch([process.pid], "preforked")
            watch.sample(0.0)
            point = watch.sample(1.0)
        assert point is not None
        assert (point.processes, point.threads) == (3, 3)
        assert point.fds >= 3 * 4  # standard streams and the listening socket
        assert point.pss is not None
        assert 0 < point.pss < point.rss

    def test_that_has_ended_is_told_once_it_has(self) -> None:
        with running("print(flush=True); input()") as process:
            line_of(process)
            watch = ServerWatch([process.pid], "one")
            watch.sample(0.0)
            assert watch.sample(1.0) is not None
            assert not watch.server(0, 1).ended_early
            process.kill()
            until(lambda: watch.sample(time.monotonic()) is None)
        assert watch.server(0, 2).ended_early


class TestSearch:
    def test_by_port_finds_the_eldest_of_those_that_share_it(self) -> None:
        with running(PREFORKED) as process:
            assert find_pids(f":{line_of(process)}") == [process.pid]

    def test_by_path_finds_whoever_listens_there(self, tmp_path: Path) -> None:
        path = str(tmp_path / "socket")
        with running(PREFORKED, path) as process:
            line_of(process)
            assert find_pids(f"unix:{path}") == find_pids(path) == [process.pid]

    def test_by_a_free_port_says_that_nobody_is_there(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))  # taken, but not listened on
            port = free.getsockname()[1]
            assert listening_pids(port) == []
            with pytest.raises(StartError, match=f"--watch = :{port}: must be listened on"):
                find_pids(f":{port}")
