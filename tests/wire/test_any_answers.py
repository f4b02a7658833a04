"""Any sequence of valid answers on one connection, cut anywhere, is the same sequence."""

from dataclasses import dataclass, field

import h11
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import Failure
from tests.fakes.client_transport import FakeLine
from tests.fakes.upstream_calls import RecordedCall
from tests.fakes.upstream_script import chunks

NAMES = st.text("abcXYZ019-_", min_size=1, max_size=8).map(lambda name: b"X-" + name.encode())
VALUES = st.text('abc XYZ:;,="/\t\xe9', max_size=12).map(lambda v: v.encode("latin-1").strip())
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=4)
STATUSES = st.sampled_from([200, 201, 204, 206, 304, 404, 429, 500, 503, 599])
PIECES = st.lists(st.binary(min_size=1, max_size=30), max_size=4)
CUTS = st.sets(st.integers(0, 10_000), max_size=12)


@dataclass
class Sent:
    """An answer, and the same as bytes."""

    interim: list[int]
    status: int
    fields: list[tuple[bytes, bytes]]
    body: bytes
    to_head: bool
    raw: bytes = field(repr=False)

    @property
    def outcome(self) -> tuple[list[int], int, bytes, bool, Failure | None]:
        return self.interim, self.status, self.body, True, None


@st.composite
def answers(draw: st.DrawFn) -> Sent:
    interim = draw(st.lists(st.sampled_from([100, 102, 103]), max_size=3))
    status, fields, pieces = draw(STATUSES), draw(FIELDS), draw(PIECES)
    to_head = draw(st.booleans())
    is_chunked = draw(st.booleans()) and status not in (204, 304)
    body = b"" if to_head or status in (204, 304) else b"".join(pieces)
    coded = chunks(*pieces) if is_chunked else b"".join(pieces)
    framing = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: %d" % len(coded)
    lines = [b"HTTP/1.1 %d %b" % (status, draw(VALUES)), framing]
    lines += [b"%b: %b" % one for one in fields]
    raw = b"".join(b"HTTP/1.1 %d X\r\n\r\n" % one for one in interim)
    raw += b"\r\n".join([*lines, b"", b""])
    raw += b"" if to_head or status in (204, 304) else coded
    return Sent([one for one in interim if one != 100], status, fields, body, to_head, raw)


def pieces(raw: bytes, cuts: set[int]) -> list[bytes]:
    ends = sorted({cut % len(raw) for cut in cuts} - {0})
    return [raw[a:b] for a, b in zip([0, *ends], [*ends, len(raw)], strict=True)]


def call_for(sent: Sent) -> RecordedCall:
    call = RecordedCall()
    call.to_head = sent.to_head
    return call


class TestSequence:
    @given(st.lists(st.tuples(answers(), CUTS), min_size=1, max_size=5))
    def test_is_heard_as_it_was_sent(self, sent: list[tuple[Sent, set[int]]]) -> None:
        line = FakeLine()
        for answer, cuts in sent:
            call = call_for(answer)
            line.carries(call).says(*pieces(answer.raw, cuts))
            assert call.outcome == answer.outcome
            assert call.answer is not None
            own = {b"content-length", b"transfer-encoding"}
            heard = [(n, v.strip()) for n, v in call.answer.fields if n.lower() not in own]
            assert heard == answer.fields
            assert line.is_reusable
        assert not line.transport.aborted

    @given(answers(), CUTS, st.integers(1, 10_000))
    def test_cut_short_is_a_failure(self, sent: Sent, cuts: set[int], missing: int) -> None:
        raw = sent.raw[: len(sent.raw) - 1 - missing % len(sent.raw)]
        call = call_for(sent)
        line = FakeLine().carries(call)
        line.says(*pieces(raw, cuts) if raw else []).closes()
        assert (call.failure, call.ended) == (Failure.RESET, False)

    @given(answers(), CUTS, st.binary(min_size=1, max_size=20))
    def test_with_anything_after_it_ends_the_connection(
        self, sent: Sent, cuts: set[int], surplus: bytes
    ) -> None:
        call = call_for(sent)
        line = FakeLine().carries(call).says(*pieces(sent.raw + surplus, cuts))
        assert call.outcome == sent.outcome
        assert line.transport.aborted or not line.is_reusable


class TestAnything:
    @given(st.binary(max_size=200), CUTS, st.booleans())
    def test_ends_a_call_once(self, raw: bytes, cuts: set[int], to_head: bool) -> None:
        call = RecordedCall()
        call.to_head = to_head
        FakeLine().carries(call).says(*pieces(raw, cuts) if raw else []).closes()
        assert call.is_done
        assert call.ended == (call.failure is None)
        assert call.heard.count("failed") <= 1


def heard_by_h11(sent: Sent) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """Read an answer with another implementation of RFC 9112."""
    connection = h11.Connection(h11.CLIENT)
    method = "HEAD" if sent.to_head else "GET"
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(sent.raw)
    while isinstance(head := connection.next_event(), h11.InformationalResponse):
        pass
    assert isinstance(head, h11.Response)
    body = b""
    while isinstance(data := connection.next_event(), h11.Data):
        body += bytes(data.data)
    assert isinstance(data, h11.EndOfMessage)
    own = {b"content-length", b"transfer-encoding"}
    return head.status_code, body, [(n, v) for n, v in head.headers if n not in own]


class TestAnotherImplementation:
    @given(answers())
    def test_hears_the_same(self, sent: Sent) -> None:
        lower = [(name.lower(), value) for name, value in sent.fields]
        assert heard_by_h11(sent) == (sent.status, sent.body, lower)
