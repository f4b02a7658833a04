"""Any sequence of valid requests, cut anywhere, is the same sequence of requests."""

from dataclasses import dataclass

import h11
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.wire.chunked import LAST_CHUNK, chunk
from tests.fakes.application import Application, Seen
from tests.fakes.site import Site

NAMES = st.text("abcXYZ019-_", min_size=1, max_size=8).map(lambda name: b"X-" + name.encode())
VALUES = st.text('abc XYZ:;,="/\t', max_size=12).map(lambda value: value.encode().strip(b" \t"))
PATHS = st.text("abc/._-?=&%20", max_size=12).map(lambda path: b"/" + path.encode())
BODIES = st.lists(st.binary(min_size=1, max_size=30), max_size=4)


@dataclass
class Sent:
    """A request, and the same as bytes."""

    method: bytes
    target: bytes
    fields: list[tuple[bytes, bytes]]
    chunks: list[bytes]
    raw: bytes


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    method = draw(st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS"]))
    target = draw(PATHS)
    fields = draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    chunks = draw(BODIES)
    is_chunked = draw(st.booleans())
    body = b"".join(map(chunk, chunks)) + LAST_CHUNK if is_chunked else b"".join(chunks)
    framing = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: %d" % len(body)
    lines = [b"%b %b HTTP/1.1" % (method, target), b"Host: a.example"]
    lines += [b"%b:%b%b" % (name, draw(st.sampled_from([b"", b" ", b"\t "])), value)
              for name, value in fields]  # fmt: skip
    raw = b"\r\n".join([*lines, framing, b"", b""]) + body
    empty_lines = b"\r\n" * draw(st.integers(0, 2))
    return Sent(method, target, fields, chunks, empty_lines + raw)


def facts(seen: list[Seen]) -> list[object]:
    return [(one.method, one.target, one.fields, one.body) for one in seen]


def pieces(raw: bytes, cuts: set[int]) -> list[bytes]:
    ends = sorted(cut % (len(raw) + 1) for cut in cuts)
    return [raw[a:b] for a, b in zip([0, *ends], [*ends, len(raw)], strict=True)]


SEQUENCES = st.lists(requests(), min_size=1, max_size=4)
CUTS = st.sets(st.integers(0, 10_000), max_size=12)


class TestSequence:
    @given(SEQUENCES, CUTS)
    def test_is_seen_as_it_was_sent(self, sent: list[Sent], cuts: set[int]) -> None:
        application = Application()
        raw = b"".join(one.raw for one in sent)
        client = Site(application.handle).client().sends(*pieces(raw, cuts))
        assert facts(application.seen) == [
            (one.method, one.target, one.fields, b"".join(one.chunks)) for one in sent
        ]
        assert [status for status in client.statuses if status != 100] == [200] * len(sent)

    @given(SEQUENCES, CUTS, st.lists(st.integers(0, 3), max_size=20))
    def test_is_the_same_whenever_the_answers_come(
        self, sent: list[Sent], cuts: set[int], answers: list[int]
    ) -> None:
        application = Application(at_once=False)
        client = Site(application.handle).client()
        rounds = iter(answers)
        for piece in pieces(b"".join(one.raw for one in sent), cuts):
            client.sends(piece)
            for _ in range(min(next(rounds, 0), len(application.waiting))):
                application.answers()
        while application.waiting:
            application.answers()
        assert [one.target for one in application.seen] == [one.target for one in sent]
        assert client.statuses == [200] * len(sent)


def seen_by_h11(raw: bytes) -> list[object]:
    """Read requests with another implementation of RFC 9112."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(raw)
    seen: list[object] = []
    while connection.trailing_data[0] or not seen:
        request = connection.next_event()
        assert isinstance(request, h11.Request)
        body = b""
        while isinstance(data := connection.next_event(), h11.Data):
            body += bytes(data.data)
        assert isinstance(data, h11.EndOfMessage)
        own = {b"host", b"content-length", b"transfer-encoding"}
        fields = [(name, value) for name, value in request.headers if name not in own]
        seen.append((request.method, request.target, fields, body))
        connection.send(h11.Response(status_code=200, headers=[(b"content-length", b"0")]))
        connection.send(h11.EndOfMessage())
        connection.start_next_cycle()
    return seen


class TestAnotherImplementation:
    @given(SEQUENCES)
    def test_sees_the_same(self, sent: list[Sent]) -> None:
        raw = b"".join(one.raw.lstrip() for one in sent)  # h11 takes no empty lines
        application = Application()
        Site(application.handle).client().sends(raw)
        assert [
            (one.method, one.target, [(n.lower(), v) for n, v in one.fields], one.body)
            for one in application.seen
        ] == seen_by_h11(raw)
