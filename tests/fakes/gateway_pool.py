"""Pools that open nothing: a test sees every call, and answers it by hand."""

from tests.fakes.clock import FakeClock
from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.wire.client import Call, ClientConnection
from hedgerow.wire.heads import ResponseHead, ResponseHeadParser
from hedgerow.wire.pool import Pool

_PARSER = ResponseHeadParser()


def answer_head(
    status: int = 200, *lines: str, length: int | None = None, to_head: bool = False
) -> ResponseHead:
    """Without a length the body is chunked."""
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    raw = "\r\n".join([f"HTTP/1.1 {status} X", framing, *lines, "", ""]).encode()
    return _PARSER.parse(raw, to_head=to_head, upstream="r")


class FakeLine(ClientConnection):
    """What a call is on; plays the upstream for it, and remembers what it was told."""

    def __init__(self, call: Call, at: float) -> None:
        self.call = call
        self.at = at  # when the call was started
        self.told: list[str] = []
        self.uploaded = b""
        call.connection = self

    # --- what an upstream may do ---

    def answers(self, status: int = 200, body: bytes = b"", *lines: str) -> None:
        """A whole answer at once."""
        self._done()
        to_head = self.call.to_head
        head = answer_head(status, *lines, length=len(body), to_head=to_head)
        self.call.answer_began(head, b"" if to_head else body, ended=True)

    def begins(self, status: int = 200, body: bytes = b"", *lines: str) -> None:
        self.call.answer_began(answer_head(status, *lines), body, ended=False)

    def goes_on(self, body: bytes, *, ended: bool = False) -> None:
        if ended:
            self._done()
        self.call.body_received(body, ended=ended)

    def informs(self, status: int, *lines: str) -> None:
        self.call.informed(_PARSER.parse(_interim(status, lines), to_head=False, upstream="r"))

    def breaks(self, failure: Failure = Failure.RESET) -> None:
        self._done()
        self.call.failed(failure, "as the test wants it")

    def _done(self) -> None:
        assert not self.call.is_done, "the call was over"
        self.call.is_done = True
        self.call.connection = None

    # --- what it is told ---

    @override
    def send_body(self, data: bytes, *, chunked: bool, ended: bool) -> None:
        self.uploaded += data
        if ended:
            self.told.append("all sent")

    @override
    def pause(self) -> None:
        self.told.append("pause")

    @override
    def resume(self) -> None:
        self.told.append("resume")

    @override
    def cancel(self) -> None:
        self.told.append("cancel")


class FakePool(Pool):
    """A replica; ``refuses`` makes every call fail before ``start`` returns, which takes a while."""

    def __init__(self, clock: FakeClock, *, refuses: Failure | None = None) -> None:
        self.clock = clock
        self.refuses = refuses
        self.takes = 0.0
        self.lines: list[FakeLine] = []

    @override
    def start(self, call: Call) -> None:
        line = FakeLine(call, self.clock.now)
        self.lines.append(line)
        self.clock.now += self.takes
        if self.refuses is not None:
            line.breaks(self.refuses)
        else:
            call.sent()


def _interim(status: int, lines: tuple[str, ...]) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} X", *lines, "", ""]).encode()
