"""A request's body on its way to the upstream.

A short body is kept whole, so that it can be sent again; a long one flows through,
with back-pressure, and can be sent only once.  Must not know which it will be: whoever
collects decides when it has become too long.
"""

from hedgerow.serve.attempt_call import AttemptCall
from hedgerow.wire.body import Framing
from hedgerow.wire.chunked import chunk
from hedgerow.wire.request import Request


class Upload:
    """Pieces in; to each attempt the whole body, or to the only one a stream."""

    __slots__ = ("_call", "_pieces", "_prefix", "_request", "_streams", "ended", "size")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._pieces: list[bytes] = []
        self._prefix: bytes | None = None  # what goes out with the head
        self._streams = False
        self._call: AttemptCall | None = None  # where the stream flows
        self.size = 0
        self.ended = False

    def add(self, data: bytes, *, ended: bool) -> None:
        """Take a piece from the client."""
        self.size += len(data)
        self.ended = ended
        if self._call is not None:
            self._call.send_body(data, ended=ended)
        else:
            self._pieces.append(data)

    def prepare(self, call: AttemptCall) -> None:
        """Put what is at hand into a call; one that is not whole will ask for the rest."""
        if self._prefix is None:
            self._prefix = b"".join(self._pieces)
            self._pieces = []
            self._streams = not self.ended
        call.body = self._prefix
        if self._streams:
            call.has_more = True
            call.replayable = False
            if self._request.head.framing is Framing.CHUNKED:
                call.chunks = True
                call.body = chunk(self._prefix) if self._prefix else b""

    def flow_to(self, call: AttemptCall) -> None:
        """The call is on its connection: send what came meanwhile, and read on if it has room."""
        self._call = call
        self._prefix = b""
        pieces, self._pieces = self._pieces, []
        for piece in pieces:
            call.send_body(piece, ended=False)
        if self.ended:
            call.send_body(b"", ended=True)
        if not call.is_full:
            self._request.resume_body()
