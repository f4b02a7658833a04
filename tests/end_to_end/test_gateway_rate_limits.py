"""How often one client may ask, seen from real sockets."""

import asyncio
import io
from pathlib import Path

import pytest

from hedgerow.serve.access_log import AccessLog
from tests.fakes.gateway_client import Answer, Client, ask, connected
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, answers, upstream

ONCE_A_MINUTE = 'rate = {limit = "1/m", burst = 1}'
OWN_REPLY = 'replies = {success = {status = 203, text = "own"}}\nsuccess = {body = "json"}'
ONCE_A_SECOND = 'rate = {limit = "1/s", burst = 1}'
TWO = 'rate = {limit = "2/m", burst = 2, name = "calm"}'


def answered(
    *asked: tuple[str, ...], route: str = TWO, server: str = ""
) -> tuple[list[Answer], list[Arrival]]:
    """Ask once with each of these groups of field lines, one after the other."""

    async def main() -> tuple[list[Answer], list[Arrival]]:
        async with (
            upstream(answers) as up,
            gateway(settings(up.url, route, server=server)) as running,
        ):
            found = [await ask(running.port, "/", *lines) for lines in asked]
            return found, up.arrivals

    return play(main())


def statuses(*asked: tuple[str, ...], route: str = TWO, server: str = "") -> list[int]:
    return [answer.status for answer in answered(*asked, route=route, server=server)[0]]


class TestClientThatAsksTooOften:
    def test_is_refused_and_costs_the_upstream_nothing(self) -> None:
        found, arrivals = answered((), (), ())
        assert [answer.status for answer in found] == [200, 200, 429]
        assert len(arrivals) == 2

    def test_is_told_why_and_until_when(self) -> None:
        last = answered((), (), ())[0][-1]
        assert last.field("content-type") == "application/problem+json"
        assert last.json["status"] == 429
        assert last.field("retry-after") == "30"
        assert last.field("ratelimit-policy") == '"calm";q=2;w=60'
        assert last.field("ratelimit") == '"calm";r=0;t=60'

    def test_may_ask_again_then(self) -> None:
        async def main() -> list[int]:
            async with (
                upstream(answers) as up,
                gateway(settings(up.url, ONCE_A_SECOND)) as running,
            ):
                found = []
                for pause in (0.0, 0.0, 1.01):
                    await asyncio.sleep(pause)
                    found.append((await ask(running.port)).status)
                return found

        assert play(main()) == [200, 429, 200]

    def test_is_not_waited_for_with_its_body(self) -> None:
        """It is refused at its head; what still comes of the body is read and thrown away."""

        async def main() -> tuple[list[int], list[int]]:
            async with (
                upstream(answers) as up,
                gateway(settings(up.url, ONCE_A_MINUTE)) as running,
                connected(running.port) as client,
            ):
                await ask(running.port)
                expects = ("Expect: 100-continue", "Content-Length: 5")
                client.ask("/", *expects, method="POST")
                refused = await client.answer()
                whole = await ask(running.port, "/", method="POST", body=b"x" * 100_000)
                return [refused.status, whole.status], refused.interim

        assert play(main()) == ([429, 429], [])

    def test_is_in_the_log(self) -> None:
        written = io.BytesIO()

        async def main() -> None:
            async with (
                upstream(answers) as up,
                gateway(settings(up.url, ONCE_A_MINUTE)) as running,
            ):
                running.gateway._outputs.access_log = AccessLog(written, "text")
                for target in ("/first", "/second"):
                    await ask(running.port, target)

        play(main())
        assert b'"GET /second" 429 ' in written.getvalue()


class TestClientThatDoesNot:
    def test_is_told_what_is_left(self) -> None:
        first, second = answered((), ())[0]
        assert first.field("ratelimit") == '"calm";r=1;t=30'
        assert second.field("ratelimit") == '"calm";r=0;t=60'

    @pytest.mark.parametrize(
        ("route", "lines", "status"),
        [
            ('deadline = {from = "header.X-T"}', ("X-T: x",), 400),
            ("", ("grpc-timeout: 0S",), 504),
            (OWN_REPLY, (), 203),
        ],
        ids=["a problem", "a late request", "a reply of the route"],
    )
    def test_is_told_so_whatever_the_answer(
        self, route: str, lines: tuple[str, ...], status: int
    ) -> None:
        [answer] = answered(lines, route=f"{TWO}\n{route}")[0]
        assert (answer.status, answer.field("ratelimit-policy")) == (status, '"calm";q=2;w=60')

    def test_is_told_nothing_where_there_is_no_limit(self) -> None:
        [answer] = answered((), route="")[0]
        assert [name for name, _ in answer.fields if name.startswith("ratelimit")] == []


class TestWhoAClientIs:
    BY_KEY = 'rate = {limit = "1/m", burst = 1, by = "header.X-Api-Key"}'

    def test_is_its_address_whatever_it_says(self) -> None:
        asked = [("X-Forwarded-For: 203.0.113.1",), ("X-Forwarded-For: 203.0.113.2",)]
        assert statuses(*asked, route=ONCE_A_MINUTE) == [200, 429]

    def test_is_what_a_trusted_proxy_says(self) -> None:
        asked = [(f"X-Forwarded-For: 10.0.0.1, 203.0.113.{n}",) for n in (1, 2, 1)]
        found = statuses(*asked, route=ONCE_A_MINUTE, server='forwarded = "append"')
        assert found == [200, 200, 429]

    def test_is_what_it_says_where_the_route_asks(self) -> None:
        asked = [(f"X-Api-Key: {key}",) for key in "aba"]
        assert statuses(*asked, route=self.BY_KEY) == [200, 200, 429]

    def test_is_its_address_where_it_does_not_say(self) -> None:
        assert statuses(("X-Api-Key:",), (), route=self.BY_KEY) == [200, 429]

    def test_is_one_limit_for_each_route(self) -> None:
        async def main() -> list[int]:
            text = 'path = "/a"\nrate = {limit = "1/m", burst = 1}\n[[route]]\npath = "/b"'
            async with (
                upstream(answers) as up,
                gateway(settings(up.url, text)) as running,
                connected(running.port) as client,
            ):
                return [await status_of(client, target) for target in ("/a", "/b", "/b", "/a")]

        assert play(main()) == [200, 200, 200, 429]

    def test_behind_a_socket_of_this_machine_is_what_the_proxy_there_says(
        self, tmp_path: Path
    ) -> None:
        """Without a proxy that is trusted they are all one: nothing tells them apart."""
        assert play(over_unix(tmp_path, "append")) == [200, 200, 429]
        assert play(over_unix(tmp_path, "replace")) == [200, 429, 429]


async def status_of(client: Client, target: str) -> int:
    client.ask(target)
    return (await client.answer()).status


async def over_unix(path: Path, forwarded: str) -> list[int]:
    """Ask for clients 1, 2 and 1 again on a unix socket; each may ask once."""
    text = settings("http://127.0.0.1:1", ONCE_A_MINUTE, server=f'forwarded = "{forwarded}"')
    found = []
    async with upstream(answers) as up:
        text = text.replace("http://127.0.0.1:1", up.url)
        address = f"unix:{path}/{forwarded}"
        async with gateway(text, address=address):
            for number in (1, 2, 1):
                reader, writer = await asyncio.open_unix_connection(address.removeprefix("unix:"))
                client = Client(reader, writer)
                client.ask("/", f"X-Forwarded-For: 203.0.113.{number}")
                found.append((await client.answer()).status)
                writer.close()
                await writer.wait_closed()
    return found
