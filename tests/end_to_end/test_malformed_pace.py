"""Fifty slow clients of each kind at once: whatever they trickle, none outlives its phase."""

import contextlib
import socket
import ssl
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest

from tests.end_to_end.live import SHORT, NewLoop, on_both_loops, request
from tests.end_to_end.secure import secure
from tests.fakes.authority import Authority
from tests.fakes.live_server import LiveServer
from tests.fakes.paths import Paths

CROWD: Final = 50
LIMITS: Final = replace(SHORT, handshake_timeout=0.4)
#: They would go on for ever; a server that lets them is given up after so many seconds.
PATIENCE: Final = 20.0
TICK: Final = 0.05


@dataclass(frozen=True)
class Kind:
    """What a slow client says first, and then byte by byte, and whether it reads."""

    name: str
    limit: float  # of the phase in which it is slow, in seconds
    first: bytes = b""
    trickle: bytes = b""
    reads: bool = True


HEAD: Final = request("GET /")
CHUNKED: Final = request("POST /collect", "Transfer-Encoding: chunked")
KINDS: Final = (
    Kind("says nothing", LIMITS.head_timeout),
    Kind("sends empty lines", LIMITS.head_timeout, trickle=b"\r\n"),
    Kind("trickles a head", LIMITS.head_timeout, HEAD[:-2] + b"X-A: ", b"a"),
    Kind("trickles fields", LIMITS.head_timeout, HEAD[:-2], b"X: a\r\n"),
    Kind(
        "trickles a body",
        LIMITS.body_timeout,
        request("POST /collect", "Content-Length: 99999"),
        b"a",
    ),
    Kind("trickles chunks", LIMITS.body_timeout, CHUNKED, b"1\r\na\r\n"),
    Kind("trickles the extension of a chunk", LIMITS.body_timeout, CHUNKED + b"5;a=", b"a"),
    Kind("trickles trailers", LIMITS.body_timeout, CHUNKED + b"0\r\n", b"X: a\r\n"),
    Kind("asks once and stays", LIMITS.idle_timeout, HEAD),
    Kind("asks once and sends empty lines", LIMITS.idle_timeout, HEAD, b"\r\n"),
    Kind(
        "asks once and trickles a second head", LIMITS.head_timeout, HEAD + HEAD[:-2], b"X: a\r\n"
    ),
    Kind("does not read its answer", LIMITS.write_timeout, request("GET /50000000"), reads=False),
    Kind(
        "asks for much, ahead, and does not read",
        LIMITS.write_timeout,
        request("GET /3000000") * 20,
        reads=False,
    ),
)


@dataclass
class Crowd:
    """Clients of one kind, and a server for them alone."""

    kind: Kind
    server: LiveServer
    clients: list[socket.socket] = field(default_factory=list)
    lasted: float = 0.0  # seconds until the last of them was let go

    def come(self) -> None:
        for _ in range(CROWD):
            client = self.server.connects()
            client.sendall(self.kind.first)
            client.setblocking(False)
            self.clients.append(client)

    @property
    def is_gone(self) -> bool:
        listener = self.server.listener
        return listener.accepted == CROWD and not listener.connections

    def go_on(self, at: int) -> None:
        """Say one byte more, and read where they do that."""
        trickle = self.kind.trickle
        for client in self.clients:
            with contextlib.suppress(OSError):
                if trickle:
                    client.send(trickle[at % len(trickle) :][:1])
            with contextlib.suppress(OSError):
                if self.kind.reads:
                    client.recv(1 << 16)

    def leave(self) -> None:
        for client in self.clients:
            client.close()


def outlive(crowds: list[Crowd]) -> list[str]:
    """Let them trickle until all were let go; returns the kinds that never were."""
    began, at = time.monotonic(), 0
    left = crowds
    while left and time.monotonic() < began + PATIENCE:
        for crowd in left:
            crowd.go_on(at)
        at += 1
        time.sleep(TICK)
        for crowd in left:
            crowd.lasted = time.monotonic() - began
        left = [crowd for crowd in left if not crowd.is_gone]
    return [crowd.kind.name for crowd in left]


@on_both_loops
class TestSlowClients:
    def test_are_let_go_when_their_phase_is_over_and_not_before(self, new_loop: NewLoop) -> None:
        with contextlib.ExitStack() as stack:
            crowds = []
            for kind in KINDS:
                server = LiveServer(new_loop(), Paths().handle, LIMITS)
                crowds.append(Crowd(kind, stack.enter_context(server)))
                stack.callback(crowds[-1].leave)
                crowds[-1].come()
            assert outlive(crowds) == []
        # Those that came first were slow already while the others came.
        last = crowds[-1]
        assert last.lasted >= last.kind.limit - 0.25, last.kind.name


@on_both_loops
@pytest.mark.parametrize(
    "said", [b"", b"\x16\x03\x01\x02\x00\x01"], ids=["nothing", "half-a-hello"]
)
class TestSlowHandshake:
    def test_is_let_go(self, new_loop: NewLoop, said: bytes, tmp_path: Path) -> None:
        with secure(new_loop, Authority(tmp_path), LIMITS) as server:
            clients = [server.connects(timeout=PATIENCE) for _ in range(CROWD)]
            for client in clients:
                client.sendall(said)
            for client in clients:
                with client, contextlib.suppress(ConnectionResetError, ssl.SSLError):
                    while client.recv(4096):
                        pass
