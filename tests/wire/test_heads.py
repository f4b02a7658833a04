import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import PeerError
from hedgerow.wire.body import Framing
from hedgerow.wire.heads import RequestHead, RequestHeadParser


def head(first: bytes, *fields: bytes) -> bytes:
    return b"\r\n".join([first, *fields, b"", b""])


def parser() -> RequestHeadParser:
    return RequestHeadParser(max_request_line=200, max_fields=10)


def parsed(*fields: bytes, first: bytes = b"GET / HTTP/1.1") -> RequestHead:
    return parser().parse(head(first, b"Host: a.example", *fields))


def refusal(raw: bytes) -> PeerError:
    with pytest.raises(PeerError) as caught:
        parser().parse(raw)
    return caught.value


class TestFields:
    def test_end_to_end_keep_their_order_and_spelling(self) -> None:
        request = parsed(b"X-B: 1", b"x-a: 2", b"X-B: 3")
        assert request.fields == [(b"X-B", b"1"), (b"x-a", b"2"), (b"X-B", b"3")]

    def test_about_this_hop_are_set_apart(self) -> None:
        request = parsed(b"TE: trailers", b"Keep-Alive: timeout=5", b"Upgrade: h2c", b"Via: 1.1 x")
        assert request.fields == []
        assert [name for name, _ in request.apart] == [
            b"host", b"te", b"keep-alive", b"upgrade", b"via",
        ]  # fmt: skip

    def test_are_found_by_their_name_in_lower_case_without_whitespace_around(self) -> None:
        request = parsed(b"X-Key: \t one \t ", b"x-key: two")
        assert request.field(b"x-key") == b"one"
        assert request.field(b"x-other") is None

    def test_of_one_request_do_not_show_in_the_next(self) -> None:
        shared = parser()
        first = shared.parse(head(b"GET / HTTP/1.1", b"Host: a", b"X-A: 1"))
        second = shared.parse(head(b"GET / HTTP/1.1", b"Host: b", b"X-B: 2"))
        assert (first.fields, second.fields) == ([(b"X-A", b"1")], [(b"X-B", b"2")])


class TestFraming:
    def test_is_none_without_a_body(self) -> None:
        assert parsed().framing is Framing.NONE

    def test_is_none_for_a_length_of_zero(self) -> None:
        assert parsed(b"Content-Length: 0").framing is Framing.NONE

    def test_is_the_length(self) -> None:
        request = parsed(b"Content-Length: 007")
        assert (request.framing, request.content_length) == (Framing.LENGTH, 7)

    def test_is_chunked(self) -> None:
        assert parsed(b"Transfer-Encoding: Chunked").framing is Framing.CHUNKED

    def test_stays_what_it_is_where_an_upgrade_is_asked_for(self) -> None:
        fields = (b"Connection: upgrade", b"Upgrade: websocket", b"Content-Length: 5")
        assert parsed(*fields).framing is Framing.LENGTH


class TestKeepAlive:
    def test_is_the_rule_of_http_1_1_and_the_exception_of_1_0(self) -> None:
        assert parsed().keep_alive
        assert not parsed(first=b"GET / HTTP/1.0").keep_alive
        assert parsed(b"Connection: keep-alive", first=b"GET / HTTP/1.0").keep_alive

    @pytest.mark.parametrize("value", [b"close", b"Close", b"x, close", b"close,keep-alive"])
    def test_ends_with_close(self, value: bytes) -> None:
        assert not parsed(b"Connection: " + value).keep_alive
        assert not parsed(b"Connection: keep-alive", b"Connection: " + value).keep_alive

    def test_is_not_decided_by_proxy_connection(self) -> None:
        assert parsed(b"Proxy-Connection: close").keep_alive
        assert not parsed(b"Proxy-Connection: keep-alive", first=b"GET / HTTP/1.0").keep_alive


class TestConnectionOptions:
    def test_are_collected_from_all_fields_in_lower_case(self) -> None:
        request = parsed(b"Connection: X-A , te", b"Connection: x-b")
        assert request.connection_options == {b"x-a", b"te", b"x-b"}

    def test_are_none_for_plain_keep_alive(self) -> None:
        assert parsed(b"Connection: Keep-Alive").connection_options == frozenset()


class TestExpect:
    def test_is_heard_in_http_1_1_only(self) -> None:
        assert parsed(b"Expect: 100-continue").expects_continue
        assert not parsed(b"Expect: 100-continue", first=b"GET / HTTP/1.0").expects_continue

    def test_of_anything_else_is_417(self) -> None:
        assert refusal(head(b"GET / HTTP/1.1", b"Host: a", b"Expect: 200")).status == 417


class TestForwarding:
    @pytest.mark.parametrize("name", [b"Via", b"Forwarded", b"X-Forwarded-For"])
    def test_by_a_proxy_in_front_is_noticed(self, name: bytes) -> None:
        assert parsed(name + b": x").was_forwarded
        assert not parsed(b"X-Other: x").was_forwarded


class TestRefusal:
    def test_names_the_limit_of_the_request_line(self) -> None:
        error = refusal(head(b"GET /" + b"a" * 200 + b" HTTP/1.1", b"Host: a"))
        assert error.status == 414
        assert "200" in error.detail

    def test_names_the_limit_of_fields(self) -> None:
        error = refusal(head(b"GET / HTTP/1.1", b"Host: a", *[b"X: y"] * 10))
        assert error.status == 431
        assert "10" in error.detail


PLAIN = head(b"GET /next HTTP/1.1", b"Host: b.example", b"X-Next: y")
FIRST_LINES = st.sampled_from(
    [b"GET / HTTP/1.1", b"POST / HTTP/1.1", b"GET / HTTP/1.0", b"OPTIONS * HTTP/1.1",
     b"GET * HTTP/1.1", b"GET a HTTP/1.1", b"CONNECT a:1 HTTP/1.1", b"HEAD http://c/ HTTP/1.1"]
)  # fmt: skip
FIELD_LINES = st.lists(
    st.sampled_from(
        [b"Host: a.example", b"Host: a b", b"Content-Length: 5", b"Content-Length: 999999999",
         b"Content-Length: 0", b"Content-Length: x", b"Transfer-Encoding: chunked", b"X-A: y",
         b"Transfer-Encoding: gzip, chunked", b"Connection: close", b"Connection: keep-alive",
         b"Connection: close x", b"Connection: upgrade", b"Proxy-Connection: close", b"X : y",
         b"Upgrade: h2c", b"Expect: 100-continue", b"Expect: x", b" folded", b"X\0: y"]
    ),
    max_size=6,
)  # fmt: skip


class TestSharedParser:
    @given(st.lists(st.tuples(FIRST_LINES, FIELD_LINES), max_size=4))
    def test_reads_a_head_the_same_whatever_it_read_before(
        self, before: list[tuple[bytes, list[bytes]]]
    ) -> None:
        shared = parser()
        for first, fields in before:
            try:
                shared.parse(head(first, *fields))
            except PeerError:
                continue
        request = shared.parse(PLAIN)
        assert (request.target, request.host) == (b"/next", b"b.example")
        assert request.fields == [(b"X-Next", b"y")]
