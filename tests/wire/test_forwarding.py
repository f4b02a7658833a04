import pytest

from hedgerow.wire.forwarding import (
    Forwarded,
    client_lines,
    downstream_fields,
    length_line,
    request_lines,
)
from hedgerow.wire.heads import RequestHead, RequestHeadParser, ResponseHeadParser

DATE = b"Date: Sat, 21 Nov 2026 00:00:00 GMT\r\n"
REQUESTS = RequestHeadParser(max_request_line=8192, max_fields=100)
ANSWERS = ResponseHeadParser()


def request(
    *fields: bytes, first: bytes = b"GET /x HTTP/1.1", host: bytes | None = b"a.example"
) -> RequestHead:
    lines = [first, *([b"Host: " + host] if host is not None else []), *fields, b"", b""]
    return REQUESTS.parse(b"\r\n".join(lines))


def sent(
    head: RequestHead,
    *,
    target: bytes = b"/y?q=1",
    peer: str = "198.51.100.7",
    is_tls: bool = False,
    forwarded: Forwarded = "replace",
) -> list[bytes]:
    """The lines that go upstream."""
    raw = request_lines(head, target, head.host or b"b.example")
    raw += client_lines(head, peer=peer, is_tls=is_tls, forwarded=forwarded)
    assert raw.endswith(b"\r\n")
    return raw[:-2].split(b"\r\n")


def field(lines: list[bytes], name: bytes) -> list[bytes]:
    return [line.partition(b": ")[2] for line in lines if line.lower().startswith(name + b":")]


def passed_on(*fields: bytes, first: bytes = b"HTTP/1.1 200 OK", date: bytes = DATE) -> list[bytes]:
    """The lines that go to the client."""
    raw = b"\r\n".join([first, *fields, b"", b""])
    lines = downstream_fields(ANSWERS.parse(raw, to_head=False, upstream="u"), date)
    return lines.split(b"\r\n")[:-1]


class TestRequest:
    def test_is_written_anew(self) -> None:
        assert sent(request()) == [
            b"GET /y?q=1 HTTP/1.1",
            b"Host: a.example",
            b"Via: 1.1 hedgerow",
            b"X-Forwarded-For: 198.51.100.7",
            b"X-Forwarded-Proto: http",
            b"X-Forwarded-Host: a.example",
        ]

    def test_keeps_order_spelling_and_repetition_of_end_to_end_fields(self) -> None:
        fields = [b"X-b: 1", b"cookie: a=1", b"X-A: 2", b"Cookie: b=2", b"ACCEPT: */*"]
        assert sent(request(*fields))[2:7] == fields

    def test_keeps_bytes_above_ascii(self) -> None:
        assert b"X: caf\xe9\xff" in sent(request(b"X: caf\xe9\xff"))

    @pytest.mark.parametrize(
        "line",
        [b"Connection: keep-alive", b"Keep-Alive: timeout=5", b"TE: trailers", b"Trailer: X",
         b"Proxy-Connection: keep-alive", b"Proxy-Authorization: Basic x", b"Expect: 100-continue",
         b"Proxy-Authenticate: x", b"HTTP2-Settings: x", b"Upgrade: h2c"],
    )  # fmt: skip
    def test_leaves_fields_about_this_hop_behind(self, line: bytes) -> None:
        assert sent(request(line)) == sent(request())

    def test_leaves_what_connection_names_behind(self) -> None:
        named = request(b"X-Own: 1", b"Connection: close, x-own ,X-Other", b"x-other: 2", b"X: 3")
        assert sent(named) == sent(request(b"X: 3"))

    @pytest.mark.parametrize(
        "line",
        [b"Authorization: Basic x", b"Cookie: a=1", b"Cache-Control: no-store"],
    )
    def test_keeps_what_a_client_may_not_take_away(self, line: bytes) -> None:
        name = line.partition(b":")[0]
        assert line in sent(request(line, b"Connection: " + name))

    def test_keeps_host_and_ours_whatever_connection_names(self) -> None:
        options = b"Connection: host, via, x-forwarded-for, x-forwarded-proto, x-forwarded-host"
        assert sent(request(options)) == sent(request())

    def test_keeps_its_body_whatever_connection_names(self) -> None:
        head = request(b"Content-Length: 5", b"Connection: content-length", first=b"PUT / HTTP/1.1")
        assert length_line(head, 5) == b"Content-Length: 5\r\n"

    def test_of_http_1_0_becomes_one_of_1_1(self) -> None:
        lines = sent(request(first=b"GET /x HTTP/1.0"))
        assert lines[0] == b"GET /y?q=1 HTTP/1.1"
        assert field(lines, b"via") == [b"1.0 hedgerow"]

    def test_without_a_host_gets_the_upstreams_and_forwards_none(self) -> None:
        lines = sent(request(first=b"GET /x HTTP/1.0", host=None))
        assert field(lines, b"host") == [b"b.example"]
        assert field(lines, b"x-forwarded-host") == []

    def test_is_never_given_a_framing_here(self) -> None:
        for framing in (b"Content-Length: 5", b"Transfer-Encoding: chunked"):
            assert sent(request(framing)) == sent(request())


