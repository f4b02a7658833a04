"""Over which connections requests go, and every way in which an answer can end."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import trustme

from tests.end_to_end.load_runs import LoadRun, load
from tests.fakes.recording_server import RecordingServer, Seen, answer

CHUNKED: Final = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: 1\r\n\r\n"
)
UNTIL_CLOSED: Final = b"HTTP/1.1 200 OK\r\n\r\nhello"
OLD: Final = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
OLD_AND_KEPT: Final = OLD.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n")
CONTINUED: Final = b"HTTP/1.1 100 Continue\r\n\r\n" + answer()
#: What ten requests of two users need.
TEN: Final = ("-n", "10", "-c", "2")


class TestConnection:
    def test_is_kept_and_used_again(self, tmp_path: Path) -> None:
        with RecordingServer() as server:
            found = load(tmp_path, server.url, *TEN).document
        assert server.connections == found.connections_opened == 2
        assert found.latency_us.connect.count == 2

    def test_is_one_for_each_request_without_keep_alive(self, tmp_path: Path) -> None:
        with RecordingServer() as server:
            found = load(tmp_path, server.url, *TEN, "--no-keepalive").document
        assert server.connections == found.connections_opened == 10
        assert {seen.get("Connection") for seen in server.seen} == {"close"}
        assert found.requests.ok == 10

    def test_that_the_server_closes_while_a_user_thinks_is_no_error(self, tmp_path: Path) -> None:
        with RecordingServer(patience=0.05) as server:
            found = load(tmp_path, server.url, "-u", "3", "-i", "3", "--think", "150ms").document
        assert (found.requests.ok, found.requests.failed) == (9, 0)
        assert server.connections == found.connections_opened == 9

    def test_that_gets_no_answer_in_time_is_not_used_again(self, tmp_path: Path) -> None:
        def first_is_slow(seen: Seen) -> bytes:
            return b"" if seen.connection == 1 else answer()

        with RecordingServer(first_is_slow) as server:
            found = load(tmp_path, server.url, "-n", "4", "-c", "1", "-t", "150ms").document
        assert (found.requests.ok, found.errors) == (3, {"timeout": 1})
        assert server.connections == 2


class TestAnswer:
    @pytest.mark.parametrize(
        ("reply", "words", "connections"),
        [
            (CHUNKED, (), 2),
            (answer("", status="204 No Content").replace(b"Content-Length: 0\r\n", b""), (), 2),
            (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", (), 2),
            (CONTINUED, ("-b", "a=1"), 2),
            (OLD_AND_KEPT, (), 2),
            (OLD, (), 10),
            (answer("ok", "Connection: close"), (), 10),
        ],
        ids=["chunked", "204", "304", "100", "1.0-keep-alive", "1.0", "close"],
    )
    def test_is_good_and_the_connection_is_used_as_it_may_be(
        self, tmp_path: Path, reply: bytes, words: tuple[str, ...], connections: int
    ) -> None:
        with RecordingServer(lambda _: reply) as server:
            found = load(tmp_path, server.url, *TEN, *words).document
        assert (found.requests.ok, found.requests.failed) == (10, 0), found.error_samples
        assert server.connections == connections

    def test_may_end_with_the_connection(self, tmp_path: Path) -> None:
        with RecordingServer(lambda _: UNTIL_CLOSED, closes=True) as server:
            found = load(tmp_path, server.url, *TEN, "--expect-body", "^hello$").document
        assert (found.requests.ok, server.connections) == (10, 10)

    def test_may_be_big(self, tmp_path: Path) -> None:
        body = "x" * 5_000_000
        with RecordingServer(lambda _: answer(body)) as server:
            found = load(tmp_path, server.url, "-n", "8", "-c", "2").document
        assert found.requests.ok == 8
        assert 8 * len(body) < found.bytes_in.total < 8 * (len(body) + 200)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextlib.contextmanager
def tls_server(authority: trustme.CA, names: list[str]) -> Iterator[RecordingServer]:
    """A server with a certificate for ``shop.example``; ``names`` are what clients asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("shop.example").configure_cert(context)

    def asked_for(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
        names.append(name or "")

    context.sni_callback = asked_for
    with RecordingServer(tls=context) as server:
        yield server


class TestTls:
    @pytest.mark.parametrize("way", ["trusted", "unknown", "unverified"])
    def test_certificate_is_verified_unless_told_otherwise(
        self, tmp_path: Path, authority: trustme.CA, way: str
    ) -> None:
        file, names = tmp_path / "ca.pem", list[str]()
        authority.cert_pem.write_to_path(str(file))
        words = {"trusted": ("--ca-file", str(file)), "unknown": (), "unverified": ("-k",)}[way]
        with tls_server(authority, names) as server:
            words += ("--connect-to", f"=127.0.0.1:{server.port}")
            run = load(tmp_path, "https://shop.example/", *TEN, *words)
        found = run.document
        if way == "unknown":
            assert (run.code, found.errors, server.seen) == (1, {"tls": 10}, [])
            assert "certificate" in found.error_samples["tls"].lower()
        else:
            assert (run.code, found.requests.ok, server.connections) == (0, 10, 2)
            assert {seen.get("Host") for seen in server.seen} == {"shop.example"}
        assert set(names) == {"shop.example"}

    def test_certificate_for_another_name_is_refused(
        self, tmp_path: Path, authority: trustme.CA
    ) -> None:
        file = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(file))
        with tls_server(authority, []) as server:
            found = load(tmp_path, server.url, *TEN, "--ca-file", str(file)).document
        assert found.errors == {"tls": 10}
        assert "127.0.0.1" in found.error_samples["tls"]


class TestElsewhere:
    def reaches(self, run: LoadRun, server: RecordingServer, host: str) -> None:
        assert run.code == 0, run.told
        assert {seen.get("Host") for seen in server.seen} == {host}
        assert len(server.seen) == 10

    def test_by_connect_to(self, tmp_path: Path) -> None:
        with RecordingServer() as server:
            words = ("--connect-to", f"shop.example:80:127.0.0.1:{server.port}")
            run = load(tmp_path, "http://shop.example/", *TEN, *words)
            self.reaches(run, server, "shop.example")

    def test_by_a_unix_socket(self, tmp_path: Path) -> None:
        path = str(tmp_path / "s")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(64)
        with RecordingServer(listener=listener) as server:
            run = load(tmp_path, "http://shop.example:81/", *TEN, "--unix", path)
            self.reaches(run, server, "shop.example:81")

    def test_by_ipv6(self, tmp_path: Path) -> None:
        try:
            listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
        except OSError as error:
            pytest.skip(f"no IPv6 here: {error}")
        with RecordingServer(listener=listener) as server:
            run = load(tmp_path, f"http://[::1]:{server.port}/", *TEN)
            self.reaches(run, server, f"[::1]:{server.port}")
