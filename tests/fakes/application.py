"""A handler that answers whole requests and remembers them."""

from collections import deque
from dataclasses import dataclass, field

from hedgerow.wire.body import Framing
from hedgerow.wire.request import Request


@dataclass
class Seen:
    """One request as the application saw it, whole."""

    method: bytes
    target: bytes
    host: bytes
    body: bytes
    fields: list[tuple[bytes, bytes]] = field(repr=False)


class Application:
    """Answers with the request's target: at once, or when it is told to."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.seen: list[Seen] = []
        self.waiting: deque[Request] = deque()
        self.left = 0
        self._at_once = at_once

    def handle(self, request: Request) -> None:
        if request.head.framing is Framing.NONE:
            self.take(request, b"")
        else:
            request.sink = _Body(self, request)
            request.accept_body()

    def take(self, request: Request, body: bytes) -> None:
        head = request.head
        self.seen.append(Seen(head.method, head.target, head.host, body, head.fields))
        self.waiting.append(request)
        if self._at_once:
            self.answers()

    def answers(self) -> None:
        """Answer the request that has waited longest."""
        request = self.waiting.popleft()
        request.respond(200, b"", request.head.target)


class _Body:
    """Collects one request's body."""

    def __init__(self, application: Application, request: Request) -> None:
        self._application = application
        self._request = request
        self._pieces: list[bytes] = []

    def body_received(self, data: bytes, *, ended: bool) -> None:
        self._pieces.append(data)
        if ended:
            self._application.take(self._request, b"".join(self._pieces))

    def client_left(self) -> None:
        self._application.left += 1

    def writing_paused(self) -> None:
        """Answers are short."""

    def writing_resumed(self) -> None:
        """Answers are short."""
