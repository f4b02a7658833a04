"""Bodies that are larger than anybody would want to keep."""

import gc
import resource
import socket
import threading
from pathlib import Path

import pytest

from hedgerow.wire.server import ServerConnection
from tests.end_to_end.live import NewLoop, everything_from, on_both_loops, request, serving

MEBIBYTE = 1 << 20
SIZE = 128 * MEBIBYTE


def resident() -> int:
    """Return this process's memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def sends(client: socket.socket, size: int) -> threading.Thread:
    """Send so many bytes from another thread."""

    def send() -> None:
        piece = b"x" * MEBIBYTE
        for _ in range(size // MEBIBYTE):
            client.sendall(piece)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def count(client: socket.socket) -> int:
    received = 0
    while piece := client.recv(MEBIBYTE):
        received += len(piece)
    return received


@on_both_loops
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads its memory in /proc")
class TestLargeBody:
    @pytest.mark.parametrize("path", ["/echo", f"/{SIZE}"])
    def test_goes_out_in_little_memory(self, new_loop: NewLoop, path: str) -> None:
        with serving(new_loop) as server, server.connects() as client:
            before = resident()
            size = SIZE if path == "/echo" else 0
            client.sendall(request(f"POST {path}", f"Content-Length: {size}", "Connection: close"))
            sending = sends(client, size)
            received = count(client)
            sending.join()
            assert resident() - before < 24 * MEBIBYTE
        assert SIZE < received < SIZE + 1000

    def test_comes_in_in_little_memory(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, server.connects() as client:
            before = resident()
            head = request("POST /collect", f"Content-Length: {SIZE}", "Connection: close")
            client.sendall(head)
            sends(client, SIZE).join()
            assert everything_from(client).endswith(str(SIZE).encode())
            assert resident() - before < 24 * MEBIBYTE

    def test_is_not_read_faster_than_it_is_taken(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, server.connects() as client:
            client.settimeout(0.5)
            client.sendall(request("POST /echo", f"Content-Length: {SIZE}"))
            with pytest.raises(TimeoutError):  # the echo waits for us to read
                for _ in range(SIZE // MEBIBYTE):
                    client.sendall(b"x" * MEBIBYTE)


@on_both_loops
class TestManyConnections:
    def test_leave_nothing_behind(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server:
            for path in ("/", "/300000", "/abort", "/refuse", "/nothing") * 40:
                with server.connects() as client:
                    client.sendall(request(f"GET {path}") * 2)
                    client.recv(1000)
            for _ in range(100):
                if not server.asks(lambda: server.listener.connections):
                    break
                threading.Event().wait(0.05)
            assert server.listener.connections == set()
        gc.collect()
        assert [
            one
            for one in gc.get_objects()
            if isinstance(one, ServerConnection) and one._listener is server.listener
        ] == []
