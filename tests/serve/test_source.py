"""Where a request says something, and what is read there."""

import pytest

from hedgerow.serve.source import Source
from tests.fakes.gateway_bench import request_head


def read(
    source: Source, *lines: str, values: dict[str, str] | None = None, query: str = ""
) -> object:
    text = "\r\n".join(["GET / HTTP/1.1", "Host: a.test", *lines, "", ""])
    return source.read(request_head(text.encode()), values or {}, query.encode())


class TestPath:
    def test_says_what_its_parameter_is(self) -> None:
        assert read(Source("path", "t"), values={"t": "700"}) == "700"

    def test_without_the_parameter_says_nothing(self) -> None:
        assert read(Source("path", "t"), values={"u": "700"}) is None


class TestQuery:
    @pytest.mark.parametrize(
        ("query", "text"),
        [
            ("a=1&t=700&t=9", "700"),
            ("t=%2F+x", "/ x"),
            ("t=", ""),
            ("t", ""),
            ("", None),
            ("tt=7", None),
        ],
    )
    def test_says_the_first_value(self, query: str, text: str | None) -> None:
        assert read(Source("query", "t"), query=query) == text


class TestHeader:
    def test_is_found_in_any_case(self) -> None:
        assert read(Source("header", "X-Time"), "x-tIME: 700 ") == "700"

    def test_says_the_first_value(self) -> None:
        assert read(Source("header", "x-time"), "X-Time: 1", "X-Time: 2") == "1"

    def test_without_the_field_says_nothing(self) -> None:
        assert read(Source("header", "X-Time"), "X-Times: 700") is None
