"""What the tests of TLS on the listening side share: servers, and blocking clients."""

import contextlib
import select
import ssl
from collections.abc import Iterator
from typing import Final

from hedgerow.wire.certificates import Certificates, ClientCheck, PairFiles
from hedgerow.wire.entrance import Entrance
from hedgerow.wire.limits import Limits
from tests.end_to_end.live import NewLoop, request
from tests.fakes.authority import Authority
from tests.fakes.live_server import LiveServer
from tests.fakes.paths import Paths

NAME: Final = "a.example"
#: What OpenSSL makes of a reset: it is not told the reason.
BROKEN: Final = r"reset|EOF occurred"


def secure(
    new_loop: NewLoop,
    authority: Authority,
    limits: Limits | None = None,
    clients: ClientCheck | None = None,
    paths: Paths | None = None,
) -> LiveServer:
    server = LiveServer(new_loop(), (paths or Paths()).handle, limits)
    certificates = Certificates([authority.issue(NAME)], clients)
    server.entrance = Entrance(server.listener, certificates=certificates)
    return server


def joined(server: LiveServer, context: ssl.SSLContext, name: str = NAME) -> ssl.SSLSocket:
    # An end without a goodbye shall be seen: by default Python takes it for a goodbye.
    return context.wrap_socket(server.connects(), server_hostname=name, suppress_ragged_eofs=False)


@contextlib.contextmanager
def talking(
    new_loop: NewLoop,
    authority: Authority,
    limits: Limits | None = None,
    clients: ClientCheck | None = None,
    own: PairFiles | None = None,
) -> Iterator[ssl.SSLSocket]:
    """A server, and a client that has connected to it, with a certificate of its ``own``."""
    with (
        secure(new_loop, authority, limits, clients) as server,
        joined(server, authority.client(own)) as client,
    ):
        yield client


def asked(client: ssl.SSLSocket, *fields: str) -> bytes:
    """Ask for a page on a connection that stays, and read it."""
    client.sendall(request("GET /", *fields))
    answer = b""
    while not answer.endswith(b"hello"):
        piece = client.recv(1 << 16)
        assert piece, answer
        answer += piece
    return answer


def exchanged(client: ssl.SSLSocket, data: bytes) -> bytes:
    """Send and read at the same time, in one thread: a session is not made for two."""
    client.setblocking(False)
    rest, received, ended = memoryview(data), b"", False
    while not ended:
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while rest:
                rest = rest[client.send(rest[: 1 << 16]) :]
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while piece := client.recv(1 << 16):
                received += piece
            ended = True
        select.select([client], [client] if rest else [], [], 5)
    return received
