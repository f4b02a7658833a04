import asyncio
import errno
import os
import socket
import stat
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import pytest
import uvloop
from typing_extensions import override

from hedgerow.errors import StartError
from hedgerow.wire.listening import Listening


class Greeter(asyncio.Protocol):
    """Greets, and closes."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance
        stream.write(b"hello")
        stream.close()


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, None]], None]:
    def run_on_loop(main: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(main)

    return run_on_loop


async def greeting(listening: Listening) -> bytes:
    """Connect, and return what comes."""
    if listening.bound_to.startswith("unix:"):
        reader, writer = await asyncio.open_unix_connection(listening.bound_to[5:])
    else:
        host, _, port = listening.bound_to.rpartition(":")
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    try:
        return await reader.read()
    finally:
        writer.close()


Run = Callable[[Coroutine[Any, Any, None]], None]


class TestAddress:
    def test_is_told_with_the_port_that_was_taken(self) -> None:
        listening = Listening("127.0.0.1:0")
        host, _, port = listening.bound_to.rpartition(":")
        assert (host, int(port) > 0) == ("127.0.0.1", True)
        listening.close()

    def test_without_a_host_is_every_address(self) -> None:
        listening = Listening(":0")
        assert listening.bound_to.startswith("0.0.0.0:")
        listening.close()

    def test_may_be_of_ipv6(self) -> None:
        try:
            listening = Listening("[::1]:0")
        except StartError:
            pytest.skip("this machine has no IPv6")
        assert listening.bound_to.startswith("[::1]:")
        listening.close()

    def test_that_is_taken_names_its_port_and_what_to_do(self) -> None:
        first = Listening("127.0.0.1:0")
        with pytest.raises(StartError) as caught:
            Listening(first.bound_to)
        assert first.bound_to.rpartition(":")[2] in str(caught.value)
        assert "another port" in str(caught.value)
        first.close()

    @pytest.mark.parametrize(
        "address", ["127.0.0.1:http", "127.0.0.1", "127.0.0.1:70000", "198.51.100.1:0"]
    )
    def test_that_cannot_be_had_is_named(self, address: str) -> None:
        with pytest.raises(StartError) as caught:
            Listening(address)
        assert address in str(caught.value)

    def test_of_privilege_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(socket.socket, "bind", refuse)
        with pytest.raises(StartError, match="privileges"):
            Listening("127.0.0.1:80")


class TestUnixPath:
    def test_is_removed_at_the_end(self, tmp_path: Path) -> None:
        path = tmp_path / "hedgerow.sock"
        listening = Listening(f"unix:{path}")
        assert listening.bound_to == f"unix:{path}"
        listening.close()
        assert not path.exists()

    def test_left_over_by_a_killed_process_is_taken_again(self, tmp_path: Path) -> None:
        path = tmp_path / "hedgerow.sock"
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(path))
        Listening(f"unix:{path}").close()

    def test_in_use_is_refused_and_stays_in_use(self, tmp_path: Path) -> None:
        path = tmp_path / "hedgerow.sock"
        first = Listening(f"unix:{path}")
        with pytest.raises(StartError, match="free"):
            Listening(f"unix:{path}")
        assert stat.S_ISSOCK(path.stat().st_mode)
        first.close()

    def test_of_a_file_is_refused_and_the_file_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "important.toml"
        path.write_text("precious")
        with pytest.raises(StartError):
            Listening(f"unix:{path}")
        assert path.read_text() == "precious"

    def test_in_a_folder_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(StartError):
            Listening(f"unix:{tmp_path}/nowhere/hedgerow.sock")


class TestAccepting:
    def test_begins_with_start(self, run: Run) -> None:
        async def main() -> None:
            listening = Listening("127.0.0.1:0")
            await listening.start(Greeter)
            assert await greeting(listening) == b"hello"
            listening.close()

        run(main())

    def test_works_on_a_unix_path(self, run: Run, tmp_path: Path) -> None:
        async def main() -> None:
            listening = Listening(f"unix:{tmp_path}/hedgerow.sock")
            await listening.start(Greeter)
            assert await greeting(listening) == b"hello"
            listening.close()

        run(main())

    def test_ends_with_close(self, run: Run) -> None:
        async def main() -> None:
            listening = Listening("127.0.0.1:0")
            await listening.start(Greeter)
            host, _, port = listening.bound_to.rpartition(":")
            listening.close()
            listening.close()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(host, int(port))

        run(main())


class TestPause:
    def test_leaves_clients_in_the_backlog_until_it_ends(self, run: Run) -> None:
        async def main() -> None:
            listening = Listening("127.0.0.1:0")
            await listening.start(Greeter)
            listening.pause()
            waiting = asyncio.ensure_future(greeting(listening))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not waiting.done()
            listening.resume()
            assert await waiting == b"hello"
            listening.close()

        run(main())

    @pytest.mark.parametrize("turns", [0, 1, 2, 3])
    def test_that_follows_a_resume_wins(self, run: Run, turns: int) -> None:
        async def main() -> None:
            listening = Listening("127.0.0.1:0")
            await listening.start(Greeter)
            listening.pause()
            listening.resume()
            for _ in range(turns):
                await asyncio.sleep(0)
            listening.pause()
            waiting = asyncio.ensure_future(greeting(listening))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not waiting.done()
            listening.resume()
            assert await waiting == b"hello"
            listening.close()

        run(main())

    def test_ends_even_where_descriptors_run_short_a_second_time(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def main() -> None:
            listening = Listening("127.0.0.1:0")
            await listening.start(Greeter)
            listening.pause()
            duplicates = iter([OSError(errno.EMFILE, "Too many open files")])
            original = socket.socket.dup

            def dup(sock: socket.socket) -> socket.socket:
                if (error := next(duplicates, None)) is not None:
                    raise error
                return original(sock)

            monkeypatch.setattr(socket.socket, "dup", dup)
            monkeypatch.setattr("hedgerow.wire.listening._RETRY_AFTER", 0.0)
            listening.resume()
            assert await greeting(listening) == b"hello"
            listening.close()

        run(main())

    def test_may_be_asked_for_before_the_start(self, run: Run) -> None:
        async def main() -> None:
            listening = Listening("127.0.0.1:0")
            listening.pause()
            listening.resume()
            await listening.start(Greeter)
            assert await greeting(listening) == b"hello"
            listening.close()

        run(main())


def open_sockets() -> set[str]:
    """Return this process's sockets; none where the system does not tell."""
    links = list(Path("/proc/self/fd").glob("*"))
    return {os.readlink(link) for link in links if link.is_symlink() and link.is_socket()}


