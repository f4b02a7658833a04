"""What ``tests.fakes.paths`` does with a request's body, and with its client's slowness."""

from collections.abc import Callable

from typing_extensions import override

from hedgerow.wire.body import Framing
from hedgerow.wire.request import Request

PIECE = b"x" * 16_384


class Silent:
    """Hears of everything and does nothing."""

    def body_received(self, data: bytes, *, ended: bool) -> None: ...

    def client_left(self) -> None: ...

    def writing_paused(self) -> None: ...

    def writing_resumed(self) -> None: ...


class Echo(Silent):
    """Sends the body back as it comes, and reads no faster than the client does."""

    def __init__(self, request: Request) -> None:
        self._request = request
        head = request.head
        length = None if head.framing is Framing.CHUNKED else head.content_length
        request.accept_body()
        request.begin(200, b"", length, ended=False)
        if head.framing is Framing.NONE:
            request.write(b"", ended=True)

    @override
    def body_received(self, data: bytes, *, ended: bool) -> None:
        self._request.write(data, ended=ended)

    @override
    def writing_paused(self) -> None:
        self._request.pause_body()

    @override
    def writing_resumed(self) -> None:
        self._request.resume_body()


class Collect(Silent):
    """Counts the body."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._size = 0
        request.accept_body()

    @override
    def body_received(self, data: bytes, *, ended: bool) -> None:
        self._size += len(data)
        if ended:
            self._request.respond(200, b"", b"%d" % self._size)


class Never(Silent):
    """Keeps a request unanswered, and says when its client left."""

    def __init__(self, left: Callable[[], None]) -> None:
        self._left = left

    @override
    def client_left(self) -> None:
        self._left()


class Stream(Silent):
    """Sends so many bytes, as fast as the client reads."""

    def __init__(self, request: Request, size: int) -> None:
        self._request = request
        self._left = size
        self._waits = False
        request.sink = self
        request.begin(200, b"", size, ended=False)
        self.writing_resumed()

    @override
    def writing_paused(self) -> None:
        self._waits = True

    @override
    def writing_resumed(self) -> None:
        self._waits = False
        while self._left > 0 and not self._waits:
            piece = PIECE[: self._left]
            self._left -= len(piece)
            self._request.write(piece, ended=self._left == 0)
