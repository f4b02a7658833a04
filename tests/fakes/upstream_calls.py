"""A call that writes down what it hears."""

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.wire.call import Call
from hedgerow.wire.heads import ResponseHead

GET = b"GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\n"
POST_IN_CHUNKS = b"POST /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"


class RecordedCall(Call):
    """``heard`` has the events by name, in order; the rest is what they brought."""

    def __init__(self, head: bytes = GET, body: bytes = b"", *, replayable: bool = True) -> None:
        super().__init__(head)
        self.body = body
        self.replayable = replayable
        self.heard: list[str] = []
        self.interim: list[int] = []
        self.answer: ResponseHead | None = None
        self.received = b""
        self.ended = False
        self.failure: Failure | None = None
        self.detail = ""

    @property
    def status(self) -> int:
        return self.answer.status if self.answer is not None else 0

    @property
    def outcome(self) -> tuple[list[int], int, bytes, bool, Failure | None]:
        """What came of it, however it came: interim answers, status, body, end."""
        return self.interim, self.status, self.received, self.ended, self.failure

    @override
    def sent(self) -> None:
        self.heard.append("sent")

    @override
    def informed(self, head: ResponseHead) -> None:
        self.heard.append("informed")
        self.interim.append(head.status)

    @override
    def answer_began(self, head: ResponseHead, data: bytes, *, ended: bool) -> None:
        self.heard.append("answer")
        self.answer = head
        self.received += data
        self.ended = ended

    @override
    def body_received(self, data: bytes, *, ended: bool) -> None:
        self.heard.append("body")
        self.received += data
        self.ended = ended

    @override
    def failed(self, failure: Failure, detail: str) -> None:
        self.heard.append("failed")
        self.failure, self.detail = failure, detail

    @override
    def writing_paused(self) -> None:
        self.heard.append("paused")

    @override
    def writing_resumed(self) -> None:
        self.heard.append("resumed")


def streamed(*, in_chunks: bool = False, size: int = 10) -> RecordedCall:
    """A call whose body follows by ``send_body``."""
    head = POST_IN_CHUNKS if in_chunks else POST.replace(b"10", b"%d" % size)
    call = RecordedCall(head, replayable=False)
    call.has_more = True
    call.chunks = in_chunks
    return call
