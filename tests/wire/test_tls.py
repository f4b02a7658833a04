"""The TLS line without sockets: a client of OpenSSL's own in memory."""

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from typing_extensions import override

from hedgerow.wire.certificates import Certificates, PairFiles
from hedgerow.wire.tls import TlsLine
from tests.fakes.authority import Authority
from tests.fakes.clock import FakeClock, stopped_clock
from tests.fakes.site import Site
from tests.fakes.transport import FakeTransport


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped_clock(monkeypatch)


class Above(asyncio.Protocol):
    """Writes down what it hears."""

    def __init__(self, *, waits: bool = False) -> None:
        self.heard: list[object] = []
        self.transport: asyncio.Transport
        self._waits = waits

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.heard.append("made")

    @override
    def data_received(self, data: bytes) -> None:
        self.heard.append(data)

    @override
    def eof_received(self) -> bool:
        self.heard.append("end")
        return self._waits

    @override
    def pause_writing(self) -> None:
        self.heard.append("pause")

    @override
    def resume_writing(self) -> None:
        self.heard.append("resume")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.heard.append(("lost", exc))


class Scene:
    """A line, a client, and nothing between them but bytes."""

    def __init__(
        self, authority: Authority, pair: PairFiles, clock: FakeClock, *, waits: bool = False
    ) -> None:
        self.site = Site(lambda _: None, clock=clock)
        self.above = Above(waits=waits)
        self.raw = FakeTransport()
        self.counts = [0, 0]
        self.site.listener.connection_made = lambda: self._count(0)
        self.site.listener.connection_lost = lambda: self._count(1)
        self.names: list[str] = []  # that were asked for
        self._certificates = Certificates([pair])
        self.line = TlsLine(self.site.listener, self._choose, lambda _: self.above)
        self.line.connection_made(self.raw)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = authority.client().wrap_bio(
            self._incoming, self._outgoing, server_hostname="a.example"
        )

    def _choose(self, name: str) -> ssl.SSLContext:
        self.names.append(name)
        return self._certificates.choose(name)

    def _count(self, which: int) -> None:
        self.counts[which] += 1

    @property
    def open(self) -> int:
        return self.counts[0] - self.counts[1]

    def to_server(self, *, most: int | None = None) -> None:
        """Carry what the client has written, in pieces of ``most`` bytes."""
        data = self._outgoing.read()
        size = most or len(data) or 1
        for start in range(0, len(data), size):
            self.line.data_received(data[start : start + size])

    def hello(self) -> bytes:
        """Return what the client has written, and carry it nowhere."""
        return self._outgoing.read()

    def to_client(self) -> None:
        """Carry what the server has written."""
        self._incoming.write(bytes(self.raw.unsent))
        self.raw.unsent.clear()

    def shakes_hands(self, *, most: int | None = None) -> "Scene":
        for _ in range(4):
            with contextlib.suppress(ssl.SSLWantReadError):
                self.client.do_handshake()
            self.to_server(most=most)
            self.to_client()
        return self

    def says(self, data: bytes, *, most: int | None = None) -> None:
        self.client.write(data)
        self.to_server(most=most)

    def hears(self) -> bytes:
        self.to_client()
        pieces = []
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            while piece := self.client.read(1 << 16):
                pieces.append(piece)
        return b"".join(pieces)


@pytest.fixture
def scenes(tmp_path: Path, clock: FakeClock) -> Callable[..., Scene]:
    """Makes as many as one likes, of one certificate."""
    authority = Authority(tmp_path)
    return partial(Scene, authority, authority.issue("a.example"), clock)


@pytest.fixture
def scene(scenes: Callable[..., Scene]) -> Scene:
    return scenes()


