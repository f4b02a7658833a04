from pathlib import Path

import pytest

from hedgerow.wire.certificates import Certificates
from hedgerow.wire.entrance import Entrance
from hedgerow.wire.proxy_protocol import ProxyProtocolLine
from hedgerow.wire.request import Request
from hedgerow.wire.server import ServerConnection
from hedgerow.wire.tls import TlsLine
from tests.fakes.authority import Authority
from tests.fakes.site import Site, get
from tests.fakes.transport import FakeTransport


def nobody(_: Request) -> None:
    raise AssertionError("nothing was asked")


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates([Authority(tmp_path).issue("a.example")])


class TestFirst:
    """What comes first on a new connection."""

    def test_is_http_where_nothing_else_is_asked_for(self) -> None:
        assert isinstance(Entrance(Site(nobody).listener)(), ServerConnection)

    def test_is_tls_where_there_are_certificates(self, certificates: Certificates) -> None:
        entrance = Entrance(Site(nobody).listener, certificates=certificates)
        assert isinstance(entrance(), TlsLine)

    @pytest.mark.parametrize("with_tls", [True, False])
    def test_is_the_header_of_a_proxy_even_before_tls(
        self, certificates: Certificates, with_tls: bool
    ) -> None:
        entrance = Entrance(
            Site(nobody).listener,
            certificates=certificates if with_tls else None,
            proxy_protocol=True,
        )
        line, transport = entrance(), FakeTransport()
        assert isinstance(line, ProxyProtocolLine)
        line.connection_made(transport)
        line.data_received(b"PROXY UNKNOWN\r\n")
        assert isinstance(transport.handed_to, TlsLine if with_tls else ServerConnection)


class TestRequest:
    """What a request knows from the door it came through."""

    def asked(self, entrance: Entrance, before: bytes = b"") -> FakeTransport:
        transport = FakeTransport()
        line = entrance()
        assert isinstance(line, (ServerConnection, ProxyProtocolLine))
        line.connection_made(transport)
        line.data_received(before + get())
        return transport

    def test_has_the_fields_of_its_answer(self) -> None:
        site = Site(lambda request: request.respond(200, b"", b"ok"))
        transport = self.asked(Entrance(site.listener, own_fields=b"X-Own: 1\r\n"))
        assert b"\r\nX-Own: 1\r\n" in transport.unsent

    def test_has_the_address_that_was_told(self) -> None:
        peers: list[tuple[str, str]] = []
        site = Site(lambda request: peers.append((request.peer, request.hop)))
        entrance = Entrance(site.listener, proxy_protocol=True)
        self.asked(entrance, b"PROXY TCP4 192.0.2.77 192.0.2.1 1 2\r\n")
        assert peers == [("192.0.2.77", "192.0.2.77")]

    @pytest.mark.parametrize("is_trusted", [True, False])
    def test_is_of_somebody_trusted_or_not(self, is_trusted: bool) -> None:
        found: list[bool] = []
        site = Site(lambda request: found.append(request.is_trusted))
        site.listener.trusts = lambda peer: is_trusted and peer == "192.0.2.7"
        self.asked(Entrance(site.listener))
        assert found == [is_trusted]

    def test_that_is_over_is_of_nobody_trusted(self) -> None:
        found: list[Request] = []
        site = Site(found.append)
        self.asked(Entrance(site.listener))
        (request,) = found
        request.peer = "203.0.113.1"
        assert (request.is_trusted, request.hop) == (True, "192.0.2.7")
        request.respond(200, b"", b"")
        assert (request.is_trusted, request.hop) == (False, "203.0.113.1")
        assert request.client_fields == b""
