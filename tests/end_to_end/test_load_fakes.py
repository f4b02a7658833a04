"""The server that judges the other tests of ``hedgerow load``, itself judged by other clients."""

import socket
import urllib.request

from tests.fakes.recording_server import RecordingServer, answer


class TestRecordingServer:
    def test_keeps_what_came_and_answers_as_told(self) -> None:
        with RecordingServer(lambda seen: answer(seen.method, "X-A: 1")) as server:
            request = urllib.request.Request(f"{server.url}/a?b", b"body", {"X-B": "2"})
            with urllib.request.urlopen(request, timeout=5) as got:
                assert (got.read(), got.headers["X-A"]) == (b"POST", "1")
        (seen,) = server.seen
        assert (seen.method, seen.target, seen.body) == ("POST", "/a?b", b"body")
        assert (seen.get("x-b"), seen.connection) == ("2", 1)

    def test_tells_connections_apart_and_keeps_them_open(self) -> None:
        with RecordingServer() as server:
            clients = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(2)]
            for client in (*clients, clients[0]):
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                assert client.recv(100) == answer()
            for client in clients:
                client.close()
        assert sorted(seen.connection for seen in server.seen) in ([1, 1, 2], [1, 2, 2])

    def test_closes_where_the_request_asks_for_it(self) -> None:
        with (
            RecordingServer() as server,
            socket.create_connection(("127.0.0.1", server.port), 5) as client,
        ):
            client.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert client.makefile("rb").read() == answer()
