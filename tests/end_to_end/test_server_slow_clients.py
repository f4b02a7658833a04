"""Clients that take their time, and how long they are waited for."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.end_to_end.live import (
    SHORT,
    NewLoop,
    everything_from,
    on_both_loops,
    request,
    serving,
)
from tests.fakes.live_server import LiveServer


def trickle(client: socket.socket, data: bytes, pause: float) -> Iterator[None]:
    """Send byte by byte until the server has had enough."""
    for byte in data:
        try:
            client.sendall(bytes([byte]))
        except OSError:
            return
        time.sleep(pause)
        yield


def nobody_is_left(server: LiveServer) -> bool:
    """Say whether all connections end within five seconds."""
    deadline = time.monotonic() + 5.0
    while server.listener.connections and time.monotonic() < deadline:
        time.sleep(0.05)
    return not server.listener.connections


@on_both_loops
class TestSlowHead:
    def test_is_refused_after_its_time_however_it_trickles(self, new_loop: NewLoop) -> None:
        with serving(new_loop, SHORT) as server, server.connects() as client:
            began = time.monotonic()
            for _ in trickle(client, request("GET /") * 10, 0.05):
                if time.monotonic() - began > 0.8:
                    break
            assert everything_from(client).startswith(b"HTTP/1.1 408 ")
            assert time.monotonic() - began >= SHORT.head_timeout - 0.02

    def test_of_nothing_is_closed_without_a_word(self, new_loop: NewLoop) -> None:
        with serving(new_loop, SHORT) as server, server.connects() as client:
            assert everything_from(client) == b""

    def test_of_empty_lines_only_is_closed_without_a_word(self, new_loop: NewLoop) -> None:
        with serving(new_loop, SHORT) as server, server.connects() as client:
            for _ in trickle(client, b"\r\n" * 8, 0.05):
                pass
            assert everything_from(client) == b""


@on_both_loops
class TestSlowBody:
    def test_is_refused_below_the_least_rate(self, new_loop: NewLoop) -> None:
        with serving(new_loop, SHORT) as server, server.connects() as client:
            client.sendall(request("POST /collect", "Content-Length: 1000"))
            for _ in trickle(client, b"x" * 16, 0.05):
                pass
            assert everything_from(client).startswith(b"HTTP/1.1 408 ")

    def test_is_refused_when_it_stops_after_a_fast_start(self, new_loop: NewLoop) -> None:
        with serving(new_loop, SHORT) as server, server.connects() as client:
            client.sendall(request("POST /collect", "Content-Length: 900000", body=b"x" * 800_000))
            assert everything_from(client).startswith(b"HTTP/1.1 408 ")

    def test_above_the_least_rate_is_waited_for(self, new_loop: NewLoop) -> None:
        with serving(new_loop, SHORT) as server, server.connects() as client:
            head = request("POST /collect", "Content-Length: 10000", "Connection: close")
            client.sendall(head)
            for _ in range(20):
                client.sendall(b"x" * 500)
                time.sleep(0.05)
            assert everything_from(client).endswith(b"10000")


@on_both_loops
class TestIdleClient:
    def test_is_let_go_after_its_time(self, new_loop: NewLoop) -> None:
        with serving(new_loop, SHORT) as server, server.connects() as client:
            client.sendall(request("GET /"))
            began = time.monotonic()
            assert everything_from(client).endswith(b"hello")
            assert 0.25 <= time.monotonic() - began < 10.0


@on_both_loops
class TestClientThatDoesNotRead:
    def test_is_given_up(self, new_loop: NewLoop) -> None:
        with serving(new_loop, SHORT) as server, server.connects() as client:
            client.sendall(request("GET /50000000"))
            assert client.recv(1) == b"H"
            assert nobody_is_left(server)
            with pytest.raises(ConnectionResetError):
                everything_from(client)

    def test_is_given_up_also_after_the_last_answer(self, new_loop: NewLoop) -> None:
        with serving(new_loop, SHORT) as server, server.connects() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(request("GET /50000000", "Connection: close"))
            assert client.recv(1) == b"H"
            assert nobody_is_left(server)

    def test_is_not_given_up_while_it_reads_slowly(self, new_loop: NewLoop) -> None:
        with serving(new_loop, SHORT) as server, server.connects() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            client.sendall(request("GET /20000000", "Connection: close"))
            received = 0
            while piece := client.recv(1 << 20):
                received += len(piece)
                time.sleep(0.002)
        assert received > 20_000_000
