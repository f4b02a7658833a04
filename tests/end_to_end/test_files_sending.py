"""Large files on real sockets: by the kernel and by us, to all kinds of clients."""

import asyncio
import contextlib
import errno
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from hedgerow.serve.durations import Durations
from hedgerow.serve.files import sending
from hedgerow.wire.request import Request
from tests.end_to_end.files import LARGE, TEXT, open_files, serving, site, talk
from tests.fakes.authority import Authority
from tests.fakes.gateway_client import Client, connected
from tests.fakes.gateway_running import Running, eventually, gateway, play


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return site(tmp_path)


@pytest.fixture(params=["by the kernel", "by us"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    way: str = request.param
    if way == "by us":
        monkeypatch.setattr(sending, "_HAS_SENDFILE", False)
    return way


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the kernel was asked to send, call by call."""
    calls: list[int] = []
    real = os.sendfile

    def sendfile(out: int, source: int, offset: int, count: int) -> int:
        calls.append(count)
        return real(out, source, offset, count)

    monkeypatch.setattr("hedgerow.serve.files.sending.os.sendfile", sendfile)
    return calls


async def for_a_while(seconds: float = 0.1) -> None:
    """Let the other side do what it likes."""
    with contextlib.suppress(AssertionError):
        await eventually(lambda: False, seconds=seconds)


class TestLargeFile:
    def test_is_sent_by_the_kernel(self, root: Path, counted: list[int]) -> None:
        async def script(client: Client, running: Running) -> bytes:
            client.ask("/large.bin")
            return (await client.answer()).body

        assert talk(root, script) == LARGE
        assert counted

    def test_comes_again_on_the_same_connection(self, root: Path, way: str) -> None:
        async def script(client: Client, running: Running) -> list[bytes]:
            bodies = []
            for target in ("/large.bin", "/text.txt", "/large.bin", "/text.txt"):
                client.ask(target)
                bodies.append((await client.answer()).body)
            return bodies

        assert talk(root, script) == [LARGE, TEXT.encode()] * 2
        assert open_files("large.bin") == 0

    def test_is_told_of_with_its_size_and_how_long_it_took(self, root: Path, way: str) -> None:
        told: list[tuple[int, int]] = []

        def answered(request: Request, seconds: float, durations: Durations | None) -> None:
            assert seconds > 0.0
            told.append((request.status, request.body_sent))

        async def script(client: Client, running: Running) -> None:
            running.gateway.surroundings.answered = answered
            client.ask("/large.bin")
            await client.answer()

        talk(root, script)
        assert told == [(200, len(LARGE))]

    def test_keeps_its_place_among_requests_sent_ahead(self, root: Path, way: str) -> None:
        async def script(client: Client, running: Running) -> list[bytes]:
            targets = ("/text.txt", "/large.bin", "/text.txt", "/large.bin")
            for target in targets:
                client.ask(target)
            return [(await client.answer()).body for _ in targets]

        assert talk(root, script) == [TEXT.encode(), LARGE] * 2

    def test_waits_for_what_was_written_before_it(self, root: Path, way: str) -> None:
        """What the transport still has must not be overtaken by what the kernel sends."""
        (root / "middle.bin").write_bytes(LARGE[:200_000])
        targets = ("/middle.bin", "/large.bin") * 6

        async def main() -> list[int]:
            async with (
                serving(root) as running,
                connected(running.port, window=4 * 1024) as client,
            ):
                client.stop_reading()
                for target in targets:
                    client.ask(target)
                await for_a_while()
                client.read_on()
                answers = [await client.answer() for _ in targets]
                assert all(LARGE.startswith(answer.body) for answer in answers)
                return [len(answer.body) for answer in answers]

        assert play(main()) == [200_000, len(LARGE)] * 6

    def test_ends_with_the_connection_for_1_0(self, root: Path, way: str) -> None:
        async def script(client: Client, running: Running) -> bytes:
            client.writer.write(b"GET /large.bin HTTP/1.0\r\n\r\n")
            return await client.reader.read()

        head, _, body = talk(root, script).partition(b"\r\n\r\n")
        assert b"\r\nConnection: close" in head
        assert body == LARGE

    def test_comes_whole_to_one_who_said_he_would_send_no_more(self, root: Path, way: str) -> None:
        async def script(client: Client, running: Running) -> bytes:
            client.ask("/large.bin")
            client.writer.write_eof()
            return (await client.answer()).body

        assert talk(root, script) == LARGE

    def test_comes_whole_to_one_who_reads_in_fits(self, root: Path, way: str) -> None:
        async def main() -> bytes:
            async with (
                serving(root) as running,
                connected(running.port, window=8 * 1024) as client,
            ):
                client.ask("/large.bin")
                for _ in range(3):
                    client.stop_reading()
                    await for_a_while(0.02)
                    client.read_on()
                    await for_a_while(0.01)
                return (await client.answer()).body

        assert play(main()) == LARGE

    def test_has_parts(self, root: Path, way: str) -> None:
        async def script(client: Client, running: Running) -> list[bytes]:
            bodies = []
            for value in ("bytes=1000-2000000", "bytes=-1000000", "bytes=5-5"):
                client.ask("/large.bin", f"Range: {value}")
                bodies.append((await client.answer()).body)
            return bodies

        assert talk(root, script) == [LARGE[1000:2000001], LARGE[-1000000:], LARGE[5:6]]

    def test_is_read_in_a_thread_where_it_is_not_in_memory(
        self, root: Path, way: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []

        def is_cached(sender: sending.FileSender, at: int) -> bool:
            asked.append(at)
            return len(asked) % 2 == 0

        monkeypatch.setattr(sending.FileSender, "_is_cached", is_cached)

        async def script(client: Client, running: Running) -> bytes:
            client.ask("/large.bin")
            return (await client.answer()).body

        assert talk(root, script) == LARGE

    def test_that_gets_shorter_breaks_and_does_not_end(self, root: Path, way: str) -> None:
        os.truncate(root / "large.bin", 1 << 26)

        async def script(client: Client, running: Running) -> str:
            client.stop_reading()
            client.ask("/large.bin")
            await eventually(lambda: open_files("large.bin") == 1)
            await for_a_while()
            os.truncate(root / "large.bin", 1000)
            client.read_on()
            return (await client.answer(keep=False)).end

        assert talk(root, script) in ("reset", "cut short")
        assert open_files("large.bin") == 0

    def test_that_is_replaced_goes_on_as_it_was(self, root: Path, way: str) -> None:
        os.truncate(root / "large.bin", 1 << 26)

        async def script(client: Client, running: Running) -> tuple[str, int]:
            client.stop_reading()
            client.ask("/large.bin")
            await eventually(lambda: open_files("large.bin") == 1)
            (root / "other").write_bytes(b"other")
            (root / "other").rename(root / "large.bin")
            client.read_on()
            answer = await client.answer(keep=False)
            return answer.end, answer.body_size

        assert talk(root, script) == ("whole", 1 << 26)


class TestDescriptors:
    def test_are_counted_while_a_file_is_sent(self, root: Path, way: str) -> None:
        os.truncate(root / "large.bin", 1 << 26)

        async def script(client: Client, running: Running) -> list[int]:
            purse = running.engine.descriptors
            found = [purse.in_use]
            client.stop_reading()
            client.ask("/large.bin")
            await eventually(lambda: open_files("large.bin") == 1)
            found.append(purse.in_use)
            client.read_on()
            await client.answer(keep=False)
            return [*found, purse.in_use]

        assert talk(root, script) == [1, 3, 1]

    def test_that_are_not_left_are_a_reason_to_come_back_later(self, root: Path, way: str) -> None:
        async def script(client: Client, running: Running) -> list[int]:
            purse = running.engine.descriptors
            statuses = []
            for limit in (2, 4096):
                purse.limit = limit
                client.ask("/large.bin")
                statuses.append((await client.answer()).status)
            return statuses

        assert talk(root, script) == [503, 200]

    def test_that_are_not_left_to_watch_a_socket_are_not_needed(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        os.truncate(root / "large.bin", 1 << 26)

        def none_left(fd: int) -> int:
            raise OSError(errno.EMFILE, "too many open files")

        async def script(client: Client, running: Running) -> tuple[str, int]:
            monkeypatch.setattr("hedgerow.serve.files.sending.os.dup", none_left)
            client.ask("/large.bin")
            answer = await client.answer(keep=False)
            return answer.end, answer.body_size

        assert talk(root, script) == ("whole", 1 << 26)


class TestClientThatTakesNothing:
    def test_is_let_go(self, root: Path, way: str) -> None:
        os.truncate(root / "large.bin", 1 << 28)

        async def main() -> bool:
            server = '[server.limits]\nwrite_timeout = "1s"'
            route = f'[[route]]\npath = "/"\nroot = "{root}"'
            async with (
                gateway(f"{server}\n{route}") as running,
                connected(running.port) as client,
            ):
                client.stop_reading()
                client.ask("/large.bin")
                await eventually(lambda: open_files("large.bin") == 1)
                await eventually(lambda: open_files("large.bin") == 0)
                return running.clients == 0

        assert play(main())

    def test_costs_no_memory(self, root: Path, way: str) -> None:
        os.truncate(root / "large.bin", 1 << 30)

        async def script(client: Client, running: Running) -> int:
            client.stop_reading()
            client.ask("/large.bin")
            await eventually(lambda: open_files("large.bin") == 1)
            await for_a_while()
            connection: Any = next(iter(running.gateway._listener.connections))
            waiting: int = connection._transport.get_write_buffer_size()
            client.reset()
            await eventually(lambda: open_files("large.bin") == 0)
            return waiting

        assert talk(root, script) <= 1024 * 1024


class TestClientThatLeaves:
    def test_takes_its_descriptors_along(self, root: Path, way: str) -> None:
        os.truncate(root / "large.bin", 1 << 30)

        async def script(client: Client, running: Running) -> None:
            before = len(os.listdir("/proc/self/fd"))
            for _ in range(3):
                async with connected(running.port) as other:
                    other.ask("/large.bin")
                    await other.reader.readexactly(100_000)
                    assert open_files("large.bin") == 1
                    other.reset()
                    await eventually(lambda: open_files("large.bin") == 0)
            await eventually(lambda: len(os.listdir("/proc/self/fd")) <= before)

        talk(root, script)

    def test_is_not_waited_for_by_a_slow_disk(
        self, root: Path, way: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The thread has the descriptor until it is done."""
        may_read, real = threading.Event(), os.pread

        def slow(fd: int, size: int, offset: int) -> bytes:
            may_read.wait(10.0)
            return real(fd, size, offset)

        monkeypatch.setattr(sending.FileSender, "_is_cached", lambda sender, at: False)
        monkeypatch.setattr("hedgerow.serve.files.sending.os.pread", slow)

        async def script(client: Client, running: Running) -> list[int]:
            client.ask("/large.bin")
            await eventually(lambda: open_files("large.bin") == 1)
            await client.reader.readuntil(b"\r\n\r\n")
            client.reset()
            await eventually(lambda: running.clients == 0)
            found = [open_files("large.bin")]
            may_read.set()
            await eventually(lambda: open_files("large.bin") == 0)
            return found

        assert talk(root, script) == [1]


class TestStoppingServer:
    def test_breaks_what_does_not_end(self, root: Path, way: str) -> None:
        os.truncate(root / "large.bin", 1 << 30)

        async def main() -> str:
            async with serving(root) as running:
                async with connected(running.port) as client:
                    client.ask("/large.bin")
                    await client.reader.readexactly(100_000)
                    client.stop_reading()
                    await running.gateway.drain(0)
                    client.read_on()
                    with contextlib.suppress(ConnectionResetError):
                        while await client.reader.read(1 << 20):
                            pass
                await eventually(lambda: open_files("large.bin") == 0)
            return "over"

        assert play(main()) == "over"


def test_tls_gets_it_whole(root: Path, tmp_path: Path, counted: list[int]) -> None:
    """The kernel cannot encrypt, so it does not send."""
    authority = Authority(tmp_path)
    pair = authority.issue("a.example")
    tls = f'{{cert = "{pair.cert}", key = "{pair.key}"}}'
    server = f'[server]\nlisten = {{address = "127.0.0.1:0", tls = {tls}}}'

    async def main() -> bytes:
        async with (
            gateway(f'{server}\n[[route]]\npath = "/"\nroot = "{root}"') as running,
            connected(running.port, tls=authority.client(), name="a.example") as client,
        ):
            client.ask("/large.bin")
            return (await client.answer()).body

    assert play(main()) == LARGE
    assert not counted


@pytest.fixture
def curl() -> str:
    found = shutil.which("curl")
    if found is None:
        pytest.skip("curl is not installed here")
    return found


class TestCurl:
    def test_gets_goes_on_and_asks_whether_it_changed(
        self, root: Path, tmp_path: Path, curl: str
    ) -> None:
        out, etag = tmp_path / "out", tmp_path / "etag"
        out.write_bytes(LARGE[:100_000])
        page, code = tmp_path / "page", "%{http_code}"

        async def run(*words: str) -> str:
            called = await asyncio.to_thread(
                subprocess.run,
                [curl, "-s", "-S", "-w", code, *words],
                capture_output=True,
                text=True,
                check=True,
                timeout=20,
            )
            return called.stdout

        async def main() -> list[str]:
            async with serving(root) as running:
                url = f"http://127.0.0.1:{running.port}"
                return [
                    await run("-C", "-", "-o", str(out), f"{url}/large.bin"),
                    await run("--etag-save", str(etag), "-o", str(page), f"{url}/text.txt"),
                    await run("--etag-compare", str(etag), "-o", os.devnull, f"{url}/text.txt"),
                    await run("--compressed", "-o", str(page), f"{url}/text.txt"),
                    await run("-L", "-o", os.devnull, f"{url}/dir"),
                    await run("--path-as-is", "-o", os.devnull, f"{url}/../outside"),
                ]

        assert play(main()) == ["206", "200", "304", "200", "200", "400"]
        assert out.read_bytes() == LARGE
        assert page.read_text() == TEXT