class TestHandshake:
    def test_makes_the_protocol_above_once_it_is_done(self, scene: Scene) -> None:
        assert scene.above.heard == []
        scene.shakes_hands()
        assert scene.above.heard == ["made"]

    def test_may_come_in_single_bytes(self, scene: Scene) -> None:
        scene.shakes_hands(most=1)
        scene.says(b"hello")
        assert scene.above.heard == ["made", b"hello"]
        assert scene.names == ["a.example"]

    def test_hands_on_what_came_with_its_end(self, scene: Scene) -> None:
        with contextlib.suppress(ssl.SSLWantReadError):
            scene.client.do_handshake()
        scene.to_server()
        scene.to_client()
        scene.client.do_handshake()
        scene.client.write(b"hello")
        scene.to_server()
        assert scene.above.heard == ["made", b"hello"]

    def test_is_a_connection_of_the_listener(self, scene: Scene) -> None:
        assert (scene.line in scene.site.listener.connections, scene.open) == (True, 1)
        scene.shakes_hands()  # the one above counts for itself
        assert (scene.line in scene.site.listener.connections, scene.open) == (False, 0)

    def test_that_is_lost_is_counted(self, scene: Scene) -> None:
        scene.line.connection_lost(None)
        assert (scene.site.listener.connections, scene.open) == (set(), 0)

    def test_has_a_deadline_that_a_trickle_does_not_move(
        self, scene: Scene, clock: FakeClock
    ) -> None:
        due_at = clock.now + scene.site.listener.limits.handshake_timeout
        clock.now += 5.0
        scene.line.data_received(b"\x16")
        assert scene.line.due_at == due_at
        scene.line.timed_out(due_at)
        assert (scene.raw.aborted, scene.site.listener.failed_handshakes) == (True, 1)

    def test_that_fails_tells_why_and_closes(self, scene: Scene) -> None:
        scene.line.data_received(b"\x16\x03\x01\x00\x05hello")
        assert scene.raw.unsent[0] == 0x15  # an alert
        assert (scene.raw.closing, scene.site.listener.failed_handshakes) == (True, 1)

    def test_of_somebody_who_speaks_http_is_answered_plainly(self, scene: Scene) -> None:
        scene.line.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert scene.raw.unsent.startswith(b"HTTP/1.1 400 ")
        assert scene.raw.wrote_eof

    def test_of_somebody_who_speaks_http_is_closed_after_a_moment(
        self, scene: Scene, clock: FakeClock
    ) -> None:
        scene.line.data_received(b"POST / HTTP/1.1\r\n")
        scene.line.data_received(b"more that nobody reads")
        assert not scene.raw.closing
        assert scene.line.due_at == clock.now + scene.site.listener.limits.linger_timeout
        scene.line.timed_out(scene.line.due_at)
        assert (scene.raw.aborted, scene.site.listener.failed_handshakes) == (True, 1)

    def test_of_somebody_who_asks_for_a_head_has_no_body(self, scene: Scene) -> None:
        scene.line.data_received(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert scene.raw.unsent.endswith(b"\r\n\r\n")

    def test_of_nobody_known_is_closed_without_a_word(self, scene: Scene) -> None:
        scene.line.data_received(b"\x00hello")
        assert (bytes(scene.raw.unsent), scene.raw.closing) == (b"", True)
        scene.line.data_received(b"\x16more")  # came before the close was done
        assert bytes(scene.raw.unsent) == b""

    def test_that_ends_before_it_is_done_is_no_connection(self, scene: Scene) -> None:
        assert scene.line.eof_received() is False

    def test_goes_on_for_a_moment_while_we_drain(self, scene: Scene, clock: FakeClock) -> None:
        scene.line.drain()
        assert not scene.raw.aborted
        clock.now += 1.1
        scene.line.drain()
        assert scene.raw.aborted


class TestReading:
    def test_joins_what_came_together(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.client.write(b"a" * 40_000)
        scene.client.write(b"b")
        scene.to_server()
        assert scene.above.heard == ["made", b"a" * 40_000 + b"b"]

    def test_waits_for_the_rest_of_a_record(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.says(b"hello", most=1)
        assert scene.above.heard == ["made", b"hello"]

    def test_stops_with_the_socket(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.line.pause_reading()
        assert scene.raw.paused
        scene.line.resume_reading()
        assert not scene.raw.paused

    def test_of_what_nobody_encrypted_is_the_end(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.line.data_received(b"\x17\x03\x03\x00\x20" + b"x" * 32)
        assert (scene.above.heard, scene.raw.closing) == (["made"], True)

    def test_tells_of_a_goodbye_once(self, scenes: Callable[..., Scene]) -> None:
        scene = scenes(waits=True).shakes_hands()
        with contextlib.suppress(ssl.SSLWantReadError):
            scene.client.unwrap()
        scene.to_server()
        assert scene.line.eof_received() is True
        assert (scene.above.heard, scene.raw.closing) == (["made", "end"], False)
        scene.line.write(b"still here")
        assert scene.hears() == b"still here"

    def test_ends_with_a_goodbye_that_nobody_waits_after(self, scene: Scene) -> None:
        scene.shakes_hands()
        with contextlib.suppress(ssl.SSLWantReadError):
            scene.client.unwrap()
        scene.to_server()
        assert (scene.above.heard, scene.raw.closing) == (["made", "end"], True)

    def test_takes_a_bare_end_for_one(self, scene: Scene) -> None:
        scene.shakes_hands()
        assert scene.line.eof_received() is False
        assert scene.above.heard == ["made", "end"]


class TestWriting:
    def test_is_encrypted(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.line.write(b"hello")
        assert b"hello" not in scene.raw.unsent
        assert scene.hears() == b"hello"

    @pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 262_144, 1_000_000])
    def test_may_be_long(self, scene: Scene, size: int) -> None:
        scene.shakes_hands()
        scene.line.write(bytes(size))
        assert scene.hears() == bytes(size)

    def test_of_a_long_piece_is_handed_on_in_slices(self, scene: Scene) -> None:
        scene.shakes_hands()
        before = scene.raw.writes
        scene.line.write(bytes(1_000_000))
        assert scene.raw.writes - before == 4

    def test_tells_when_the_socket_is_full(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.line.pause_writing()
        scene.line.resume_writing()
        assert scene.above.heard == ["made", "pause", "resume"]

    def test_counts_what_the_socket_has_not_taken(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.line.write(bytes(5000))
        assert scene.line.get_write_buffer_size() > 5000

    def test_after_the_end_is_harmless(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.line.write_eof()
        scene.line.write(b"late")
        assert scene.hears() == b""


class TestEnd:
    def test_of_our_side_is_told_in_both_layers(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.line.write_eof()
        assert (scene.raw.wrote_eof, scene.raw.closing) == (True, False)
        scene.to_client()
        assert scene.client.read(10) == b""  # a goodbye and no mere end

    def test_of_our_side_leaves_the_other_one(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.line.write_eof()
        scene.says(b"more")
        assert scene.above.heard == ["made", b"more"]

    def test_comes_after_what_was_written(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.line.write(b"last words")
        scene.line.close()
        scene.line.close()
        assert (scene.raw.closing, scene.line.is_closing()) == (True, True)
        assert scene.hears() == b"last words"

    def test_by_force_says_nothing(self, scene: Scene) -> None:
        scene.shakes_hands()
        scene.line.abort()
        assert (scene.raw.aborted, bytes(scene.raw.unsent)) == (True, b"")

    def test_is_told_above_once(self, scene: Scene) -> None:
        scene.shakes_hands()
        error = ConnectionResetError()
        scene.line.connection_lost(error)
        assert scene.above.heard == ["made", ("lost", error)]
        scene.line.write(b"nobody hears it")
        assert scene.line.is_closing()


class TestFacts:
    def test_are_those_of_the_socket(self, scene: Scene) -> None:
        scene.shakes_hands()
        assert scene.line.get_extra_info("peername") == ("192.0.2.7", 50000)
        assert scene.line.get_extra_info("unknown", 7) == 7

    def test_have_the_session(self, scene: Scene) -> None:
        scene.shakes_hands()
        assert scene.line.get_extra_info("ssl_object").version() == "TLSv1.3"

    def test_can_be_another_protocol(self, scene: Scene) -> None:
        scene.shakes_hands()
        other = Above()
        scene.line.set_protocol(other)
        assert scene.line.get_protocol() is other
        scene.says(b"hello")
        assert (scene.above.heard, other.heard) == (["made"], [b"hello"])


class TestAnyBytes:
    """Whatever comes, and however it is cut: no exception, and an end."""

    def test_in_place_of_a_handshake_end_it_or_wait_for_more(
        self, scenes: Callable[..., Scene]
    ) -> None:
        chance = random.Random(7)
        scene = scenes()
        with contextlib.suppress(ssl.SSLWantReadError):
            scene.client.do_handshake()
        hello = scene.hello()
        for _ in range(200):
            scene = scenes()
            damaged = bytearray(hello)
            for _ in range(chance.randrange(1, 8)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            cut = chance.randrange(1, len(damaged))
            for piece in (damaged[:cut], damaged[cut:], hello):
                scene.line.data_received(bytes(piece))
            assert scene.above.heard == []
            scene.line.timed_out(0.0)
            scene.line.connection_lost(None)
            assert scene.open == 0

    def test_after_a_handshake_are_read_or_the_end(self, scene: Scene) -> None:
        chance = random.Random(7)
        scene.shakes_hands()
        scene.client.write(b"x" * 1000)
        data = bytearray(scene.hello())
        data[chance.randrange(5, len(data))] ^= 1
        for byte in data:
            scene.line.data_received(bytes([byte]))
        assert (scene.above.heard, scene.raw.closing) == (["made"], True)
