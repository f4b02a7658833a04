"""Proxies of ours in front of a gateway: whom they are believed to forward for."""

import asyncio
import io
from pathlib import Path

import pytest

from hedgerow.serve.access_log import AccessLog
from tests.fakes.gateway_client import ask
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, answers, upstream

TRUSTED = 'trusted = ["127.0.0.0/8", "10.0.0.0/8"]'
STRANGERS = 'trusted = ["10.0.0.0/8"]'


def arrival(server: str, *lines: str) -> Arrival:
    """What the upstream sees of a request with these fields."""

    async def main() -> Arrival:
        async with upstream(answers) as up, gateway(settings(up.url, server=server)) as it:
            assert (await ask(it.port, "/", *lines)).status == 200
            return up.arrivals[0]

    return play(main())


def told(server: str, *lines: str) -> str | None:
    return arrival(server, *lines).field("x-forwarded-for")


class TestTrustedProxy:
    def test_tells_the_client(self) -> None:
        assert told(TRUSTED, "X-Forwarded-For: 192.0.2.1") == "192.0.2.1"

    def test_tells_it_behind_another_one(self) -> None:
        line = "X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.1.2.3"
        assert told(TRUSTED, line) == "192.0.2.1"

    def test_that_tells_nothing_is_the_client(self) -> None:
        assert told(TRUSTED) == "127.0.0.1"

    def test_tells_how_the_client_came(self) -> None:
        lines = ("X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https")
        assert arrival(TRUSTED, *lines).field("x-forwarded-proto") == "https"

    def test_is_added_where_lists_grow(self) -> None:
        server = f'{TRUSTED}\nforwarded = "append"'
        line = "X-Forwarded-For: 6.6.6.6, 192.0.2.1"
        assert told(server, line) == "6.6.6.6, 192.0.2.1, 127.0.0.1"

    def test_is_believed_in_one_field_only(self) -> None:
        assert told(TRUSTED, "Forwarded: for=192.0.2.1") == "127.0.0.1"

    def test_may_be_believed_in_the_other_field(self) -> None:
        server = f'{TRUSTED}\ntrusted_field = "Forwarded"'
        lines = ('Forwarded: for="[2001:db8::7]:80";proto=https', "X-Forwarded-For: 6.6.6.6")
        found = arrival(server, *lines)
        assert found.field("x-forwarded-for") == "2001:db8::7"
        assert found.field("x-forwarded-proto") == "https"

    def test_may_come_through_a_unix_socket(self, tmp_path: Path) -> None:
        async def main() -> None:
            async with upstream(answers) as up:
                text = settings(up.url, server='trusted = ["unix"]')
                async with gateway(text, address=f"unix:{tmp_path}/s"):
                    reader, writer = await asyncio.open_unix_connection(f"{tmp_path}/s")
                    writer.write(
                        b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n"
                        b"Connection: close\r\n\r\n"
                    )
                    assert b" 200 " in await reader.read()
                    writer.close()
                assert up.arrivals[0].field("x-forwarded-for") == "192.0.2.1"

        play(main())

    def test_tells_the_log_and_the_limits(self) -> None:
        server = f"{TRUSTED}\ntrace = true"  # without a file for the log: ours takes its place
        lines = io.BytesIO()

        async def main() -> None:
            async with upstream(answers) as up:
                text = settings(up.url, 'rate = {limit = "1/h", burst = 1}', server=server)
                async with gateway(text) as it:
                    it.gateway._outputs.access_log = AccessLog(lines, "text")
                    statuses = [
                        (await ask(it.port, "/", f"X-Forwarded-For: 192.0.2.{last}")).status
                        for last in (1, 1, 2)
                    ]
                    assert statuses == [200, 429, 200]

        play(main())
        clients = [line.split()[1] for line in lines.getvalue().splitlines()]
        assert clients == [b"192.0.2.1", b"192.0.2.1", b"192.0.2.2"]


class TestSomebodyElse:
    @pytest.mark.parametrize("mode", ["replace", "append"])
    def test_is_the_client_whatever_it_says(self, mode: str) -> None:
        server = f'{STRANGERS}\nforwarded = "{mode}"'
        lines = ("X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "Forwarded: for=_x")
        found = arrival(server, *lines)
        assert found.all_of("x-forwarded-for") == ["127.0.0.1"]
        assert found.all_of("x-forwarded-proto") == ["http"]
        assert found.all_of("forwarded") == []

    def test_does_not_escape_its_limit_by_what_it_says(self) -> None:
        async def main() -> None:
            async with upstream(answers) as up:
                server = f'{STRANGERS}\nforwarded = "append"'
                text = settings(up.url, 'rate = {limit = "1/h", burst = 1}', server=server)
                async with gateway(text) as it:
                    statuses = [
                        (await ask(it.port, "/", f"X-Forwarded-For: 192.0.2.{last}")).status
                        for last in (1, 2)
                    ]
                    assert statuses == [200, 429]

        play(main())
