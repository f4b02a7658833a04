"""TLS as the settings of a gateway say: certificates, clients' own, redirects, HSTS, reloading."""

import asyncio
import os
import ssl
from pathlib import Path
from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.serve.entrances import check_certificates
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.wire.certificates import PairFiles
from tests.fakes.authority import YESTERDAY, Authority
from tests.fakes.gateway_client import connected
from tests.fakes.gateway_running import Running, eventually, gateway, play, settings
from tests.fakes.gateway_upstream import answers, upstream

NAME = "a.example"
SECURE = "127.0.0.1:0"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def table(pair: PairFiles, more: str = "") -> str:
    return f'{{cert = "{pair.cert}", key = "{pair.key}"{more}}}'


def listen(tls: str, more: str = "") -> str:
    return f'listen = {{address = "127.0.0.1:8443", tls = {tls}{more}}}'


def serial(writer: asyncio.StreamWriter) -> str:
    shown: dict[str, Any] = writer.get_extra_info("peercert")
    return str(shown["serialNumber"])


async def shown(running: Running, context: ssl.SSLContext) -> str:
    """The serial number of the certificate that a new client is shown."""
    async with connected(running.port, tls=context, name=NAME) as client:
        client.ask("/")
        assert (await client.answer()).status == 200
        return serial(client.writer)


class TestAddress:
    def test_with_certificates_serves_https(self, authority: Authority) -> None:
        server = listen(table(authority.issue(NAME)))

        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=server)) as it:
                async with connected(it.port, tls=authority.client(), name=NAME) as client:
                    for _ in range(3):
                        client.ask("/")
                        assert (await client.answer()).status == 200
                assert {a.field("x-forwarded-proto") for a in up.arrivals} == {"https"}
                assert {a.field("x-forwarded-for") for a in up.arrivals} == {"127.0.0.1"}

        play(main())

    def test_sends_hsts_only_over_tls(self, authority: Authority) -> None:
        pair = authority.issue(NAME)
        server = (
            f'listen = [{{address = "127.0.0.1:8443", tls = {table(pair)}, hsts = "365d"}},'
            ' "127.0.0.1:8080"]'
        )

        async def main() -> None:
            async with upstream(answers) as up:
                text = settings(up.url, server=server)
                async with gateway(text, address=[SECURE, SECURE]) as running:
                    context = authority.client()
                    async with connected(running.port, tls=context, name=NAME) as client:
                        client.ask("/")
                        said = (await client.answer()).field("strict-transport-security")
                        assert said == "max-age=31536000"
                    async with connected(running.ports[1]) as client:
                        client.ask("/")
                        assert (await client.answer()).field("strict-transport-security") is None

        play(main())


class TestTunnel:
    def test_is_made_through_tls(self, authority: Authority) -> None:
        server = listen(table(authority.issue(NAME)))

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            while data := await reader.read(1 << 16):
                writer.write(data)
            writer.write(b"goodbye")
            writer.close()

        async def main() -> None:
            behind = await asyncio.start_server(echo, "127.0.0.1", 0)
            url = f"http://127.0.0.1:{behind.sockets[0].getsockname()[1]}"
            async with (
                gateway(settings(url, 'upgrade = ["echo"]', server=server)) as it,
                connected(it.port, tls=authority.client(), name=NAME) as client,
            ):
                client.ask("/", "Connection: upgrade", "Upgrade: echo")
                assert b" 101 " in await client.reader.readuntil(b"\r\n\r\n")
                data = os.urandom(500_000)
                client.writer.write(data)
                assert await client.reader.readexactly(len(data)) == data
            behind.close()

        play(main())


