"""The words in which a test says what an upstream does (see ``tests.fakes.upstream``)."""

import enum
from collections.abc import Sequence


class Act(enum.Enum):
    """What a behaviour may do apart from sending and waiting."""

    EARLY = enum.auto()  # anywhere in it: begin at the request's head, before its body
    CLOSE = enum.auto()  # cleanly, whatever the answer said
    END = enum.auto()  # of what we send, by a bare FIN: under TLS without a goodbye
    RESET = enum.auto()
    HANG = enum.auto()  # until the other end has had enough
    STOP_READING = enum.auto()  # the sender's buffers fill up
    READ_ON = enum.auto()


#: Step by step: bytes are sent as they stand, a number is a pause in seconds.
Behaviour = Sequence[bytes | float | Act]


def answer(status: int = 200, *fields: str, body: bytes = b"ok", chunked: bool = False) -> bytes:
    """A whole answer as bytes; cut it up to send it in pieces."""
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = "\r\n".join([f"HTTP/1.1 {status} X", framing, *fields, "", ""]).encode()
    return head + (chunks(body) if chunked else body)


def chunks(*pieces: bytes) -> bytes:
    """A body in the chunked coding, with its end."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))
