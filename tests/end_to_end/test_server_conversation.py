"""What clients of all kinds get to hear over real sockets."""

import http.client
import socket
import subprocess

import pytest

from hedgerow.wire.request import Request
from hedgerow.wire.server import ServerConnection
from tests.end_to_end.live import NewLoop, everything_from, on_both_loops, request, serving
from tests.fakes.live_server import LiveServer


def curl(server: LiveServer, *arguments: str, stdin: bytes = b"") -> str:
    """Run curl with ``HERE`` standing for the server; return what it prints."""
    here = f"http://127.0.0.1:{server.port}"
    command = [argument.replace("HERE", here) for argument in arguments]
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "10", *command],
        input=stdin,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("latin-1")


@on_both_loops
class TestLiveServer:
    def test_is_gone_when_it_is_left(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, server.connects() as client:
            client.sendall(request("GET /never"))
            port = server.port
        assert server.loop.is_closed()
        assert server.listener.connections == set()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


@on_both_loops
class TestCurl:
    def test_uses_one_connection_for_two_requests(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server:
            assert curl(server, "-w", "%{num_connects} ", "HERE/a", "HERE/b") == "hello1 hello0 "

    def test_gets_the_head_alone_when_it_asks_for_that(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server:
            answer = curl(server, "--head", "HERE/")
        assert "Content-Length: 5" in answer
        assert "hello" not in answer

    def test_sends_a_body_of_a_length(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server:
            assert curl(server, "--data", "some words", "HERE/echo") == "some words"

    def test_sends_a_body_in_chunks_and_gets_it_back_in_chunks(self, new_loop: NewLoop) -> None:
        body = b"0123456789" * 100_000
        with serving(new_loop) as server:
            answer = curl(server, "--upload-file", "-", "-X", "POST", "HERE/echo", stdin=body)
        assert answer.encode() == body

    def test_is_told_to_continue_before_it_sends_a_big_body(self, new_loop: NewLoop) -> None:
        body = b"x" * 2_000_000
        with serving(new_loop) as server:
            answer = curl(
                server, "--include", "-H", "Expect: 100-continue", "--data-binary", "@-",
                "HERE/collect", stdin=body,
            )  # fmt: skip
        assert answer.startswith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
        assert answer.endswith("2000000")

    def test_is_refused_before_it_sends_a_big_body(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server:
            answer = curl(
                server, "--include", "-H", "Expect: 100-continue", "--data-binary", "@-",
                "-w", " sent %{size_upload}", "HERE/refuse", stdin=b"x" * 2_000_000,
            )  # fmt: skip
        assert answer.startswith("HTTP/1.1 403 Forbidden")
        assert answer.endswith("no sent 0")

    @pytest.mark.parametrize("option", ["--http1.0", "--http1.1", "--http2"])
    def test_gets_an_answer_whatever_it_would_rather_speak(
        self, new_loop: NewLoop, option: str
    ) -> None:
        with serving(new_loop) as server:
            assert curl(server, option, "HERE/") == "hello"

    def test_of_http_1_0_gets_a_body_of_unknown_length_without_chunks(
        self, new_loop: NewLoop
    ) -> None:
        with serving(new_loop) as server:
            answer = curl(server, "--http1.0", "--include", "--data", "words", "HERE/echo")
        assert answer.endswith("words")
        assert "Transfer-Encoding" not in answer

    def test_is_shown_a_broken_answer_as_broken(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, pytest.raises(subprocess.CalledProcessError):
            curl(server, "HERE/abort")


@on_both_loops
class TestStandardLibrary:
    def test_keeps_its_connection_over_answers_of_all_kinds(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server:
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            sizes = []
            for method, path in (("GET", "/"), ("HEAD", "/500"), ("GET", "/300000"), ("GET", "/")):
                client.request(method, path)
                sizes.append(len(client.getresponse().read()))
            assert server.asks(lambda: len(server.listener.connections)) == 1
            client.close()
        assert sizes == [5, 0, 300_000, 5]


@on_both_loops
class TestRequestsSentAhead:
    def test_ten_thousand_in_one_go_are_all_answered_in_order(self, new_loop: NewLoop) -> None:
        with serving(new_loop) as server, server.connects() as client:
            sizes = [n % 50 + 1 for n in range(10_000)]
            wanted = b"".join(request(f"GET /{size}") for size in sizes)
            client.sendall(wanted + request("GET /last", "Connection: close"))
            received = everything_from(client)
        lengths = [int(part.split(b"\r\n")[0]) for part in received.split(b"Content-Length: ")[1:]]
        assert lengths == [*sizes, 5]

    def test_to_a_client_that_does_not_read_are_held_in_little_memory(
        self, new_loop: NewLoop
    ) -> None:
        with serving(new_loop) as server, server.connects() as client:
            client.settimeout(0.5)
            with pytest.raises(TimeoutError):
                while True:
                    client.sendall(request("GET /20000") * 1000)
            held = server.asks(lambda: _held(server))
        assert held < 2_000_000


def _held(server: LiveServer) -> int:
    """Return how many bytes the server keeps for its only connection, in and out."""
    (connection,) = server.listener.connections
    assert isinstance(connection, ServerConnection)
    return len(connection._tail) + connection._transport.get_write_buffer_size()


@on_both_loops
class TestUnixSocket:
    def test_is_served_like_any_other(self, new_loop: NewLoop, tmp_path: object) -> None:
        server = LiveServer(new_loop(), _hello, address=f"unix:{tmp_path}/hedgerow.sock")
        with server, server.connects() as client:
            client.sendall(request("GET /", "Connection: close"))
            assert everything_from(client).endswith(b"hello")


def _hello(request: Request) -> None:
    assert request.peer == ""
    request.respond(200, b"", b"hello")
