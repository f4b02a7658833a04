"""TLS on the listening side, on real sockets and on both loops: clients, and their handshakes."""

import os
import socket
import ssl
import time
from pathlib import Path

import pytest

from hedgerow.wire.limits import Limits
from tests.end_to_end.live import SHORT, NewLoop, everything_from, on_both_loops, request, serving
from tests.end_to_end.secure import BROKEN, NAME, asked, exchanged, joined, secure, talking
from tests.fakes.authority import Authority
from tests.fakes.paths import Paths


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@on_both_loops
class TestClient:
    def test_is_served(self, new_loop: NewLoop, authority: Authority) -> None:
        with talking(new_loop, authority) as client:
            client.sendall(request("GET /300000", "Connection: close"))
            assert len(everything_from(client)) > 300_000

    def test_asks_again_on_the_same_connection(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        with talking(new_loop, authority) as client:
            for _ in range(5):
                assert asked(client).startswith(b"HTTP/1.1 200 ")

    def test_sends_a_long_body_and_has_it_back(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        body = os.urandom(3_000_000)
        with talking(new_loop, authority) as client:
            fields = (f"Content-Length: {len(body)}", "Connection: close")
            answer = exchanged(client, request("POST /echo", *fields, body=body))
        assert answer.partition(b"\r\n\r\n")[2] == body

    def test_sends_its_request_in_single_bytes(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        with talking(new_loop, authority) as client:
            for byte in request("GET /", "Connection: close"):
                client.sendall(bytes([byte]))
            assert everything_from(client).endswith(b"hello")

    def test_sends_its_handshake_in_single_bytes(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = authority.client().wrap_bio(incoming, outgoing, server_hostname=NAME)
        with secure(new_loop, authority) as server, server.connects() as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    for byte in outgoing.read():
                        client.sendall(bytes([byte]))
                    incoming.write(client.recv(1 << 16))
            assert tls.version() == "TLSv1.3"

    def test_pipelines(self, new_loop: NewLoop, authority: Authority) -> None:
        with talking(new_loop, authority) as client:
            client.sendall(request("GET /") * 20 + request("GET /", "Connection: close"))
            assert everything_from(client).count(b"HTTP/1.1 200 ") == 21

    def test_that_reads_slowly_gets_everything(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        size = 5_000_000
        with talking(new_loop, authority) as client:
            client.sendall(request(f"GET /{size}", "Connection: close"))
            time.sleep(0.2)
            received = b""
            while piece := client.recv(20_000):
                received += piece
        assert len(received) > size

    def test_that_never_reads_is_cut_off(self, new_loop: NewLoop, authority: Authority) -> None:
        with talking(new_loop, authority, SHORT) as client:
            client.sendall(request("GET /50000000"))
            time.sleep(1.5)
            with pytest.raises(OSError, match=BROKEN):
                while client.recv(1 << 20):
                    pass

    def test_is_told_that_the_connection_ends(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        with talking(new_loop, authority) as client:
            client.sendall(request("GET /", "Connection: close"))
            assert everything_from(client).endswith(b"hello")

    def test_can_read_a_refusal_that_comes_early(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        with talking(new_loop, authority, Limits(max_body=1000)) as client:
            body = b"x" * 5_000_000
            client.sendall(request("POST /echo", f"Content-Length: {len(body)}", body=body))
            assert client.recv(1 << 16).startswith(b"HTTP/1.1 413 ")

    def test_that_shuts_down_its_side_is_still_answered(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        with talking(new_loop, authority) as client:
            client.sendall(request("GET /300000"))
            client.shutdown(socket.SHUT_WR)
            assert len(everything_from(client)) > 300_000

    def test_that_says_goodbye_is_closed(self, new_loop: NewLoop, authority: Authority) -> None:
        with secure(new_loop, authority) as server:
            client = joined(server, authority.client())
            asked(client)
            client.unwrap().close()

    def test_that_goes_is_noticed_while_it_waits(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        paths = Paths()
        with secure(new_loop, authority, paths=paths) as server:
            client = joined(server, authority.client())
            client.sendall(request("GET /never"))
            assert paths.asked.wait(5)
            client.close()  # as for one that only shut down its side, a FIN: but it is gone
            assert paths.left.wait(5)

    def test_sees_a_reset_where_an_answer_breaks(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        with talking(new_loop, authority) as client:
            client.sendall(request("GET /abort"))
            with pytest.raises(OSError, match=BROKEN):
                everything_from(client)

    def test_that_sends_rubbish_after_the_handshake_is_closed(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        with secure(new_loop, authority) as server:
            client = joined(server, authority.client())
            asked(client)
            with socket.socket(fileno=client.detach()) as raw:
                raw.settimeout(5)
                raw.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)
                assert len(everything_from(raw)) < 100  # an alert


@on_both_loops
class TestHandshake:
    def test_that_never_begins_is_closed(self, new_loop: NewLoop, authority: Authority) -> None:
        limits = Limits(handshake_timeout=0.3)
        with secure(new_loop, authority, limits) as server, server.connects() as client:
            began = time.monotonic()
            with pytest.raises(OSError, match="reset"):
                everything_from(client)
                raise ConnectionResetError("reset")  # an end is as good
            assert time.monotonic() - began >= 0.28

    def test_that_trickles_is_closed(self, new_loop: NewLoop, authority: Authority) -> None:
        limits = Limits(handshake_timeout=0.3)
        hello = b"\x16\x03\x01\x02\x00" + b"x" * 512
        with secure(new_loop, authority, limits) as server, server.connects() as client:

            def trickle() -> None:
                for byte in hello * 10:
                    client.sendall(bytes([byte]))
                    time.sleep(0.01)

            with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
                trickle()

    def test_counts_as_a_connection(self, new_loop: NewLoop, authority: Authority) -> None:
        with secure(new_loop, authority) as server, server.connects() as client:
            while not server.asks(lambda: len(server.listener.connections)):
                pass
            counts = [0, 0]

            def came() -> None:
                counts[0] += 1

            def left() -> None:
                counts[1] += 1

            server.listener.connection_made, server.listener.connection_lost = came, left
            with joined(server, authority.client()) as other:
                asked(other)
                assert counts[0] - counts[1] == 1
            client.sendall(b"\x16")
            assert server.asks(lambda: len(server.listener.connections)) >= 1

    def test_of_an_old_version_is_refused(self, new_loop: NewLoop, authority: Authority) -> None:
        context = authority.client()
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with secure(new_loop, authority) as server, pytest.raises(ssl.SSLError, match="alert"):
            joined(server, context)

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_of_a_version_of_today_succeeds(
        self, new_loop: NewLoop, authority: Authority, version: ssl.TLSVersion
    ) -> None:
        context = authority.client()
        context.minimum_version = context.maximum_version = version
        with secure(new_loop, authority) as server, joined(server, context) as client:
            assert asked(client)

    def test_agrees_on_http_1_1(self, new_loop: NewLoop, authority: Authority) -> None:
        context = authority.client()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with secure(new_loop, authority) as server, joined(server, context) as client:
            assert client.selected_alpn_protocol() == "http/1.1"

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_is_shorter_the_second_time(
        self, new_loop: NewLoop, authority: Authority, version: ssl.TLSVersion
    ) -> None:
        context = authority.client()
        context.minimum_version = context.maximum_version = version
        with secure(new_loop, authority) as server:
            with joined(server, context) as client:
                asked(client)
                session = client.session
            again = context.wrap_socket(server.connects(), server_hostname=NAME, session=session)
            with again:
                asked(again)
                assert again.session_reused


@on_both_loops
class TestWrongProtocol:
    def test_plain_http_is_told_so(self, new_loop: NewLoop, authority: Authority) -> None:
        with secure(new_loop, authority) as server, server.connects() as client:
            client.sendall(request("GET /"))
            answer = everything_from(client)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"HTTPS" in answer

    def test_plain_http_is_told_so_while_it_sends(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        body = b"x" * 3_000_000
        with secure(new_loop, authority) as server, server.connects() as client:
            client.sendall(request("POST /", f"Content-Length: {len(body)}", body=body))
            assert client.recv(1 << 16).startswith(b"HTTP/1.1 400 ")

    def test_anything_else_is_closed(self, new_loop: NewLoop, authority: Authority) -> None:
        with secure(new_loop, authority) as server, server.connects() as client:
            client.sendall(b"\x00\x01\x02")
            assert everything_from(client) == b""

    def test_of_tls_on_a_plain_port_is_no_hang(
        self, new_loop: NewLoop, authority: Authority
    ) -> None:
        with serving(new_loop) as server, pytest.raises((ssl.SSLError, OSError)):
            joined(server, authority.client())
