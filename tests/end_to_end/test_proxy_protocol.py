"""The PROXY protocol in front of a gateway, with and without TLS after it."""

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.authority import Authority
from tests.fakes.gateway_client import connected
from tests.fakes.gateway_running import eventually, gateway, play, settings
from tests.fakes.gateway_upstream import answers, dead_port, upstream

PLAIN = 'listen = {address = ":1", proxy_protocol = true}'
LINE = b"PROXY TCP4 192.0.2.77 198.51.100.2 50000 443\r\n"
BINARY = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x4d\xc6\x33\x64\x02\xc3\x50\x01\xbb"
LOCAL = b"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"


class TestHeader:
    @pytest.mark.parametrize(
        ("header", "client"),
        [
            (LINE, "192.0.2.77"),
            (BINARY, "192.0.2.77"),
            (LOCAL, "127.0.0.1"),
            (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        ],
    )
    def test_says_who_the_client_is(self, header: bytes, client: str) -> None:
        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=PLAIN)) as it:
                async with connected(it.port, first=header) as one:
                    for _ in range(2):
                        one.ask("/")
                        assert (await one.answer()).status == 200
                assert {a.field("x-forwarded-for") for a in up.arrivals} == {client}

        play(main())

    @pytest.mark.parametrize("header", [LINE, BINARY])
    def test_may_come_in_single_bytes(self, header: bytes) -> None:
        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=PLAIN)) as it:
                async with connected(it.port) as one:
                    for byte in header:
                        one.writer.write(bytes([byte]))
                        await asyncio.sleep(0)
                    one.ask("/")
                    assert (await one.answer()).status == 200
                assert up.arrivals[0].field("x-forwarded-for") == "192.0.2.77"

        play(main())

    @pytest.mark.parametrize("header", [b"", b"PROXY TCP4 x y 1 2\r\n", BINARY[:12] + b"\x31"])
    def test_that_is_none_is_closed_without_an_answer(self, header: bytes) -> None:
        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=PLAIN)) as it:
                async with connected(it.port, first=header) as one:
                    one.ask("/")
                    assert await one.closed()
                assert up.arrivals == []

        play(main())

    def test_that_does_not_come_is_not_waited_for(self) -> None:
        server = f'{PLAIN}\nlimits = {{head_timeout = "300ms"}}'

        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=server)) as it:
                async with connected(it.port, first=LINE[:10]) as one:
                    assert await one.closed()
                assert it.clients == 0

        play(main())

    def test_is_taken_through_a_unix_socket(self, tmp_path: Path) -> None:
        async def main() -> None:
            where = f"unix:{tmp_path}/s"
            async with upstream(answers) as up:
                async with gateway(settings(up.url, server=PLAIN), address=where):
                    reader, writer = await asyncio.open_unix_connection(f"{tmp_path}/s")
                    writer.write(LINE + b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    assert b" 200 " in await reader.read()
                    writer.close()
                assert up.arrivals[0].field("x-forwarded-for") == "192.0.2.77"

        play(main())


class TestHeaderBeforeTls:
    @pytest.mark.parametrize("header", [LINE, BINARY])
    def test_says_who_the_client_is(self, tmp_path: Path, header: bytes) -> None:
        authority = Authority(tmp_path)
        pair = authority.issue("a.example")
        tls = f'{{cert = "{pair.cert}", key = "{pair.key}"}}'
        server = f'listen = {{address = ":1", tls = {tls}, proxy_protocol = true}}'

        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=server)) as it:
                context = authority.client()
                async with connected(it.port, tls=context, name="a.example", first=header) as one:
                    one.ask("/")
                    assert (await one.answer()).status == 200
                (arrival,) = up.arrivals
                assert arrival.field("x-forwarded-for") == "192.0.2.77"
                assert arrival.field("x-forwarded-proto") == "https"

        play(main())


@contextlib.asynccontextmanager
async def haproxy(folder: Path, port: int, sends: str) -> AsyncIterator[int]:
    """HAProxy before a port; yields where it listens."""
    own, file = dead_port(), folder / "haproxy.cfg"
    file.write_text(
        "defaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n"
        f"listen a\n bind 127.0.0.1:{own}\n server b 127.0.0.1:{port} {sends}\n"
    )
    process = await asyncio.create_subprocess_exec(
        "haproxy", "-db", "-f", str(file), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await eventually(lambda: is_open(own))
        yield own
    finally:
        process.kill()
        await process.wait()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed")
class TestHaproxy:
    @pytest.mark.parametrize("sends", ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl-cn"])
    @pytest.mark.parametrize("with_tls", [True, False])
    def test_is_understood(self, tmp_path: Path, sends: str, with_tls: bool) -> None:
        authority = Authority(tmp_path)
        pair = authority.issue("a.example")
        tls = f', tls = {{cert = "{pair.cert}", key = "{pair.key}"}}' if with_tls else ""
        server = f'listen = {{address = ":1", proxy_protocol = true{tls}}}'
        context = authority.client() if with_tls else None

        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=server)) as it:
                async with (
                    haproxy(tmp_path, it.port, sends) as port,
                    connected(port, tls=context, name="a.example", source="127.0.0.9") as one,
                ):
                    one.ask("/")
                    assert (await one.answer()).status == 200
                assert up.arrivals[0].field("x-forwarded-for") == "127.0.0.9"

        play(main())
