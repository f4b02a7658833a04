"""WebSocket and other protocols that a connection changes to (RFC 9110 section 7.8)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.gateway_client import Answer, Client, connected
from tests.fakes.gateway_running import Running, eventually, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, Upstream, upstream

ASKS: Final = ("Connection: keep-alive, Upgrade", "Upgrade: echo")
ECHO: Final = 'upgrade = ["echo"]'
SWITCHES: Final = b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: echo\r\nX-Own: 1\r\n\r\n"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Switching:
    """An upstream that answers 101 and then talks."""

    def __init__(self, talk: Talk, answer: bytes) -> None:
        self._talk, self._answer = talk, answer
        self.heads: list[str] = []
        self.ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(self._answer)
            await self._talk(reader, writer)
        self.ended.set()
        writer.close()


async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def is_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@contextlib.asynccontextmanager
async def tunnelled(
    talk: Talk = echoes, answer: bytes = SWITCHES, route: str = ECHO, server: str = ""
) -> AsyncIterator[tuple[Switching, Client, Running]]:
    """A client that has asked for echo, before a gateway, before such an upstream."""
    switching = Switching(talk, answer)
    listening = await asyncio.start_server(switching.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        async with (
            gateway(settings(url, route, server=server)) as running,
            connected(running.port) as client,
        ):
            client.ask("/chat?room=1", *ASKS)
            yield switching, client, running
    finally:
        listening.close()


async def head_of(client: Client) -> str:
    return (await client.reader.readuntil(b"\r\n\r\n")).decode()


class TestTunnel:
    def test_has_the_heads_of_both_sides(self) -> None:
        async def main() -> tuple[str, str]:
            async with tunnelled() as (switching, client, _):
                head = await head_of(client)
                return switching.heads[0], head

        asked, answered = play(main())
        assert asked.startswith("GET /chat?room=1 HTTP/1.1\r\n")
        assert "\r\nConnection: upgrade\r\nUpgrade: echo\r\n" in asked
        assert answered.startswith("HTTP/1.1 101 Switching Protocols\r\n")
        assert "\r\nConnection: upgrade\r\nUpgrade: echo\r\n" in answered
        assert "X-Own: 1" in answered

    def test_moves_much_in_both_directions_at_once(self) -> None:
        async def main() -> bool:
            async with tunnelled() as (_, client, _running):
                await head_of(client)
                data = bytes(range(256)) * 32768  # 8 MiB: more than all buffers hold
                client.writer.write(data)
                return await client.reader.readexactly(len(data)) == data

        assert play(main())

    def test_has_what_was_said_too_early(self) -> None:
        """A client may speak before the 101, and an upstream with it in one piece."""

        async def main() -> bytes:
            async with tunnelled(answer=SWITCHES + b"hello ") as (_, client, _running):
                client.writer.write(b"early")
                await head_of(client)
                return await client.reader.readexactly(11)

        assert play(main()) == b"hello early"

    def test_ends_one_direction_at_a_time(self) -> None:
        async def says_bye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            said = await reader.read()
            writer.write(said + b", bye")

        async def main() -> bytes:
            async with tunnelled(says_bye) as (_, client, _running):
                await head_of(client)
                client.writer.write(b"hello")
                client.writer.write_eof()
                return await client.reader.read()

        assert play(main()) == b"hello, bye"

    def test_ends_when_the_client_is_reset(self) -> None:
        async def main() -> None:
            async with tunnelled() as (switching, client, running):
                await head_of(client)
                client.reset()
                async with asyncio.timeout(5):
                    await switching.ended.wait()
                await eventually(lambda: running.requests_alive() == 0)
                await eventually(lambda: running.clients == 0)

        play(main())

    def test_ends_when_nothing_moves(self) -> None:
        async def main() -> tuple[bytes, int]:
            route = f'{ECHO}\nupgrade_idle = "1s"'
            async with tunnelled(is_silent, route=route) as (_, client, running):
                await head_of(client)
                async with asyncio.timeout(5):
                    rest = await client.reader.read()
                await eventually(lambda: running.clients == 0)
                return rest, running.busy

        assert play(main()) == (b"", 0)

    def test_outlives_the_deadline_and_the_idle_time_while_something_moves(self) -> None:
        async def main() -> bytes:
            route = f'{ECHO}\nupgrade_idle = "1s"\ndeadline = "200ms"'
            async with tunnelled(route=route) as (_, client, _running):
                await head_of(client)
                for _ in range(4):
                    await asyncio.sleep(0.4)
                    client.writer.write(b"x")
                return await client.reader.readexactly(4)

        assert play(main()) == b"xxxx"

    def test_is_broken_on_both_sides_when_the_drain_time_is_over(self) -> None:
        how: list[str] = []

        async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                how.append("ended" if await reader.read() == b"" else "said")
            except ConnectionResetError:
                how.append("reset")

        async def main() -> tuple[int, bool]:
            async with tunnelled(listens) as (switching, client, running):
                await head_of(client)
                left = await running.gateway.drain(0.1)
                async with asyncio.timeout(5):
                    await switching.ended.wait()
                return left, await client.closed()

        assert play(main()) == (1, True)
        assert how == ["reset"]

    def test_is_in_no_distribution_of_waits(self) -> None:
        """A session of an hour says nothing about how long anybody waited."""

        async def main() -> tuple[int, int]:
            server = 'admin = "127.0.0.1:0"'
            async with tunnelled(server=server) as (_, client, running):
                await head_of(client)
                client.reset()
                await eventually(lambda: running.clients == 0)
                durations = running.gateway.routes[0].durations
                assert durations is not None
                return durations.classes[1], sum(durations.counts)

        assert play(main()) == (1, 0)


class TestAnswer:
    def asked(
        self, script: Callable[[Arrival], Awaitable[None]], route: str = ECHO, *lines: str
    ) -> tuple[list[Answer], Upstream]:
        async def main() -> tuple[list[Answer], Upstream]:
            async with (
                upstream(script) as up,
                gateway(settings(up.url, route)) as running,
                connected(running.port) as client,
            ):
                answers = []
                for _ in range(2):
                    client.ask("/", *(lines or ASKS))
                    answers.append(await client.answer())
                return answers, up

        return play(main())

    def test_that_is_not_101_is_one_of_http_and_the_connection_stays(self) -> None:
        async def refuses(arrival: Arrival) -> None:
            arrival.answer(403)

        answers, _ = self.asked(refuses)
        assert [answer.status for answer in answers] == [403, 403]

    def test_to_another_protocol_is_no_answer(self) -> None:
        async def switches(arrival: Arrival) -> None:
            arrival.send(SWITCHES.replace(b"echo", b"other"))

        answers, _ = self.asked(switches)
        assert answers[0].status == 502

    def test_that_wants_an_upgrade_says_to_what(self) -> None:
        async def wants(arrival: Arrival) -> None:
            arrival.answer(426, b"", "Upgrade: echo", "Connection: upgrade")

        answers, _ = self.asked(wants)
        assert (answers[0].status, answers[0].field("upgrade")) == (426, "echo")

    def test_that_comes_too_late_for_an_impatient_client_blames_no_replica(self) -> None:
        async def main() -> list[int]:
            async def is_late(arrival: Arrival) -> None:
                await asyncio.sleep(5)

            async with (
                upstream(is_late) as one,
                upstream(is_late) as two,
                gateway(settings([one.url, two.url], ECHO)) as running,
            ):
                for _ in range(4):
                    async with connected(running.port) as client:
                        client.ask("/", *ASKS, "X-Request-Timeout-Ms: 20")
                        assert (await client.answer()).status == 504
                told = running.gateway.upstreams["work"].statistics()
                return [replica.failures for replica in told.replicas]

        assert play(main()) == [0, 0]

    @pytest.mark.parametrize(
        ("route", "lines"),
        [
            ('upgrade = "off"', ASKS),
            ("", ASKS),
            (ECHO, ("Upgrade: echo",)),
            (ECHO, ("Connection: upgrade",)),
            (ECHO, ("Connection: upgrade", "Upgrade: echo, other")),
            (ECHO, ("Connection: upgrade", "Upgrade: h2c", "HTTP2-Settings: AAAA")),
            (ECHO, (*ASKS, "Content-Length: 0")),
        ],
        ids=["off", "another one", "no option", "no name", "two", "h2c", "with a length of none"],
    )
    def test_is_one_of_http_where_the_question_is(self, route: str, lines: tuple[str, ...]) -> None:
        async def answers_(arrival: Arrival) -> None:
            arrival.answer(200, (arrival.field("upgrade") or "none").encode())

        answers, _ = self.asked(answers_, route, *lines)
        expected = b"echo" if "Content-Length: 0" in lines else b"none"
        assert [answer.body for answer in answers] == [expected, expected]


class TestWebSocket:
    def test_works_between_a_browser_like_client_and_a_server(self) -> None:
        async def chat(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(f"you said {message.data}")
            return socket

        async def main() -> tuple[str, str, int | None]:
            app = web.Application()
            app.router.add_get("/ws", chat)
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            try:
                async with (
                    gateway(settings(f"http://127.0.0.1:{port}")) as running,
                    aiohttp.ClientSession() as session,
                    session.ws_connect(f"http://127.0.0.1:{running.port}/ws") as socket,
                ):
                    await socket.send_str("hello")
                    first = await socket.receive_str()
                    await socket.send_str("x" * 1_000_000)
                    second = await socket.receive_str()
                    await socket.close()
                    return first, second[-9:], socket.close_code
            finally:
                await runner.cleanup()

        assert play(main()) == ("you said hello", "x" * 9, 1000)
