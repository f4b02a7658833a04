"""Pools that open nothing: a test sees every call, and answers it by hand."""

import math
from collections.abc import Sequence

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.serve.attempt_call import AttemptCall
from hedgerow.wire.call import Call
from hedgerow.wire.client import ClientConnection
from hedgerow.wire.heads import ResponseHead, ResponseHeadParser
from hedgerow.wire.pool import Pool
from tests.fakes.case_studies import Upstream
from tests.fakes.clock import FakeClock
from tests.fakes.loop import FakeLoop

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

    def __init__(self, call: Call, clock: FakeClock) -> None:
        self.call = call
        self.started_at = clock.now
        self.cancelled_at: float | None = None
        self.told: list[str] = []
        self._clock = clock
        self.uploaded = b""
        call.connection = self

    # --- what an upstream may do ---

    def answers(self, status: int = 200, body: bytes = b"", *lines: str) -> None:
        """A whole answer at once."""
        self._is_over()
        to_head = self.call.to_head
        head = answer_head(status, *lines, length=len(body), to_head=to_head)
        self.call.answer_began(head, b"" if to_head else body, ended=True)

    def begins(self, status: int = 200, body: bytes = b"", *lines: str) -> None:
        self.call.answer_began(answer_head(status, *lines), body, ended=False)

    def goes_on(self, body: bytes, *, ended: bool = False) -> None:
        if ended:
            self._is_over()
        self.call.body_received(body, ended=ended)

    def informs(self, status: int, *lines: str) -> None:
        self.call.informed(_PARSER.parse(_interim(status, lines), to_head=False, upstream="r"))

    def breaks(self, failure: Failure = Failure.RESET) -> None:
        self._is_over()
        self.call.failed(failure, "as the test wants it")

    def _is_over(self) -> None:
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
        self.cancelled_at = self._clock.now


class FakePool(Pool):
    """A replica; ``refuses`` makes calls fail before ``start`` returns, ``takes`` seconds later."""

    def __init__(self, clock: FakeClock, *, refuses: Failure | None = None) -> None:
        self.clock = clock
        self.refuses = refuses
        self.takes = 0.0
        self.is_full = False  # of what goes with the head
        self.lines: list[FakeLine] = []

    @override
    def start(self, call: Call) -> None:
        line = FakeLine(call, self.clock)
        self.lines.append(line)
        self.clock.now += self.takes
        if self.refuses is not None:
            line.breaks(self.refuses)
            return
        if self.is_full:
            call.writing_paused()
        call.sent()


class PlayedPool(FakePool):
    """A replica that treats each attempt as the script says, on its loop's time."""

    def __init__(self, loop: FakeLoop, upstreams: Sequence[Upstream]) -> None:
        super().__init__(loop.clock)
        self._loop = loop
        self._upstreams = upstreams

    @override
    def start(self, call: Call) -> None:
        super().start(call)
        assert isinstance(call, AttemptCall)
        upstream = self._upstreams[call.attempt.number - 1]
        if upstream.latency != math.inf:
            self._loop.call_later(upstream.latency, self._begin, self.lines[-1], upstream)

    def _begin(self, line: FakeLine, upstream: Upstream) -> None:
        if not line.call.is_done:
            line.call.answer_began(answer_head(upstream.status, length=2), b"", ended=False)
            self._loop.call_later(upstream.body_time, self._end, line)

    def _end(self, line: FakeLine) -> None:
        if not line.call.is_done:
            line.goes_on(b"{}", ended=True)


def _interim(status: int, lines: tuple[str, ...]) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} X", *lines, "", ""]).encode()
