"""Which certificate is shown, who must show one, and what other programs think of it."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hedgerow.wire.certificates import Certificates, ClientCheck
from hedgerow.wire.entrance import Entrance
from tests.end_to_end.live import NewLoop, on_both_loops, request, serving
from tests.end_to_end.secure import NAME, asked, joined, secure, talking
from tests.fakes.authority import Authority
from tests.fakes.live_server import LiveServer


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@on_both_loops
class TestNames:
    @pytest.fixture
    def server(self, new_loop: NewLoop, authority: Authority) -> Iterator[LiveServer]:
        pairs = [
            authority.issue("first.example"),
            authority.issue("*.wild.example", "wild.example"),
            authority.issue("third.example", "www.third.example"),
        ]
        server = serving(new_loop)
        server.entrance = Entrance(server.listener, certificates=Certificates(pairs))
        with server:
            yield server

    def shown(self, server: LiveServer, authority: Authority, name: str) -> list[str]:
        context = authority.client()
        context.check_hostname = False
        with joined(server, context, name) as client:
            asked(client)
            found = client.getpeercert() or {}
        return [str(pair[1]) for pair in found["subjectAltName"]]

    @pytest.mark.parametrize(
        ("name", "first"),
        [
            ("first.example", "first.example"),
            ("www.third.example", "third.example"),
            ("THIRD.example", "third.example"),
            ("wild.example", "*.wild.example"),
            ("x.wild.example", "*.wild.example"),
            ("y.x.wild.example", "first.example"),
            ("unknown.example", "first.example"),
            ("127.0.0.1", "first.example"),
        ],
    )
    def test_choose_the_certificate(
        self, server: LiveServer, authority: Authority, name: str, first: str
    ) -> None:
        assert self.shown(server, authority, name)[0] == first

    def test_need_not_be_asked_for(self, server: LiveServer, authority: Authority) -> None:
        context = authority.client()
        context.check_hostname = False
        with context.wrap_socket(server.connects()) as client:
            assert asked(client)


@on_both_loops
class TestCertificateOfAClient:
    def test_that_is_required_and_shown_is_enough(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        own = authority.issue("me@example.org", common_name="me", file="me")
        check = ClientCheck(authority.file)
        with talking(new_loop, authority, clients=check, own=own) as client:
            assert asked(client)

    def test_that_is_required_and_missing_is_no_service(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        check = ClientCheck(authority.file)
        with (
            pytest.raises(ssl.SSLError, match="certificate"),
            talking(new_loop, authority, clients=check) as client,
        ):
            asked(client)

    def test_of_a_stranger_is_no_service(
        self, new_loop: NewLoop, authority: Authority, tmp_path: Path
    ) -> None:
        (tmp_path / "other").mkdir()
        own = Authority(tmp_path / "other").issue("me@example.org", file="me")
        check = ClientCheck(authority.file, required=False)
        with (
            pytest.raises(OSError, match=r"unknown ca|reset"),
            talking(new_loop, authority, clients=check, own=own) as client,
        ):
            asked(client)

    def test_may_be_left_out_where_it_is_optional(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        check = ClientCheck(authority.file, required=False)
        with talking(new_loop, authority, clients=check) as client:
            assert asked(client)


@on_both_loops
class TestOtherPrograms:
    def test_curl(self, new_loop: NewLoop, authority: Authority) -> None:
        with secure(new_loop, authority) as server:
            url = f"https://{NAME}:{server.port}/300000"
            where = f"{NAME}:{server.port}:127.0.0.1"
            words = ["curl", "-sS", "--cacert", authority.file, "--resolve", where, url, url]
            done = subprocess.run(words, capture_output=True, timeout=20, check=True)
        assert len(done.stdout) == 600_000

    def test_openssl(self, new_loop: NewLoop, authority: Authority) -> None:
        with secure(new_loop, authority) as server:
            words = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername",
                     NAME, "-CAfile", authority.file, "-verify_return_error", "-quiet"]  # fmt: skip
            asks = request("GET /", "Connection: close")
            done = subprocess.run(words, input=asks, capture_output=True, timeout=20, check=False)
        assert done.stdout.endswith(b"hello"), done.stderr
