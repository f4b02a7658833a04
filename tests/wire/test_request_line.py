import httptools
import pytest

from hedgerow.errors import PeerError
from hedgerow.wire.request_line import METHODS, is_http11, origin_form, read_request_line


def status_of(line: bytes) -> int:
    with pytest.raises(PeerError) as caught:
        read_request_line(line)
    return caught.value.status


class TestRequestLine:
    def test_is_method_target_and_version(self) -> None:
        assert read_request_line(b"GET /a?b HTTP/1.1") == (b"GET", b"/a?b", True)

    def test_tells_http_1_0_apart(self) -> None:
        assert read_request_line(b"GET / HTTP/1.0") == (b"GET", b"/", False)

    def test_without_a_target_is_malformed(self) -> None:
        assert status_of(b"GET  HTTP/1.1") == 400

    @pytest.mark.parametrize("byte", [*range(0x21), 0x7F, *range(0x80, 0x100), *b'"#<>\\'])
    def test_has_no_byte_in_its_target_that_must_be_escaped(self, byte: int) -> None:
        assert status_of(b"GET /a%cb HTTP/1.1" % byte) == 400

    def test_names_a_version_of_http_that_is_not_spoken(self) -> None:
        assert [status_of(b"GET / HTTP/" + v) for v in (b"0.9", b"1.2", b"2.0")] == [505] * 3

    def test_with_anything_else_for_a_version_is_malformed(self) -> None:
        assert [status_of(b"GET / " + v) for v in (b"HTTP/1", b"http/1.1", b"HTTP/1.11")] == [
            400
        ] * 3


class TestMethod:
    @pytest.mark.parametrize("method", sorted(METHODS))
    def test_that_is_taken_is_one_that_the_parser_knows(self, method: bytes) -> None:
        httptools.HttpRequestParser(object()).feed_data(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")

    def test_that_is_a_token_but_unknown_is_not_implemented(self) -> None:
        assert status_of(b"BREW / HTTP/1.1") == 501

    def test_that_is_no_token_is_malformed(self) -> None:
        assert [status_of(m + b" / HTTP/1.1") for m in (b"\nGET", b"G(T", b"")] == [400] * 3

    def test_connect_is_not_implemented_whatever_its_target(self) -> None:
        assert [status_of(b"CONNECT " + t + b" HTTP/1.1") for t in (b"/", b"a:443")] == [501] * 2


class TestOriginForm:
    def test_of_an_absolute_target_names_its_host(self) -> None:
        assert origin_form(b"GET", b"http://b:81/x?y") == (b"/x?y", b"b:81")

    def test_of_a_target_without_a_path_is_the_root(self) -> None:
        assert origin_form(b"GET", b"HTTP://b?y") == (b"/?y", b"b")

    def test_of_options_without_a_path_is_the_whole_server(self) -> None:
        assert origin_form(b"OPTIONS", b"http://b") == (b"*", b"b")
        assert origin_form(b"OPTIONS", b"*") == (b"*", None)

    @pytest.mark.parametrize("target", [b"*", b"a:80", b"http://", b"http://u@b/", b"ftp://b/"])
    def test_of_anything_else_there_is_none(self, target: bytes) -> None:
        with pytest.raises(PeerError):
            origin_form(b"GET", target)


class TestVersion:
    def test_is_one_of_two(self) -> None:
        assert [is_http11(v) for v in (b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2")] == [
            True,
            False,
            None,
        ]
