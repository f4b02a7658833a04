"""How connections end: half-closed, gone, refused in the middle of a body."""

import socket
import time

import pytest

from hedgerow.wire.limits import Limits
from tests.end_to_end.live import NewLoop, everything_from, on_both_loops, request, serving
from tests.fakes.live_server import LiveServer
from tests.fakes.paths import Paths


@on_both_loops
class TestHalfClosedClient:
    def test_still_gets_its_answer(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, server.connects() as client:
            client.sendall(request("GET /"))
            client.shutdown(socket.SHUT_WR)
            assert everything_from(client).endswith(b"hello")

    def test_gets_all_of_a_long_answer(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, server.connects() as client:
            client.sendall(request("GET /5000000"))
            client.shutdown(socket.SHUT_WR)
            time.sleep(0.1)
            assert len(everything_from(client)) > 5_000_000

    def test_gets_the_answers_to_all_it_sent_ahead(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, server.connects() as client:
            client.sendall(request("GET /5000000") + request("GET /77") + request("GET /"))
            client.shutdown(socket.SHUT_WR)
            time.sleep(0.1)
            received = everything_from(client)
        assert received.count(b"HTTP/1.1 200 OK") == 3
        assert received.endswith(b"hello")

    def test_that_waits_is_not_taken_for_one_that_left(self, new_loop: NewLoop) -> None:
        paths = Paths()
        with LiveServer(new_loop(), paths.handle) as server, server.connects() as client:
            client.sendall(request("GET /never"))
            client.shutdown(socket.SHUT_WR)
            assert not paths.left.wait(1.0)
            assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"


@on_both_loops
class TestClientThatLeft:
    @pytest.mark.parametrize("address", ["127.0.0.1:0", "unix"])
    def test_is_noticed_within_a_second(
        self, new_loop: NewLoop, address: str, tmp_path: object
    ) -> None:
        paths = Paths()
        where = f"unix:{tmp_path}/hedgerow.sock" if address == "unix" else address
        with LiveServer(new_loop(), paths.handle, address=where) as server:
            with server.connects() as client:
                client.sendall(request("GET /never"))
                assert paths.asked.wait(5.0)
            assert paths.left.wait(1.0)

    def test_with_a_reset_is_noticed_too(self, new_loop: NewLoop) -> None:
        paths = Paths()
        with LiveServer(new_loop(), paths.handle) as server:
            with server.connects() as client:
                client.sendall(request("GET /never"))
                assert paths.asked.wait(5.0)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            assert paths.left.wait(1.0)


@on_both_loops
class TestRefusal:
    def test_can_be_read_by_a_client_that_sends_all_before_it_reads(
        self, new_loop: NewLoop
    ) -> None:
        with serving(new_loop, Limits(max_body=1000)) as server, server.connects() as client:
            body = b"x" * 10_000_000
            client.sendall(request("POST /echo", f"Content-Length: {len(body)}", body=body))
            assert everything_from(client).startswith(b"HTTP/1.1 413 ")

    def test_of_an_unread_body_can_be_read_too(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, server.connects() as client:
            body = b"x" * 10_000_000
            client.sendall(request("POST /refuse", f"Content-Length: {len(body)}", body=body))
            assert everything_from(client).startswith(b"HTTP/1.1 403 ")

    def test_of_a_chunked_body_can_be_read_too(self, new_loop: NewLoop) -> None:
        with serving(new_loop, Limits(max_body=1000)) as server, server.connects() as client:
            client.sendall(request("POST /collect", "Transfer-Encoding: chunked"))
            for _ in range(100):
                client.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            assert everything_from(client).startswith(b"HTTP/1.1 413 ")

    def test_of_what_is_no_http_can_be_read_too(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, server.connects() as client:
            client.sendall(b"\x16\x03\x01" + b"x" * 1_000_000)
            assert everything_from(client).startswith(b"HTTP/1.1 400 ")

    def test_does_not_read_on_forever(self, new_loop: NewLoop) -> None:
        limits = Limits(max_body=1000, max_discarded=500_000, linger_timeout=0.3)
        with serving(new_loop, limits) as server, server.connects() as client:
            client.sendall(request("POST /echo", "Content-Length: 1000000000"))
            began = time.monotonic()
            with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
                while time.monotonic() - began < 5.0:
                    client.sendall(b"x" * 100_000)


@on_both_loops
class TestBrokenAnswer:
    def test_is_a_reset_for_the_client(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, server.connects() as client:
            client.sendall(request("GET /abort"))
            with pytest.raises(ConnectionResetError):
                everything_from(client)
