"""A listener on a loop that never runs, and the clients that come to it."""

from collections.abc import Callable

from hedgerow.wire.limits import Limits
from hedgerow.wire.listener import Listener
from hedgerow.wire.outbox import WRITE_THROUGH, TurnOutbox
from hedgerow.wire.request import Request
from hedgerow.wire.timers import Sweeper
from tests.fakes.client import FakeClient
from tests.fakes.clock import FakeClock
from tests.fakes.loop import FakeLoop
from tests.fakes.transport import FakeTransport


class Site:
    """Everything around a server's connection but sockets.

    ``by_turns``: what is written goes out when the clock moves, as at the end of a loop's turn.
    """

    def __init__(
        self,
        handle: Callable[[Request], None],
        limits: Limits | None = None,
        clock: FakeClock | None = None,
        *,
        by_turns: bool = False,
    ) -> None:
        self.loop = FakeLoop(clock or FakeClock())
        self.outbox = TurnOutbox(self.loop) if by_turns else WRITE_THROUGH
        self.listener = Listener(handle, limits or Limits(), Sweeper(self.loop), self.outbox)

    def client(self, transport: FakeTransport | None = None) -> FakeClient:
        return FakeClient(self.listener, transport)


def get(target: bytes = b"/", *fields: bytes, version: bytes = b"1.1") -> bytes:
    """Return a GET request."""
    lines = [b"GET %b HTTP/%b" % (target, version), b"Host: a.example", *fields, b"", b""]
    return b"\r\n".join(lines)


def post(body: bytes, *fields: bytes, target: bytes = b"/") -> bytes:
    """Return a POST request whose length is told."""
    head = get(target, b"Content-Length: %d" % len(body), *fields)
    return head.replace(b"GET", b"POST", 1) + body


def post_chunked(*chunks: bytes, ended: bool = True) -> bytes:
    """Return a chunked POST request, or the beginning of one."""
    head = get(b"/", b"Transfer-Encoding: chunked").replace(b"GET", b"POST", 1)
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + body + (b"0\r\n\r\n" if ended else b"")
