import struct

import pytest

from hedgerow.wire.listener import Listener
from hedgerow.wire.proxy_protocol import BadHeader, ProxyHeader, ProxyProtocolLine, read_header
from hedgerow.wire.request import Request
from hedgerow.wire.server import ServerConnection
from tests.fakes.clock import FakeClock, stopped_clock
from tests.fakes.site import Site
from tests.fakes.transport import FakeTransport

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V4 = b"\xc0\x00\x02\x01" + b"\xc6\x33\x64\x02" + struct.pack("!HH", 50000, 443)
V6 = b"\x20\x01\x0d\xb8" + bytes(11) + b"\x07" + bytes(15) + b"\x01" + struct.pack("!HH", 1, 2)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped_clock(monkeypatch)


def binary(command: int = 0x21, family: int = 0x11, block: bytes = V4) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(block)) + block


class TestLine:
    @pytest.mark.parametrize(
        ("line", "client"),
        [
            (b"PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n", "192.0.2.1"),
            (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"),
            (b"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0"),
            (b"PROXY TCP6 2001:db8::7 ::1 50000 443\r\n", "2001:db8::7"),
            (b"PROXY TCP6 2001:DB8:0:0:0:0:0:7 ::1 50000 443\r\n", "2001:db8::7"),
            (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 50000 443\r\n", "192.0.2.1"),
            (b"PROXY UNKNOWN\r\n", None),
            (b"PROXY UNKNOWN ffff:f::1 ffff:f::2 65535 65535\r\n", None),
        ],
    )
    def test_tells_the_client(self, line: bytes, client: str | None) -> None:
        assert read_header(line + b"GET / HTTP/1.1") == ProxyHeader(client, len(line))

    @pytest.mark.parametrize(
        "line",
        [
            b"PROXY\r\n",
            b"PROXY \r\n",
            b"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
            b"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
            b"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
            b"PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
            b"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
            b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
            b"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
            b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
            b"PROXY UNKNOWNX\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n" + b"x" * 100,
            b"PROXY UNKNOWN " + b"x" * 100 + b"\r\n",
            b"GET / HTTP/1.1\r\n",
            b"\x16\x03\x01",
            b"\r\n\r\nGET",
        ],
    )
    def test_is_refused(self, line: bytes) -> None:
        with pytest.raises(BadHeader):
            read_header(line)

    def test_may_be_as_long_as_the_longest(self) -> None:
        line = b"PROXY UNKNOWN " + b"x" * (107 - 16) + b"\r\n"
        assert read_header(line) == ProxyHeader(None, 107)


class TestBinary:
    @pytest.mark.parametrize(
        ("header", "client"),
        [
            (binary(), "192.0.2.1"),
            (binary(family=0x12), "192.0.2.1"),
            (binary(family=0x21, block=V6), "2001:db8::7"),
            (binary(family=0x31, block=bytes(216)), None),
            (binary(family=0x00, block=b""), None),
            (binary(command=0x20, family=0x00, block=b""), None),
            (binary(command=0x20), None),
            (binary(block=V4 + b"\x04\x00\x02ab\x01\x00\x00"), "192.0.2.1"),
        ],
    )
    def test_tells_the_client(self, header: bytes, client: str | None) -> None:
        assert read_header(header + b"rest") == ProxyHeader(client, len(header))

    @pytest.mark.parametrize(
        "header",
        [
            binary(command=0x11),
            binary(command=0x22),
            binary(family=0x13),
            binary(family=0x41),
            binary(block=V4[:-1]),
            binary(family=0x21, block=V4),
            binary(block=V4 + b"\x04\x00"),
            binary(block=V4 + b"\x04\x00\x03ab"),
            SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 5000),
        ],
    )
    def test_is_refused(self, header: bytes) -> None:
        with pytest.raises(BadHeader):
            read_header(header)


class TestPieces:
    @pytest.mark.parametrize(
        "header", [b"PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n", binary(block=V4 + b"\4\0\0")]
    )
    def test_are_waited_for_wherever_it_is_cut(self, header: bytes) -> None:
        for end in range(len(header)):
            assert read_header(header[:end]) is None
        assert read_header(header) == ProxyHeader("192.0.2.1", len(header))


class TestConnection:
    def line(self, site: Site) -> tuple[ProxyProtocolLine, FakeTransport, list[str | None]]:
        told: list[str | None] = []
        listener: Listener = site.listener

        def admit(client: str | None) -> ServerConnection:
            told.append(client)
            connection = ServerConnection(listener)
            connection.told_peer = client
            return connection

        transport = FakeTransport()
        line = ProxyProtocolLine(listener, admit)
        line.connection_made(transport)
        return line, transport, told

    def test_is_handed_over_with_what_follows_the_header(self) -> None:
        peers: list[str] = []

        def handle(request: Request) -> None:
            peers.append(request.peer)
            request.respond(200, b"", b"ok")

        site = Site(handle)
        line, transport, told = self.line(site)
        line.data_received(binary() + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (told, peers) == (["192.0.2.1"], ["192.0.2.1"])
        assert bytes(transport.unsent).startswith(b"HTTP/1.1 200 ")
        assert line not in site.listener.connections

    def test_is_closed_without_an_answer_where_the_header_is_bad(self) -> None:
        site = Site(lambda _: None)
        line, transport, told = self.line(site)
        line.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (told, bytes(transport.unsent), transport.closing) == ([], b"", True)

    def test_is_broken_where_the_header_does_not_come(self, clock: FakeClock) -> None:
        site = Site(lambda _: None)
        line, transport, _ = self.line(site)
        assert line.due_at == clock.now + site.listener.limits.head_timeout
        line.timed_out(line.due_at)
        assert transport.aborted

    def test_is_counted_once(self) -> None:
        site = Site(lambda _: None)
        counts = [0, 0]

        def came() -> None:
            counts[0] += 1

        def left() -> None:
            counts[1] += 1

        site.listener.connection_made, site.listener.connection_lost = came, left
        line, _, _ = self.line(site)
        assert counts == [1, 0]
        line.data_received(b"PROXY UNKNOWN\r\n")
        assert counts[0] - counts[1] == 1
        (connection,) = site.listener.connections
        assert isinstance(connection, ServerConnection)
        connection.connection_lost(None)
        assert counts[0] == counts[1]
