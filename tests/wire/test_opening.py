"""How listening sockets are opened."""

import os
import socket
from pathlib import Path

import pytest

from hedgerow.errors import StartError
from hedgerow.wire.opening import bound_to, can_share_port, open_another, open_socket, url

ANY = "127.0.0.1:0"


class TestSharedPort:
    def test_has_room_for_another_socket(self) -> None:
        with open_socket(ANY, shares_port=True) as first:
            if not can_share_port(first):
                pytest.skip("this system has no SO_REUSEPORT")
            with open_another(first) as second:
                assert first.getsockname() == second.getsockname()

    def test_is_nobody_elses(self) -> None:
        with (
            open_socket(ANY, shares_port=True) as first,
            pytest.raises(StartError, match="in use"),
        ):
            open_socket(bound_to(first), shares_port=True)

    def test_is_not_shared_where_nobody_asked_for_it(self) -> None:
        with open_socket(ANY) as first, pytest.raises(OSError, match="in use"):
            open_another(first)


class TestAcceptedSocket:
    @pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="not on this system")
    @pytest.mark.parametrize("is_handed_down", [False, True])
    def test_has_a_bound_for_what_the_kernel_keeps_unsent(self, is_handed_down: bool) -> None:
        with socket.create_server(("127.0.0.1", 0)) as given:
            address = f"fd:{os.dup(given.fileno())}" if is_handed_down else ANY
            with open_socket(address) as listening:
                listening.setblocking(True)
                with socket.create_connection(listening.getsockname()):
                    accepted, _ = listening.accept()
                with accepted:
                    kept = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
                    assert 0 < kept <= 256 * 1024


class TestUnixPath:
    @pytest.mark.parametrize("mode", [0o600, 0o666])
    def test_has_the_mode_from_its_beginning(self, tmp_path: Path, mode: int) -> None:
        before = os.umask(0o022)
        try:
            with open_socket(f"unix:{tmp_path}/a.sock", mode=mode):
                assert (tmp_path / "a.sock").stat().st_mode & 0o777 == mode
            assert os.umask(0o022) == 0o022  # it is the process's, and was given back
        finally:
            os.umask(before)


class TestWhere:
    def test_an_abstract_socket_is(self) -> None:
        with socket.socket(socket.AF_UNIX) as sock:
            try:
                sock.bind(f"\0hedgerow-{os.getpid()}")
            except OSError:
                pytest.skip("this system has no abstract sockets")
            assert bound_to(sock) == f"unix:@hedgerow-{os.getpid()}"

    @pytest.mark.parametrize(
        ("where", "is_tls", "address"),
        [
            ("127.0.0.1:80", False, "http://127.0.0.1:80"),
            ("[::1]:443", True, "https://[::1]:443"),
            ("unix:/run/a.sock", True, "unix:/run/a.sock"),
        ],
    )
    def test_a_browser_finds_it(self, where: str, is_tls: bool, address: str) -> None:
        assert url(where, is_tls=is_tls) == address
