"""The scripted upstream does what it is told, and tells what it saw."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from tests.fakes.upstream import Upstream
from tests.fakes.upstream_script import Act, Behaviour, answer, chunks

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
PUT = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"


@contextlib.contextmanager
def client(upstream: Upstream) -> Iterator[socket.socket]:
    with socket.create_connection((upstream.host, upstream.port), timeout=5.0) as connected:
        yield connected


def reads(connected: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (piece := connected.recv(size - len(data))):
        data += piece
    return data


class TestScript:
    def test_is_followed_request_by_request(self) -> None:
        with Upstream([[answer(503)], [b"raw"]], after=[b"after"]) as upstream:
            with client(upstream) as one, client(upstream) as other:
                said = b""
                for connected, size in ((one, len(answer(503))), (other, 3), (one, 5)):
                    connected.sendall(GET)
                    said += reads(connected, size)
            assert said == answer(503) + b"raw" + b"after"

    def test_may_wait(self) -> None:
        with Upstream([[0.1, b"x"]]) as upstream, client(upstream) as connected:
            began = time.monotonic()
            connected.sendall(GET)
            assert reads(connected, 1) == b"x"
            assert time.monotonic() - began >= 0.08

    @pytest.mark.parametrize("act", [Act.CLOSE, Act.END])
    def test_may_end_cleanly(self, act: Act) -> None:
        with Upstream([[b"x", act]]) as upstream, client(upstream) as connected:
            connected.sendall(GET)
            assert reads(connected, 10) == b"x"

    def test_may_reset(self) -> None:
        with Upstream([[Act.RESET]]) as upstream, client(upstream) as connected:
            connected.sendall(GET)
            with pytest.raises(ConnectionResetError):
                reads(connected, 1)

    def test_begins_when_the_request_is_whole(self) -> None:
        with Upstream([[b"x"]]) as upstream, client(upstream) as connected:
            connected.sendall(PUT + b"1234")
            connected.settimeout(0.1)
            with pytest.raises(TimeoutError):
                reads(connected, 1)
            connected.sendall(b"5")
            assert reads(connected, 1) == b"x"

    def test_may_begin_earlier(self) -> None:
        with Upstream([[Act.EARLY, b"x"]]) as upstream, client(upstream) as connected:
            connected.sendall(PUT)
            assert reads(connected, 1) == b"x"

    def test_may_have_it_speak_first(self) -> None:
        with Upstream(greeting=b"220") as upstream, client(upstream) as connected:
            assert reads(connected, 3) == b"220"

    def test_may_have_it_stop_reading(self) -> None:
        behaviour: Behaviour = [Act.EARLY, Act.STOP_READING, b"x", 0.2, Act.READ_ON]
        with Upstream([behaviour]) as upstream, client(upstream) as connected:
            connected.sendall(PUT)
            reads(connected, 1)
            connected.sendall(b"12345")
            time.sleep(0.05)
            assert upstream.requests[0].body == b""
            upstream.wait_until(lambda it: it.requests[0].body == b"12345")


class TestRecord:
    def test_has_requests_and_connections_byte_for_byte(self) -> None:
        with Upstream() as upstream:
            with client(upstream) as connected:
                for request in (GET, PUT + b"12345"):
                    connected.sendall(request)
                    reads(connected, len(answer()))
            assert [one.head + b"\r\n\r\n" for one in upstream.requests] == [GET, PUT]
            assert upstream.requests[1].body == b"12345"
            assert upstream.connections[0].received == GET + PUT + b"12345"

    def test_has_chunked_bodies_with_their_coding(self) -> None:
        head = PUT.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked")
        with Upstream() as upstream, client(upstream) as connected:
            connected.sendall(head + chunks(b"hello"))
            reads(connected, len(answer()))
            assert upstream.requests[0].body == b"5\r\nhello\r\n0\r\n\r\n"

    @pytest.mark.parametrize(("linger", "how"), [(False, "closed"), (True, "reset")])
    def test_says_how_a_connection_ended(self, linger: bool, how: str) -> None:
        with Upstream([[Act.HANG]]) as upstream:
            with client(upstream) as connected:
                connected.sendall(GET)
                upstream.wait_until(lambda it: it.requests)
                assert upstream.connections[0].ended is None
                if linger:
                    no_linger = b"\1\0\0\0\0\0\0\0"
                    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
            upstream.wait_until(lambda it: it.connections[0].ended == how)
