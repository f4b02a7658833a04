"""What an upstream may answer, and what must come of it (RFC 9112 unless said otherwise).

A case ends in one of four ways.  ``kept``: the answer is whole and the connection may carry
the next call.  ``closed``: the answer is whole and the connection must not.  ``open``: it goes
on until the upstream closes, and only that ends it.  ``refused``: what came is no answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

End = Literal["kept", "closed", "open", "refused"]

LENGTH: Final = b"Content-Length: 5\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
HELLO_IN_CHUNKS: Final = b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"


@dataclass(frozen=True)
class AnswerCase:
    """One answer, and where that is written."""

    name: str
    raw: bytes
    end: End
    body: bytes = b""
    status: int = 200
    interim: tuple[int, ...] = ()
    to_head: bool = False
    see: str = "6.3"


def head(*fields: bytes, status: bytes = b"200 OK", version: bytes = b"1.1") -> bytes:
    return b"HTTP/%b %b\r\n%b\r\n" % (version, status, b"".join(fields))


def whole_answers() -> Iterator[AnswerCase]:
    """Their end is told by their framing."""

    def case(name: str, raw: bytes, end: End = "kept", body: bytes = b"hello") -> AnswerCase:
        return AnswerCase(name, raw, end, body)

    yield case("with a length", head(LENGTH) + b"hello")
    yield case("with a length of nothing", head(b"Content-Length: 0\r\n"), body=b"")
    yield case("with zeros before the length", head(b"Content-Length: 0005\r\n") + b"hello")
    yield case("with spaces around the length", head(b"Content-Length:  5 \r\n") + b"hello")
    yield case("in chunks", head(CHUNKED) + HELLO_IN_CHUNKS)
    yield case("in no chunk but the last", head(CHUNKED) + b"0\r\n\r\n", body=b"")
    yield case("in chunks named in capitals", head(CHUNKED.upper()) + HELLO_IN_CHUNKS)
    yield case("in chunks with extensions", head(CHUNKED) + b"5;a=b\r\nhello\r\n0;c\r\n\r\n")
    yield case("in chunks with trailers", head(CHUNKED) + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n")
    yield case("without a reason", head(LENGTH, status=b"200 ") + b"hello")
    yield case("with bytes above ASCII", head(b"X: \xe9\xff\r\n", LENGTH) + b"hello")
    yield case("that offers an upgrade", head(b"Upgrade: h2c\r\n", LENGTH) + b"hello")
    kept = head(b"Connection: keep-alive\r\n", LENGTH, version=b"1.0") + b"hello"
    yield case("of HTTP/1.0 that keeps the connection", kept)
    yield case("of HTTP/1.0", head(LENGTH, version=b"1.0") + b"hello", "closed")
    yield case("that says close", head(b"Connection: close\r\n", LENGTH) + b"hello", "closed")
    both = head(b"Connection: keep-alive\r\nConnection: X, Close\r\n", LENGTH) + b"hello"
    yield case("that says close and keep-alive", both, "closed")
    yield case("with a byte too many", head(LENGTH) + b"hello\n", "closed")
    yield case("followed by another", (head(LENGTH) + b"hello") * 2, "closed")
    yield case("in chunks, with a byte too many", head(CHUNKED) + HELLO_IN_CHUNKS + b"0", "closed")
    old = head(CHUNKED, b"Connection: keep-alive\r\n", version=b"1.0") + HELLO_IN_CHUNKS
    yield AnswerCase("of HTTP/1.0 in chunks", old, "closed", b"hello", see="6.1")


def answers_without_body() -> Iterator[AnswerCase]:
    """Their method or status says so, whatever the fields say."""
    empty = b"204 No Content"
    same = b"304 Not Modified"
    yield AnswerCase("without content", head(status=empty), "kept", status=204)
    yield AnswerCase("not modified", head(LENGTH, status=same), "kept", status=304)
    yield AnswerCase("not modified, in chunks", head(CHUNKED, status=same), "kept", status=304)
    yield AnswerCase("to HEAD", head(LENGTH), "kept", to_head=True)
    yield AnswerCase("to HEAD in chunks", head(CHUNKED), "kept", to_head=True)
    yield AnswerCase("to HEAD without a length", head(), "kept", to_head=True)
    surplus = head(LENGTH) + b"hello"
    yield AnswerCase("to HEAD with a body", surplus, "closed", to_head=True)
    yield AnswerCase(
        "without content but with some", head(status=empty) + b"x", "closed", status=204
    )


def interim_answers() -> Iterator[AnswerCase]:
    """RFC 9110 section 15.2: any number of them, each without a body."""
    last = head(LENGTH) + b"hello"
    going_on = head(status=b"100 Continue")
    hints = head(b"Link: </a>\r\n", status=b"103 Early Hints")

    def case(name: str, raw: bytes, *interim: int) -> AnswerCase:
        return AnswerCase(name, raw + last, "kept", b"hello", interim=interim, see="9110 15.2")

    yield case("after 100", going_on)
    yield case("after 102", head(status=b"102 Processing"), 102)
    yield case("after 103", hints, 103)
    yield case("after several of them", hints + going_on + hints, 103, 103)
    yield case("after 103 with a length", head(LENGTH, status=b"103 X"), 103)


def open_answers() -> Iterator[AnswerCase]:
    """Only the end of the connection ends them."""
    yield AnswerCase("without a length", head() + b"hello", "open", b"hello")
    old = head(b"Connection: keep-alive\r\n", version=b"1.0")
    yield AnswerCase("without a length, of HTTP/1.0", old + b"hello", "open", b"hello")
    yield AnswerCase("without a length or a body", head(), "open")


def refused_heads() -> Iterator[AnswerCase]:
    """Framing in doubt, broken grammar, or not HTTP/1.x."""

    def case(name: str, *fields: bytes, see: str = "6.3") -> AnswerCase:
        return AnswerCase(name, head(*fields) + b"hello", "refused", see=see)

    yield case("with a length and a coding", LENGTH, CHUNKED)
    yield case("with a coding and a length", CHUNKED, LENGTH)
    yield case("with two lengths", LENGTH, b"Content-Length: 6\r\n")
    yield case("with two equal lengths", LENGTH, LENGTH)
    for length in (b"+5", b"-5", b"5, 5", b"5,6", b"0x5", b"", b"5 5", b"5.0", b"9" * 25):
        yield case(f"with the length {length!r}", b"Content-Length: %b\r\n" % length)
    for coding in (b"gzip, chunked", b"chunked, gzip", b"identity", b"chunked, chunked", b"x", b""):
        yield case(f"with the coding {coding!r}", b"Transfer-Encoding: %b\r\n" % coding, see="6.1")
    yield case("with two codings", CHUNKED, CHUNKED, see="6.1")
    yield case("with a NUL in a field", b"X: a\0b\r\n", LENGTH, see="9110 5.5")
    yield case("with a bare CR in a field", b"X: a\rb\r\n", LENGTH, see="2.2")
    yield case("with a bare LF after a field", b"X: a\n", LENGTH, see="2.2")
    yield case("with a folded field", b"X: a\r\n b\r\n", LENGTH, see="5.2")
    yield case("with a space before a colon", b"X : a\r\n", LENGTH, see="5.1")
    yield case("with a name that is none", b"X(: a\r\n", LENGTH, see="5.1")
    yield case("with a line without a colon", b"X\r\n", LENGTH, see="5")


def refused_beginnings() -> Iterator[AnswerCase]:
    """What comes is not the beginning of an HTTP/1.x answer."""

    def case(name: str, raw: bytes, see: str = "4") -> AnswerCase:
        return AnswerCase(name, raw, "refused", see=see)

    ok = head(LENGTH) + b"hello"
    yield case("after an empty line", b"\r\n" + ok)
    yield case("after a stray chunk's end", b"0\r\n\r\n" + ok)
    yield case("after a byte", b"\n" + ok)
    yield case("of HTTP/2.0", b"HTTP/2.0 200 OK\r\n\r\n")
    yield case("of HTTP/1.2", b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n")
    yield case("of HTTP/0.9", b"<html>hello</html>\r\n\r\n")
    yield case("of HTTP/2, its preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "9113 3.4")
    yield case("of HTTP/2, its settings", b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0d", "9113 6.5")
    yield case("of another protocol", b"SSH-2.0-OpenSSH_9.9\r\n")
    yield case("that is a TLS alert", b"\x15\x03\x01\0\x02\x02F")
    yield case("that is a request", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    for status in (b"20", b"2000", b"abc", b"099", b"000", b"-20", b"2 0"):
        yield case(f"with the status {status!r}", head(LENGTH, status=status + b" X") + b"hello")
    upgrade = head(b"Upgrade: x\r\nConnection: upgrade\r\n", status=b"101 Switching Protocols")
    yield case("with an upgrade that nobody asked for", upgrade, "9110 15.2.2")


def refused_bodies() -> Iterator[AnswerCase]:
    """Chunks that break their coding."""
    for name, body in (
        ("a size that is no number", b"x\r\nhello\r\n0\r\n\r\n"),
        ("an empty size", b"\r\nhello\r\n0\r\n\r\n"),
        ("a size with a prefix", b"0x5\r\nhello\r\n0\r\n\r\n"),
        ("a size with a sign", b"+5\r\nhello\r\n0\r\n\r\n"),
        ("a size beyond all bounds", b"FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"),
        ("a chunk longer than its size", b"4\r\nhello\r\n0\r\n\r\n"),
        ("a chunk shorter than its size", b"6\r\nhello\r\n0\r\n\r\n"),
        ("bare LFs", b"5\nhello\n0\n\n"),
        ("a trailer that is no field", b"5\r\nhello\r\n0\r\nX\r\n\r\n"),
    ):
        yield AnswerCase(f"in chunks with {name}", head(CHUNKED) + body, "refused", see="7.1")


CASES: Final = [
    *whole_answers(), *answers_without_body(), *interim_answers(), *open_answers(),
    *refused_heads(), *refused_beginnings(), *refused_bodies(),
]  # fmt: skip
