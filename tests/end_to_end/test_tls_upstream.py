"""Replicas behind TLS, as the settings of a gateway say; who is refused is told from the story."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.serve.settings.reader import settings_from_text
from tests.fakes.authority import YESTERDAY, Authority
from tests.fakes.gateway_client import Answer, ask
from tests.fakes.gateway_running import gateway, play, settings
from tests.fakes.upstream import Upstream

NAME = "localhost"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def behind(authority: Authority, *names: str, asks: str = "", **how: Any) -> ssl.SSLContext:
    """What an upstream uses; ``asks``: the authorities of which it wants a certificate."""
    pair = authority.issue(*(names or (NAME,)), file="upstream", **how)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    if asks:
        context.load_verify_locations(asks)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def answer(context: ssl.SSLContext, pool: str) -> tuple[Answer, str, list[object]]:
    """Ask once; return the answer, the story and what the upstream has seen."""

    async def main(port: int) -> tuple[Answer, str]:
        text = settings(f"https://{NAME}:{port}", server="trace = true", pool=pool)
        async with gateway(text) as running:
            found, stories = await ask(running.port), running.stories
        await asyncio.sleep(0.05)  # TLS says goodbye both ways before a connection is gone
        return found, "\n".join(stories)

    with Upstream(tls=context) as upstream:
        found, story = play(main(upstream.port))
        return found, story, list(upstream.requests)


class TestReplica:
    def test_with_a_certificate_of_our_own_authority_is_used(self, authority: Authority) -> None:
        found, _, seen = answer(behind(authority), f'ca_file = "{authority.file}"')
        assert (found.status, len(seen)) == (200, 1)

    def test_is_asked_by_its_name(self, authority: Authority) -> None:
        names: list[str | None] = []
        context = behind(authority)
        context.sni_callback = lambda _, name, __: names.append(name)
        answer(context, f'ca_file = "{authority.file}"')
        assert names == [NAME]

    @pytest.mark.parametrize(
        ("names", "how", "said"),
        [
            (["other.example"], {}, "Hostname mismatch"),
            ([NAME], {"not_after": YESTERDAY}, "certificate has expired"),
        ],
    )
    def test_with_another_one_is_a_502_that_is_explained(
        self, authority: Authority, names: list[str], how: dict[str, Any], said: str
    ) -> None:
        context = behind(authority, *names, **how)
        found, story, seen = answer(context, f'ca_file = "{authority.file}"')
        assert (found.status, seen) == (502, [])
        assert "its certificate is not accepted" in story
        assert said in story

    def test_of_a_stranger_is_a_502_that_is_explained(self, authority: Authority) -> None:
        found, story, seen = answer(behind(authority), "")
        assert (found.status, seen) == (502, [])
        assert "unable to get local issuer certificate" in story

    def test_of_a_stranger_may_be_used_all_the_same(self, authority: Authority) -> None:
        found, _, _ = answer(behind(authority), "verify = false")
        assert found.status == 200


class TestOwnCertificate:
    def test_is_shown_to_a_replica_that_asks(self, authority: Authority) -> None:
        own = authority.issue("gateway.example", file="own")
        context = behind(authority, asks=authority.file)
        pool = f'ca_file = "{authority.file}"\ncert = "{own.cert}"\nkey = "{own.key}"'
        assert answer(context, pool)[0].status == 200

    def test_is_missed_by_a_replica_that_asks(self, authority: Authority) -> None:
        context = behind(authority, asks=authority.file)
        assert answer(context, f'ca_file = "{authority.file}"')[0].status == 502

    def test_has_its_own_key(self, authority: Authority) -> None:
        own, other = authority.issue("a.example"), authority.issue("b.example")
        pool = f'cert = "{own.cert}"\nkey = "{other.key}"'

        async def main() -> None:
            async with gateway(settings("https://a.example", pool=pool)):
                raise AssertionError("it has started")

        with pytest.raises(ConfigError, match=r"\[upstream.work\] key = .*must be the key of"):
            play(main())

    def test_is_not_only_a_key(self, authority: Authority) -> None:
        own = authority.issue("a.example")
        with pytest.raises(ConfigError, match=r"key = .*given together with cert"):
            settings_from_text(settings("https://a.example", pool=f'key = "{own.key}"'))