class TestRedirect:
    SERVER = (
        'listen = [{{address = "127.0.0.1:8080", redirect = "https"}},'
        ' {{address = "127.0.0.1:8443", tls = {tls}}}]'
    )

    async def answer(self, port: int, target: str, host: str, method: str = "GET") -> Any:
        async with connected(port) as client:
            lines = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"
            client.writer.write(lines.encode())
            return await client.answer()

    @pytest.mark.parametrize(
        ("target", "host", "location"),
        [
            ("/a/b?c=d", "a.example", "https://a.example/a/b?c=d"),
            ("/", "a.example:8080", "https://a.example:8443/"),
            ("/", "[::1]:8080", "https://[::1]:8443/"),
            ("/", "[::1]", "https://[::1]/"),
            ("//evil.example/", "a.example", "https://a.example//evil.example/"),
        ],
    )
    def test_leads_to_the_same_place(
        self, authority: Authority, target: str, host: str, location: str
    ) -> None:
        server = self.SERVER.format(tls=table(authority.issue(NAME)))

        async def main() -> None:
            async with upstream(answers) as up:
                text = settings(up.url, server=server)
                async with gateway(text, address=[SECURE, SECURE]) as running:
                    answer = await self.answer(running.port, target, host)
                    assert (answer.status, answer.field("location")) == (308, location)
                    assert up.arrivals == []

        play(main())

    def test_leaves_the_challenges_of_authorities_alone(self, authority: Authority) -> None:
        server = self.SERVER.format(tls=table(authority.issue(NAME)))

        async def main() -> None:
            async with upstream(answers) as up:
                text = settings(up.url, server=server)
                async with gateway(text, address=[SECURE, SECURE]) as running:
                    target = "/.well-known/acme-challenge/abc"
                    assert (await self.answer(running.port, target, NAME)).status == 200
                    assert [a.target for a in up.arrivals] == [target]

        play(main())

    def test_is_not_of_what_came_in_tls_to_a_trusted_proxy(self, authority: Authority) -> None:
        server = self.SERVER.format(tls=table(authority.issue(NAME)))
        server += '\ntrusted = ["127.0.0.1"]'

        async def main() -> None:
            async with upstream(answers) as up:
                text = settings(up.url, server=server)
                async with gateway(text, address=[SECURE, SECURE]) as running:
                    for scheme, status in (("https", 200), ("http", 308)):
                        async with connected(running.port) as client:
                            client.ask("/", f"X-Forwarded-Proto: {scheme}")
                            assert (await client.answer()).status == status

        play(main())

    def test_drains_with_the_rest(self, authority: Authority) -> None:
        server = self.SERVER.format(tls=table(authority.issue(NAME)))

        async def main() -> None:
            async with upstream(answers) as up:
                text = settings(up.url, server=server)
                async with (
                    gateway(text, address=[SECURE, SECURE]) as running,
                    connected(running.port) as client,
                ):
                    client.ask("/")
                    await client.answer()
                    assert running.gateway.clients == 1
                    await running.gateway.drain(5.0)
                    assert await client.closed()

        play(main())


class TestSubjectOfAClient:
    def server(self, authority: Authority, how: str = "require") -> str:
        more = f', client_ca = "{authority.file}", client_cert = "{how}"'
        more += ', client_subject = "X-Client-Subject"'
        return listen(table(authority.issue(NAME), more))

    def test_is_told_to_the_upstream(self, authority: Authority) -> None:
        own = authority.issue(
            "me@example.org", common_name='J\u00f6rg, "x"', organization_name="Acme", file="me"
        )
        server = self.server(authority)

        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=server)) as it:
                async with connected(it.port, tls=authority.client(own), name=NAME) as client:
                    client.ask("/", "X-Client-Subject: CN=root", "x-client-subject: CN=admin")
                    assert (await client.answer()).status == 200
                (told,) = up.arrivals[0].all_of("x-client-subject")
                assert told.startswith('CN=J\\C3\\B6rg\\, \\"x\\",')
                assert "O=Acme" in told

        play(main())

    def test_is_not_what_a_client_without_one_says(self, authority: Authority) -> None:
        server = self.server(authority, "optional")

        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=server)) as it:
                async with connected(it.port, tls=authority.client(), name=NAME) as client:
                    client.ask("/", "X-Client-Subject: CN=root")
                    assert (await client.answer()).status == 200
                assert up.arrivals[0].all_of("x-client-subject") == []

        play(main())

    def test_is_not_what_a_client_of_another_address_says(self, authority: Authority) -> None:
        server = self.server(authority).replace("listen = {", "listen = [{") + ', ":1"]'

        async def main() -> None:
            async with upstream(answers) as up:
                text = settings(up.url, server=server)
                async with gateway(text, address=[SECURE, SECURE]) as running:
                    async with connected(running.ports[1]) as client:
                        client.ask("/", "X-Client-Subject: CN=root")
                        assert (await client.answer()).status == 200
                    assert up.arrivals[0].all_of("x-client-subject") == []

        play(main())


