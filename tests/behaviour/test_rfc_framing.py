"""RFC 9112: where messages begin and end, and what a connection is good for afterwards."""

from dataclasses import dataclass
from typing import Final

import pytest

from hedgerow.wire.request import Request
from tests.fakes.site import Site, get, post

HOST: Final = b"Host: a.example\r\n"


@dataclass(frozen=True)
class Rule:
    """What is sent, and what must come back: statuses, and whether it is the end."""

    section: str
    what: str
    raw: bytes
    statuses: list[int]
    closes: bool = False
    body: bytes | None = None  # as the handler got it


def rule_id(rule: Rule) -> str:
    return f"{rule.section} {rule.what}".replace(" ", "-")


def chunked(body: bytes, method: bytes = b"POST", version: bytes = b"1.1") -> bytes:
    head = b"%b / HTTP/%b\r\n%bTransfer-Encoding: chunked\r\n\r\n" % (method, version, HOST)
    return head + body


def head(line: bytes, *fields: bytes) -> bytes:
    return b"\r\n".join([line, *fields, b"", b""])


RULES: Final = (
    Rule("2.2", "empty lines before a request are read over", b"\r\n\r\n" + get(), [200]),
    Rule("2.2", "a bare LF is no line end", get().replace(b"\r\n", b"\n"), [400], closes=True),
    Rule("2.2", "a bare CR is refused", get(b"/", b"X: a\rb"), [400], closes=True),
    Rule(
        "2.2",
        "whitespace before the first field is refused",
        head(b"GET / HTTP/1.1", b" X: a", HOST[:-2]),
        [400],
        closes=True,
    ),
    Rule("2.3", "a lower minor version is served", head(b"GET / HTTP/1.0"), [200], closes=True),
    Rule(
        "2.3",
        "another major version is 505",
        head(b"GET / HTTP/2.0", HOST[:-2]),
        [505],
        closes=True,
    ),
    Rule("3", "whitespace inside the target is refused", get(b"/a b"), [400], closes=True),
    Rule("3", "a line that is too long is 414", get(b"/" + b"a" * 9000), [414], closes=True),
    Rule("3", "a method nobody knows is 501", get().replace(b"GET", b"BREW"), [501], closes=True),
    Rule("3.2", "no Host in HTTP/1.1 is 400", head(b"GET / HTTP/1.1"), [400], closes=True),
    Rule("3.2", "two Hosts are 400", get(b"/", b"Host: b.example"), [400], closes=True),
    Rule(
        "3.2",
        "a Host that is none is 400",
        head(b"GET / HTTP/1.1", b"Host: a/b"),
        [400],
        closes=True,
    ),
    Rule("3.2.1", "a path and a query", get(b"/a?b"), [200]),
    Rule("3.2.2", "a server accepts the absolute form", get(b"http://b.example/a"), [200]),
    Rule(
        "3.2.3", "the authority form is for CONNECT only", get(b"b.example:80"), [400], closes=True
    ),
    Rule("3.2.4", "the asterisk form is for OPTIONS only", get(b"*"), [400], closes=True),
    Rule("3.2.4", "OPTIONS of the server", get(b"*").replace(b"GET", b"OPTIONS"), [200]),
    Rule("5.1", "a space before the colon is refused", get(b"/", b"X : a"), [400], closes=True),
    Rule("5.1", "whitespace around a value is not part of it", get(b"/", b"X:\t a \t"), [200]),
    Rule("5.2", "folded lines are refused", get(b"/", b"X: a\r\n b"), [400], closes=True),
    Rule(
        "6",
        "a body is there by its framing and not by its method",
        get(b"/", b"Content-Length: 1") + b"a",
        [200],
        body=b"a",
    ),
    Rule(
        "6.1",
        "a coding that is not known is 501",
        chunked(b"").replace(b"chunked", b"gzip, chunked"),
        [501],
        closes=True,
    ),
    Rule(
        "6.1",
        "a coding and a length are refused",
        get(b"/", b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
        [400],
        closes=True,
    ),
    Rule(
        "6.1",
        "a coding in HTTP/1.0 is refused",
        chunked(b"0\r\n\r\n", version=b"1.0"),
        [400],
        closes=True,
    ),
    Rule("6.2", "a length", post(b"hello"), [200], body=b"hello"),
    Rule(
        "6.3",
        "a coding whose last is not chunked is 400",
        chunked(b"").replace(b"chunked", b"chunked, gzip"),
        [400],
        closes=True,
    ),
    Rule(
        "6.3",
        "a length that is no number is 400",
        get(b"/", b"Content-Length: 1a"),
        [400],
        closes=True,
    ),
    Rule(
        "6.3",
        "two lengths are 400",
        get(b"/", b"Content-Length: 1", b"Content-Length: 1"),
        [400],
        closes=True,
    ),
    Rule(
        "6.3",
        "without either there is no body",
        post(b"").replace(b"Content-Length: 0\r\n", b""),
        [200],
        body=b"",
    ),
    Rule(
        "7",
        "the names of codings have no case",
        chunked(b"0\r\n\r\n").replace(b"chunked", b"CHUNKED"),
        [200],
        body=b"",
    ),
    Rule(
        "7.1",
        "chunks",
        chunked(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
        [200],
        body=b"hello world",
    ),
    Rule(
        "7.1",
        "sizes with leading zeros",
        chunked(b"0005\r\nhello\r\n00\r\n\r\n"),
        [200],
        body=b"hello",
    ),
    Rule(
        "7.1",
        "a size that overflows is refused",
        chunked(b"1" + b"0" * 16 + b"\r\n"),
        [400],
        closes=True,
    ),
    Rule(
        "7.1.1",
        "extensions that are not known are ignored",
        chunked(b"1;a=b\r\nx\r\n0\r\n\r\n"),
        [200],
        body=b"x",
    ),
    Rule(
        "7.1.1",
        "extensions without end are refused",
        chunked(b"1;" + b"a" * 300),
        [400],
        closes=True,
    ),
    Rule("7.1.2", "trailers may be discarded", chunked(b"0\r\nX: a\r\n\r\n"), [200], body=b""),
    Rule("9.3", "HTTP/1.1 stays", get() + get(), [200, 200]),
    Rule(
        "9.3",
        "HTTP/1.0 stays only where it asks for it",
        get(b"/", b"Connection: keep-alive", version=b"1.0") + get(version=b"1.0"),
        [200, 200],
        closes=True,
    ),
    Rule(
        "9.3",
        "close wins over keep-alive",
        get(b"/", b"Connection: keep-alive, close"),
        [200],
        closes=True,
    ),
    Rule("9.3.2", "answers come in the order of requests", get(b"/a") + get(b"/b"), [200, 200]),
    Rule(
        "9.6",
        "nothing is served after close",
        get(b"/", b"Connection: close") + get(),
        [200],
        closes=True,
    ),
)


class Handler:
    """Answers each request when it is whole, with its own path."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def __call__(self, request: Request) -> None:
        self.bodies.append(b"")
        self._request = request
        if request.head.content_length or request.head.framing.name == "CHUNKED":
            request.sink = self
            request.accept_body()
        else:
            request.respond(200, b"", request.head.target)

    def body_received(self, data: bytes, *, ended: bool) -> None:
        self.bodies[-1] += data
        if ended:
            self._request.respond(200, b"", self._request.head.target)

    def client_left(self) -> None: ...
    def writing_paused(self) -> None: ...
    def writing_resumed(self) -> None: ...


def outcome(raw: bytes) -> tuple[list[int], bool, list[bytes], bytes]:
    handler = Handler()
    client = Site(handler).client().sends(raw)
    closed = client.transport.is_closing() or client.transport.wrote_eof
    return client.statuses, closed, handler.bodies, client.received


class TestRFC9112:
    @pytest.mark.parametrize("rule", RULES, ids=rule_id)
    def test_section(self, rule: Rule) -> None:
        statuses, closed, bodies, _ = outcome(rule.raw)
        assert [status for status in statuses if status != 100] == rule.statuses
        assert closed == rule.closes
        assert rule.body is None or bodies == [rule.body]

    def test_section_9_3_2_in_order(self) -> None:
        received = outcome(get(b"/first") + get(b"/second"))[3]
        assert received.index(b"/first") < received.index(b"/second")

    def test_section_9_6_says_close_on_the_last_answer(self) -> None:
        assert b"\r\nConnection: close\r\n" in outcome(get(b"/", b"Connection: close"))[3]

    def test_section_6_1_no_coding_to_http_1_0(self) -> None:
        def handle(request: Request) -> None:
            request.begin(200, b"", None, b"hello", ended=True)

        client = Site(handle).client().sends(get(version=b"1.0"))
        assert b"Transfer-Encoding" not in client.received
        assert client.received.endswith(b"\r\n\r\nhello")

    @pytest.mark.parametrize("status", [204, 304])
    def test_section_6_3_no_body_with(self, status: int) -> None:
        def handle(request: Request) -> None:
            request.begin(status, b"", None, b"hello", ended=True)

        client = Site(handle).client().sends(get())
        assert client.received.endswith(b"\r\n\r\n")
        assert b"Transfer-Encoding" not in client.received  # section 6.1

    def test_section_6_3_no_body_to_head(self) -> None:
        client = Site(Handler()).client().sends(get(b"/a").replace(b"GET", b"HEAD"))
        assert client.received.endswith(b"\r\n\r\n")
        assert b"Content-Length: 2\r\n" in client.received
