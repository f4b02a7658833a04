"""``hedgerow serve`` with TLS, as a process: what it says, and SIGHUP."""

import signal
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.fakes.authority import Authority
from tests.fakes.processes import hedgerow, ran

NAME = "a.example"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def written(folder: Path, authority: Authority) -> str:
    """A settings file, and the certificate that it names."""
    pair = authority.issue(NAME)
    file = folder / "hedgerow.toml"
    tls = f'{{cert = "{pair.cert}", key = "{pair.key}"}}'
    file.write_text(
        f'[server]\nlisten = {{address = "127.0.0.1:0", tls = {tls}}}\n'
        '[[route]]\npath = "/"\nrespond = {status = 200, text = "hello"}\n'
    )
    return str(file)


def serial(authority: Authority, port: int) -> str:
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        authority.client().wrap_socket(plain, server_hostname=NAME) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        return str((client.getpeercert() or {})["serialNumber"])


class TestServe:
    def test_says_that_it_is_https(self, tmp_path: Path, authority: Authority) -> None:
        with hedgerow("serve", "-c", written(tmp_path, authority)) as process:
            assert f"serving on https://127.0.0.1:{process.port}" in process.told
            where = f"{NAME}:{process.port}:127.0.0.1"
            words = ["curl", "-sS", "--cacert", authority.file, "--resolve", where]
            url = f"https://{NAME}:{process.port}/"
            done = subprocess.run([*words, url], capture_output=True, timeout=20, check=True)
            assert done.stdout == b"hello"

    def test_shows_a_new_certificate_after_sighup(
        self, tmp_path: Path, authority: Authority
    ) -> None:
        with hedgerow("serve", "-c", written(tmp_path, authority)) as process:
            before = serial(authority, process.port)
            authority.issue(NAME)
            process.send(signal.SIGHUP)
            process.until(lambda: "have been read again" in process.told)
            assert serial(authority, process.port) != before

    def test_does_not_start_with_a_bad_one(self, tmp_path: Path, authority: Authority) -> None:
        file = written(tmp_path, authority)
        (tmp_path / f"{NAME}.key").write_text("rubbish")
        for more in ([], ["--check"]):
            done = ran("serve", "-c", file, *more)
            assert done.returncode == 2
            assert "[server] listen tls.key" in done.stderr


class TestSessions:
    def test_are_resumed_by_another_worker(self, tmp_path: Path, authority: Authority) -> None:
        context = authority.client()
        session: ssl.SSLSession | None = None
        resumed = []
        with hedgerow("serve", "-c", written(tmp_path, authority), "-w", "2") as process:
            for _ in range(12):
                with (
                    socket.create_connection(("127.0.0.1", process.port), 5) as plain,
                    context.wrap_socket(plain, server_hostname=NAME, session=session) as client,
                ):
                    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert client.recv(1 << 16)
                    resumed.append(client.session_reused)
                    session = client.session
        assert resumed == [False] + [True] * 11