class TestNewFiles:
    def test_are_used_without_dropping_anybody(self, authority: Authority) -> None:
        server = listen(table(authority.issue(NAME)))

        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=server)) as it:
                context = authority.client()
                before = await shown(it, context)
                async with connected(it.port, tls=context, name=NAME) as client:
                    client.ask("/")
                    await client.answer()
                    authority.issue(NAME)
                    it.gateway.reload_certificates()
                    assert await shown(it, context) != before
                    client.ask("/")  # the old connection goes on
                    assert (await client.answer()).status == 200
                assert it.stories == ["hedgerow: the certificates have been read again"]

        play(main())

    def test_are_found_by_themselves_under_traffic(self, authority: Authority) -> None:
        server = listen(table(authority.issue(NAME)))

        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=server)) as it:
                context = authority.client()
                before = await shown(it, context)
                authority.issue(NAME)
                serials: set[str] = set()
                async with asyncio.timeout(8):
                    while len(serials - {before}) == 0:
                        serials |= set(
                            await asyncio.gather(*(shown(it, context) for _ in range(4)))
                        )
                assert it.gateway.clients <= 4

        play(main())

    def test_that_are_no_good_change_nothing_and_are_told_once(self, authority: Authority) -> None:
        pair = authority.issue(NAME)
        server, file = listen(table(pair)), Path(str(pair.key))
        key, spoil, mend = file.read_bytes(), file.write_text, file.write_bytes

        async def main() -> None:
            async with upstream(answers) as up, gateway(settings(up.url, server=server)) as it:
                context = authority.client()
                before = await shown(it, context)
                spoil("rubbish")
                await eventually(lambda: bool(it.stories), seconds=8)
                assert await shown(it, context) == before
                (said,) = it.stories
                assert "stay as they are: [server] listen tls.key" in said
                mend(key)
                await eventually(lambda: len(it.stories) > 1, seconds=8)
                assert it.stories[1:] == ["hedgerow: the certificates have been read again"]

        play(main())


class TestFile:
    """What is wrong with files is said at the start."""

    def refusal(self, tls: str, several: bool = False) -> str:
        text = f'listen = [":1", {{address = ":2", tls = {tls}}}]' if several else listen(tls)
        with pytest.raises(ConfigError) as caught:
            check_certificates(settings_from_text(settings("http://a", server=text)), print)
        return str(caught.value)

    def test_of_another_certificate_is_named(self, authority: Authority) -> None:
        one, other = authority.issue(NAME), authority.issue("b.example")
        said = self.refusal(f'{{cert = "{one.cert}", key = "{other.key}"}}')
        assert said.startswith(f"[server] listen tls.key = '{other.key}': must be the key of ")

    def test_of_one_of_several_is_named(self, authority: Authority) -> None:
        one, other = authority.issue(NAME), authority.issue("b.example")
        pair = f'{{cert = "{one.cert}", key = "{other.key}"}}'
        said = self.refusal(f"[{table(one)}, {pair}]", several=True)
        assert said.startswith(f"[server] listen 2 tls 2 key = '{other.key}'")

    def test_that_is_no_pem_is_named(self, authority: Authority) -> None:
        pair = authority.issue(NAME)
        said = self.refusal(f'{{cert = "{__file__}", key = "{pair.key}"}}')
        assert said.startswith(f"[server] listen tls.cert = '{__file__}': must be a certificate")

    def test_that_is_no_authority_is_named(self, authority: Authority) -> None:
        more = f', client_ca = "{__file__}"'
        said = self.refusal(table(authority.issue(NAME), more))
        assert said.startswith(f"[server] listen tls.client_ca = '{__file__}'")

    def test_that_nobody_may_read_is_named(self, authority: Authority) -> None:
        if os.geteuid() == 0:
            pytest.skip("root reads everything")
        pair = authority.issue(NAME)
        Path(str(pair.key)).chmod(0)
        assert "Permission denied" in self.refusal(table(pair))

    def test_that_has_expired_is_only_told(
        self, authority: Authority, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pair = authority.issue(NAME, not_after=YESTERDAY)
        text = settings("http://a", server=listen(table(pair)))
        check_certificates(settings_from_text(text), print)
        assert "has expired" in capsys.readouterr().out
