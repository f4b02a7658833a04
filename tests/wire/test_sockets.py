import asyncio
import socket
import struct

from hedgerow.wire.sockets import data_age, has_tcp_info, reset, was_reset
from tests.fakes.transport import FakeTransport


class SocketThatTells:
    """Answers questions about a TCP connection from a record of 104 bytes."""

    def __init__(self, info: bytes = b"") -> None:
        self.info = info.ljust(104, b"\0")
        self.options: list[object] = []

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        return self.info[:size]

    def setsockopt(self, level: int, option: int, value: bytes) -> None:
        self.options.append((level, option, value))


class SocketThatRefuses:
    """A unix socket, or one that is closed already."""

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        raise OSError("not supported")

    def setsockopt(self, level: int, option: int, value: bytes) -> None:
        raise OSError("bad file descriptor")


def over(sock: object) -> asyncio.Transport:
    return FakeTransport(socket=sock)


class TestReset:
    def test_lingers_for_zero_seconds_and_aborts(self) -> None:
        sock = SocketThatTells()
        transport = FakeTransport(socket=sock)
        reset(transport)
        assert transport.aborted
        assert sock.options == [(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))]

    def test_aborts_also_what_has_no_socket_any_more(self) -> None:
        for transport in (FakeTransport(), FakeTransport(socket=SocketThatRefuses())):
            reset(transport)
            assert transport.aborted


class TestTcpInfo:
    def test_tells_a_connection_that_was_reset(self) -> None:
        assert was_reset(over(SocketThatTells(b"\x07")))
        assert not was_reset(over(SocketThatTells(b"\x01")))

    def test_tells_how_long_the_last_bytes_have_been_here(self) -> None:
        assert data_age(over(SocketThatTells(b"\0" * 52 + struct.pack("I", 1500)))) == 1.5

    def test_is_not_there_for_every_socket(self) -> None:
        for transport in (FakeTransport(), over(SocketThatRefuses())):
            assert not was_reset(transport)
            assert data_age(transport) == 0.0

    def test_may_be_shorter_than_we_ask_for(self) -> None:
        sock = SocketThatTells()
        sock.info = b"\x01"
        assert data_age(over(sock)) == 0.0

    def test_is_known_where_the_socket_module_knows_it(self) -> None:
        assert has_tcp_info() == hasattr(socket, "TCP_INFO")