class TestClient:
    def test_over_tls_is_told(self) -> None:
        assert field(sent(request(), is_tls=True), b"x-forwarded-proto") == [b"https"]

    def test_without_an_address_has_none_told(self) -> None:
        assert field(sent(request(), peer=""), b"x-forwarded-for") == []

    def test_with_a_long_address_is_told_as_it_is(self) -> None:
        assert field(sent(request(), peer="2001:db8::1"), b"x-forwarded-for") == [b"2001:db8::1"]

    def test_is_told_for_each_client_on_its_own(self) -> None:
        one, other = sent(request(), peer="192.0.2.1"), sent(request(), peer="192.0.2.2")
        assert field(one, b"x-forwarded-for") != field(other, b"x-forwarded-for")


CLAIMS = (
    b"X-Forwarded-For: 10.0.0.1",
    b"X-Forwarded-Proto: https",
    b"x-forwarded-host: claimed.example",
    b"Forwarded: for=10.0.0.1",
    b"Via: 1.1 claimed",
)


class TestClaimsOfAClient:
    """Replaced by what we see."""

    def test_about_itself_are_replaced(self) -> None:
        lines = sent(request(*CLAIMS))
        assert field(lines, b"x-forwarded-for") == [b"198.51.100.7"]
        assert field(lines, b"x-forwarded-proto") == [b"http"]
        assert field(lines, b"x-forwarded-host") == [b"a.example"]
        assert field(lines, b"forwarded") == []

    def test_about_its_way_are_kept(self) -> None:
        """Via protects from loops; nobody may drop it (RFC 9110 section 7.6.3)."""
        assert field(sent(request(*CLAIMS)), b"via") == [b"1.1 claimed, 1.1 hedgerow"]

    def test_in_several_fields_are_replaced_too(self) -> None:
        twice = request(b"X-Forwarded-For: 10.0.0.1", b"X-Forwarded-For: 10.0.0.2")
        assert field(sent(twice), b"x-forwarded-for") == [b"198.51.100.7"]

    def test_are_replaced_by_nothing_where_nothing_is_known(self) -> None:
        lines = sent(request(*CLAIMS), peer="")
        assert field(lines, b"x-forwarded-for") == []


class TestTrustedProxyInFront:
    """What it says is continued."""

    def lines(self, *fields: bytes, peer: str = "198.51.100.7") -> list[bytes]:
        return sent(request(*fields), peer=peer, forwarded="append")

    def test_has_its_list_of_addresses_continued(self) -> None:
        assert field(self.lines(*CLAIMS), b"x-forwarded-for") == [b"10.0.0.1, 198.51.100.7"]

    def test_has_its_list_continued_from_all_its_fields(self) -> None:
        twice = self.lines(b"X-Forwarded-For: 10.0.0.1", b"x-forwarded-for: 10.0.0.2")
        assert field(twice, b"x-forwarded-for") == [b"10.0.0.1, 10.0.0.2, 198.51.100.7"]

    def test_has_its_scheme_and_host_kept(self) -> None:
        lines = self.lines(*CLAIMS)
        assert field(lines, b"x-forwarded-proto") == [b"https"]
        assert field(lines, b"x-forwarded-host") == [b"claimed.example"]

    def test_has_its_forwarded_continued(self) -> None:
        """RFC 7239 section 4."""
        assert field(self.lines(*CLAIMS), b"forwarded") == [
            b"for=10.0.0.1, for=198.51.100.7;proto=http"
        ]

    @pytest.mark.parametrize(
        ("peer", "node"), [("2001:db8::1", b'"[2001:db8::1]"'), ("", b"unknown")]
    )
    def test_has_every_kind_of_address_continued(self, peer: str, node: bytes) -> None:
        """RFC 7239 section 6."""
        (value,) = field(self.lines(b"Forwarded: for=a", peer=peer), b"forwarded")
        assert value == b"for=a, for=%b;proto=http" % node

    def test_that_says_nothing_is_an_ordinary_client(self) -> None:
        assert self.lines() == sent(request())

    def test_has_gaps_filled(self) -> None:
        lines = self.lines(b"X-Forwarded-Proto: https")
        assert field(lines, b"x-forwarded-for") == [b"198.51.100.7"]
        assert field(lines, b"x-forwarded-host") == [b"a.example"]
        assert field(lines, b"forwarded") == []

    def test_without_an_address_of_its_own_leaves_the_list_as_it_is(self) -> None:
        assert field(self.lines(*CLAIMS, peer=""), b"x-forwarded-for") == [b"10.0.0.1"]


