"""Starting a real server and ending it, whatever happens to it and to us."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hedgerow.errors import StartError
from hedgerow.load.server.launch import Launched
from tests.fakes.ports import free_port
from tests.fakes.processes import SOURCE

#: Listens on its first word after saying hello; the second one says what else it does.
SERVER = """
import os, signal, socket, sys, time
print("hello", flush=True)
does = sys.argv[2] if len(sys.argv) > 2 else ""
if does == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if does == "leaves":
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
if sys.argv[1].isdecimal():
    server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
else:
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen()
while True:
    connection, _ = server.accept()
    connection.close()
    if does == "dies":
        time.sleep(0.1)
        sys.exit("I die")
"""
#: Starts the server, tells its id, and waits.
PARENT = """
import asyncio, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may ignore it
from hedgerow.load.server.launch import Launched
async def main():
    async with Launched(sys.argv[2:], ("127.0.0.1", int(sys.argv[1])), term_patience=0.5) as server:
        print(server.pid, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def words(where: object, does: str = "") -> list[str]:
    return [sys.executable, "-c", SERVER, str(where), does]


def launched(port: int, does: str = "") -> Launched:
    return Launched(words(port, does), ("127.0.0.1", port), term_patience=1.0)


def children() -> set[int]:
    """This process's own, which other tests may have too."""
    return {int(child.pid) for child in psutil.Process().children()}


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class TestStart:
    def test_waits_until_it_listens_and_stop_leaves_nothing(self) -> None:
        before = children()

        async def main() -> tuple[int, Path]:
            port = free_port()
            async with launched(port) as server:
                socket.create_connection(("127.0.0.1", port)).close()
                assert runs(server.pid)
                assert server.log is not None
                assert server.log.read_text() == "hello\n"
                return server.pid, server.log

        pid, log = asyncio.run(main())
        assert not runs(pid)
        assert not log.exists()
        assert children() <= before

    def test_waits_for_a_unix_socket_too(self, tmp_path: Path) -> None:
        path = str(tmp_path / "socket")

        async def main() -> bool:
            async with Launched(words(path), path) as server:
                return not server.has_ended

        assert asyncio.run(main())

    def test_of_a_server_that_ends_tells_what_it_wrote_last(self) -> None:
        script = "import sys; print(*range(30), sep='\\n'); sys.exit(3)"
        server = Launched([sys.executable, "-c", script], ("127.0.0.1", free_port()))
        with pytest.raises(StartError, match="ended with code 3 before it listened") as caught:
            asyncio.run(server.start())
        assert str(caught.value).endswith("\n    28\n    29")
        assert "\n    19\n" not in str(caught.value)
        assert server.log is not None
        assert str(server.log) in str(caught.value)
        server.log.unlink()

    def test_of_a_server_that_never_listens_runs_out_of_patience_and_ends_it(self) -> None:
        before = children()
        script = "import time; print('thinking', flush=True); time.sleep(60)"
        address = ("127.0.0.1", free_port())
        server = Launched([sys.executable, "-c", script], address, patience=0.5)
        with pytest.raises(StartError, match=r"not listening after 500ms(.|\n)*thinking"):
            asyncio.run(server.start())
        assert children() <= before
        assert server.log is not None
        server.log.unlink()

    def test_on_an_address_in_use_is_refused_and_tells_by_whom(self) -> None:
        before = children()
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            said = rf"127.0.0.1:{port} = in use by pid {os.getpid()}: must be free"
            with pytest.raises(StartError, match=said):
                asyncio.run(launched(port).start())
        assert children() <= before

    def test_of_what_is_no_command_is_refused(self) -> None:
        before = children()
        server = Launched(["/nowhere/server", "-p", "1"], ("127.0.0.1", free_port()))
        with pytest.raises(StartError, match="/nowhere/server -p 1 \\(No such file"):
            asyncio.run(server.start())
        assert children() <= before
        assert server.log is None


class TestStop:
    def test_kills_a_server_that_does_not_listen_to_sigterm(self) -> None:
        async def main() -> int:
            async with launched(free_port(), "stubborn") as server:
                return server.pid

        assert not runs(asyncio.run(main()))

    def test_ends_a_worker_that_left_the_group(self) -> None:
        async def main() -> list[psutil.Process]:
            async with launched(free_port(), "leaves") as server:
                return list(psutil.Process(server.pid).children())

        workers = asyncio.run(main())
        assert len(workers) == 1
        assert not runs(workers[0].pid)

    def test_ends_a_server_that_is_stopped(self) -> None:
        async def main() -> int:
            async with launched(free_port()) as server:
                os.kill(server.pid, signal.SIGSTOP)
                return server.pid

        assert not runs(asyncio.run(main()))

    def test_keeps_what_a_server_wrote_that_ended_by_itself(self) -> None:
        async def main() -> Path | None:
            async with launched(free_port(), "dies") as server:
                await asyncio.to_thread(until, lambda: server.has_ended)
            return server.log

        log = asyncio.run(main())
        assert log is not None
        assert log.read_text() == "hello\nI die\n"
        log.unlink()

    def test_a_second_time_is_harmless(self) -> None:
        async def main() -> None:
            async with launched(free_port()) as server:
                await server.stop()

        asyncio.run(main())


@contextlib.contextmanager
def parent(folder: Path, does: str = "") -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """A process that started the server, and the server's id."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(port), *words(port, does)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE), "TMPDIR": str(folder)},
        process_group=0,
    )
    with process:
        try:
            assert process.stdout is not None
            server = int(process.stdout.readline())
            try:
                yield process, server
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(server, signal.SIGKILL)
        finally:
            process.kill()


class TestOurOwnEnd:
    def test_by_ctrl_c_ends_the_server(self, tmp_path: Path) -> None:
        with parent(tmp_path) as (process, server):
            process.send_signal(signal.SIGINT)
            process.wait(20)
            assert not runs(server)

    @pytest.mark.parametrize("does", ["", "stubborn"])
    def test_by_kill_9_ends_the_server(self, tmp_path: Path, does: str) -> None:
        with parent(tmp_path, does) as (process, server):
            assert runs(server)
            process.kill()
            until(lambda: not runs(server))
