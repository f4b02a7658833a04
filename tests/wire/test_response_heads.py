"""Heads of answers, one by one; whole answers are in ``test_answer_cases``."""

import pytest

from hedgerow.errors import Failure, UpstreamError
from hedgerow.wire.body import Framing
from hedgerow.wire.heads import ResponseHead, ResponseHeadParser

PARSER = ResponseHeadParser()


def parsed(
    *fields: bytes, first: bytes = b"HTTP/1.1 200 OK", to_head: bool = False
) -> ResponseHead:
    raw = b"\r\n".join([first, *fields, b"", b""])
    return PARSER.parse(raw, to_head=to_head, upstream="up.example:80")


def refusal(*fields: bytes, first: bytes = b"HTTP/1.1 200 OK") -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        parsed(*fields, first=first)
    return caught.value


class TestFields:
    def test_keep_order_spelling_and_repetition(self) -> None:
        lines = [b"Set-Cookie: a=1", b"x-MIXED: B", b"Set-Cookie: b=2", b"Empty:"]
        assert parsed(*lines).fields == [
            (b"Set-Cookie", b"a=1"), (b"x-MIXED", b"B"), (b"Set-Cookie", b"b=2"), (b"Empty", b""),
        ]  # fmt: skip

    def test_keep_bytes_above_ascii(self) -> None:
        value = bytes(range(0x80, 0x100))
        assert parsed(b"X: " + value).fields == [(b"X", value)]

    @pytest.mark.parametrize("byte", [*range(0x09), *range(0x0A, 0x20), 0x7F])
    def test_must_not_have_control_characters(self, byte: int) -> None:
        assert refusal(b"X: a%bb" % bytes([byte])).failure is Failure.PROTOCOL

    def test_may_have_tabs(self) -> None:
        assert parsed(b"X: a\tb").fields == [(b"X", b"a\tb")]

    def test_of_one_answer_do_not_show_in_the_next(self) -> None:
        first = parsed(b"A: 1")
        assert parsed(b"B: 2").fields == [(b"B", b"2")]
        assert first.fields == [(b"A", b"1")]

    def test_of_a_refused_answer_do_not_show_in_the_next(self) -> None:
        refusal(b"A: 1", b"Content-Length: x")
        assert parsed(b"B: 2").fields == [(b"B", b"2")]

    @pytest.mark.parametrize(
        "name",
        [b"Connection", b"Keep-Alive", b"Proxy-Connection", b"Proxy-Authenticate", b"TE",
         b"Proxy-Authentication-Info", b"Trailer", b"Transfer-Encoding", b"Upgrade"],
    )  # fmt: skip
    def test_about_this_hop_are_set_apart(self, name: bytes) -> None:
        assert parsed(name + b": chunked", name.lower() + b"-x: y").fields[1:] == []

    def test_tell_of_a_date_and_when_to_come_back_and_stay(self) -> None:
        response = parsed(b"Date: then", b"retry-after: 3")
        assert (response.has_date, response.retry_after) == (True, b"3")
        assert response.fields == [(b"Date", b"then"), (b"retry-after", b"3")]


class TestFraming:
    def test_is_by_length(self) -> None:
        response = parsed(b"Content-Length: 7")
        assert (response.framing, response.content_length) == (Framing.LENGTH, 7)

    def test_is_in_chunks(self) -> None:
        assert parsed(b"Transfer-Encoding: Chunked ").framing is Framing.CHUNKED

    def test_is_until_close_without_either(self) -> None:
        response = parsed()
        assert (response.framing, response.keep_alive) == (Framing.UNTIL_CLOSE, False)

    @pytest.mark.parametrize("status", [100, 102, 103, 199, 204, 304])
    def test_is_none_for_some_statuses(self, status: int) -> None:
        response = parsed(b"Content-Length: 7", first=b"HTTP/1.1 %d X" % status)
        assert (response.framing, response.content_length) == (Framing.NONE, 7)

    def test_is_none_for_an_answer_to_head(self) -> None:
        response = parsed(b"Content-Length: 7", to_head=True)
        assert (response.framing, response.content_length) == (Framing.NONE, 7)

    def test_in_doubt_is_refused_even_where_there_is_no_body(self) -> None:
        fields = (b"Content-Length: 7", b"Transfer-Encoding: chunked")
        assert refusal(*fields, first=b"HTTP/1.1 304 X").failure is Failure.PROTOCOL

    def test_may_be_as_long_as_anybody_can_send(self) -> None:
        assert parsed(b"Content-Length: 999999999999999999").content_length == 10**18 - 1


class TestKeepAlive:
    @pytest.mark.parametrize(
        ("version", "fields", "stays"),
        [
            (b"1.1", [], True),
            (b"1.0", [], False),
            (b"1.0", [b"Connection: Keep-Alive"], True),
            (b"1.1", [b"Connection: close"], False),
            (b"1.1", [b"connection: CLOSE"], False),
            (b"1.1", [b"Connection: a, close ,b"], False),
            (b"1.1", [b"Connection: close", b"Connection: keep-alive"], False),
            (b"1.1", [b"Connection: keep-alive", b"Connection: close"], False),
            (b"1.0", [b"Connection: keep-alive, X"], True),
            (b"1.0", [b"Proxy-Connection: keep-alive"], False),
            (b"1.1", [b"Connection: closed"], True),
            (b"1.0", [b"Keep-Alive: timeout=5"], False),
        ],
    )
    def test_follows_version_and_connection(
        self, version: bytes, fields: list[bytes], stays: bool
    ) -> None:
        response = parsed(b"Content-Length: 0", *fields, first=b"HTTP/%b 200 OK" % version)
        assert response.keep_alive is stays


class TestRefusal:
    def test_names_the_upstream(self) -> None:
        assert "up.example:80" in str(refusal(b"Content-Length: x"))

    def test_of_an_upgrade_says_so(self) -> None:
        fields = (b"Connection: upgrade", b"Upgrade: websocket")
        assert "upgrade" in refusal(*fields, first=b"HTTP/1.1 101 Switching Protocols").detail

    def test_of_an_upgrade_holds_without_its_fields(self) -> None:
        assert refusal(first=b"HTTP/1.1 101 X").failure is Failure.PROTOCOL