class TestFraming:
    def head(self, framing: bytes, method: bytes = b"POST") -> RequestHead:
        return request(framing, first=method + b" / HTTP/1.1")

    def test_of_a_body_at_hand_is_its_length(self) -> None:
        for framing in (b"Content-Length: 5", b"Transfer-Encoding: chunked"):
            assert length_line(self.head(framing), 5) == b"Content-Length: 5\r\n"

    def test_of_a_stream_is_what_it_was(self) -> None:
        assert length_line(self.head(b"Content-Length: 05"), None) == b"Content-Length: 5\r\n"
        chunked = self.head(b"Transfer-Encoding: chunked")
        assert length_line(chunked, None) == b"Transfer-Encoding: chunked\r\n"

    @pytest.mark.parametrize("method", [b"POST", b"PUT", b"PATCH"])
    def test_of_no_body_is_told_where_one_is_usual(self, method: bytes) -> None:
        assert length_line(self.head(b"X: y", method), 0) == b"Content-Length: 0\r\n"

    @pytest.mark.parametrize("method", [b"GET", b"HEAD", b"DELETE", b"OPTIONS"])
    def test_of_no_body_is_left_out_elsewhere(self, method: bytes) -> None:
        assert length_line(self.head(b"X: y", method), 0) == b""

    def test_of_an_empty_chunked_body_is_told_everywhere(self) -> None:
        chunked = self.head(b"Transfer-Encoding: chunked", b"DELETE")
        assert length_line(chunked, 0) == b"Content-Length: 0\r\n"


class TestAnswer:
    def test_keeps_order_spelling_and_repetition_of_end_to_end_fields(self) -> None:
        fields = [b"Set-Cookie: a=1", b"x-B: \xe9", DATE.strip(), b"SET-COOKIE: b=2", b"Server: s"]
        assert passed_on(*fields) == fields

    @pytest.mark.parametrize(
        "line",
        [b"Connection: keep-alive", b"Keep-Alive: timeout=5", b"Proxy-Connection: close",
         b"TE: trailers", b"Trailer: X", b"Upgrade: h2c", b"Content-Length: 5",
         b"Transfer-Encoding: chunked", b"Proxy-Authenticate: Basic",
         b"Proxy-Authentication-Info: x"],
    )  # fmt: skip
    def test_leaves_fields_about_this_hop_behind(self, line: bytes) -> None:
        assert passed_on(line, b"X: y") == [b"X: y", DATE.strip()]

    def test_leaves_what_connection_names_behind(self) -> None:
        fields = passed_on(b"X-Own: 1", b"Connection: x-own", b"connection: Other", b"other: 2")
        assert fields == [DATE.strip()]

    def test_gets_a_date_where_it_has_none(self) -> None:
        assert passed_on(b"X: y") == [b"X: y", DATE.strip()]

    def test_keeps_its_own_date(self) -> None:
        assert passed_on(b"date: then", b"X: y") == [b"date: then", b"X: y"]

    def test_has_one_date_whatever_connection_names(self) -> None:
        assert passed_on(b"Connection: date", b"Date: then") == [b"Date: then"]

    def test_keeps_when_to_come_back(self) -> None:
        assert b"Retry-After: 3" in passed_on(b"Retry-After: 3")

    def test_gets_today_s_date_each_time(self) -> None:
        """The other lines are built once for an answer that comes again and again."""
        head = ANSWERS.parse(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n", to_head=False, upstream="u")
        assert downstream_fields(head, b"Date: 1\r\n") == b"X: y\r\nDate: 1\r\n"
        assert downstream_fields(head, b"Date: 2\r\n") == b"X: y\r\nDate: 2\r\n"