class TestClose:
    def test_while_accepting_is_being_resumed_leaves_no_socket(self, run: Run) -> None:
        async def main() -> None:
            before = open_sockets()
            listening = Listening("127.0.0.1:0")
            await listening.start(Greeter)
            listening.pause()
            listening.resume()
            listening.close()
            for _ in range(20):
                await asyncio.sleep(0)
            assert open_sockets() == before

        run(main())


class TestFinish:
    def test_serves_whoever_waits_and_takes_nobody_new(self, run: Run) -> None:
        async def main() -> None:
            listening = Listening("127.0.0.1:0")
            await listening.start(Greeter)
            listening.pause()
            waiting = [asyncio.ensure_future(greeting(listening)) for _ in range(5)]
            for _ in range(50):
                await asyncio.sleep(0)
            assert await listening.finish() == 5
            host, _, port = listening.bound_to.rpartition(":")
            listening.close()
            assert await asyncio.gather(*waiting) == [b"hello"] * 5
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(host, int(port))

        run(main())

    def test_of_one_that_never_began_takes_nobody(self, run: Run) -> None:
        async def main() -> None:
            listening = Listening("127.0.0.1:0")
            assert await listening.finish() == 0
            listening.close()
            assert await listening.finish() == 0

        run(main())


class TestClientThatSomebodyElseAccepted:
    def test_is_served(self, run: Run) -> None:
        async def main() -> None:
            listening = Listening("127.0.0.1:0")
            await listening.start(Greeter)
            here, there = socket.socketpair()
            listening.take(there)
            reader, writer = await asyncio.open_connection(sock=here)
            assert await reader.read() == b"hello"
            writer.close()
            listening.close()

        run(main())

    def test_is_turned_away_where_nobody_serves(self, run: Run) -> None:
        async def main() -> None:
            listening = Listening("127.0.0.1:0")
            here, there = socket.socketpair()
            listening.take(there)
            assert here.recv(10) == b""
            here.close()
            listening.close()

        run(main())


class TestSocketOfSomebodyElse:
    def test_keeps_its_path(self, tmp_path: Path) -> None:
        path = tmp_path / "a.sock"
        with socket.socket(socket.AF_UNIX) as lent:
            lent.bind(str(path))
            lent.listen()
            Listening(f"unix:{path}", lent.dup()).close()
            assert path.exists()

    def test_is_taken_by_its_number(self, run: Run) -> None:
        async def main() -> None:
            with socket.create_server(("127.0.0.1", 0)) as lent:
                listening = Listening(f"fd:{lent.dup().detach()}")
                assert listening.bound_to == f"127.0.0.1:{lent.getsockname()[1]}"
                await listening.start(Greeter)
                assert await greeting(listening) == b"hello"
                listening.close()

        run(main())

    def test_that_is_no_listening_socket_is_named(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            with pytest.raises(StartError, match="handed down"):
                Listening(f"fd:{datagrams.fileno()}")
            assert datagrams.getsockname()  # it was left alone
        with pytest.raises(StartError, match="fd:9999"):
            Listening("fd:9999")
