"""Conditional requests: each rule with its section of RFC 9110."""

import pytest

from hedgerow.serve.files.conditions import Conditions, conditions, http_date
from tests.fakes.gateway_bench import request_head

TAG = b'"abc"'
MODIFIED = 784111777
THEN = "Sun, 06 Nov 1994 08:49:37 GMT"
BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
AFTER = "Sun, 06 Nov 1994 08:49:38 GMT"


def read(*lines: str, method: str = "GET") -> Conditions | None:
    raw = "\r\n".join([f"{method} /x HTTP/1.1", "Host: a", *lines, "", ""])
    return conditions(request_head(raw.encode("latin-1")))


def status(*lines: str, method: str = "GET", tag: bytes = TAG) -> int | None:
    asked = read(*lines, method=method)
    return None if asked is None else asked.status(tag, MODIFIED)


class TestStatus:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            pytest.param((), None, id="13 no condition"),
            pytest.param(('If-Match: "abc"',), None, id="13.1.1 the tag"),
            pytest.param(('If-Match: "x", "abc"',), None, id="13.1.1 one of a list"),
            pytest.param(('If-Match: "x"', 'If-Match: "abc"'), None, id="13.1.1 in two lines"),
            pytest.param(("If-Match: *",), None, id="13.1.1 any"),
            pytest.param(('If-Match: "x"',), 412, id="13.1.1 another tag"),
            pytest.param(('If-Match: W/"abc"',), 412, id="13.1.1 a weak one is not enough"),
            pytest.param(("If-Match: abc",), 412, id="13.1.1 not well-formed"),
            pytest.param(('If-None-Match: "abc"',), 304, id="13.1.2 the tag"),
            pytest.param(('If-None-Match: W/"abc"',), 304, id="13.1.2 a weak one is enough"),
            pytest.param(('If-None-Match: "x","abc"',), 304, id="13.1.2 one of a list"),
            pytest.param(("If-None-Match: *",), 304, id="13.1.2 any"),
            pytest.param(('If-None-Match: "x"',), None, id="13.1.2 another tag"),
            pytest.param((f"If-Modified-Since: {THEN}",), 304, id="13.1.3 not since"),
            pytest.param((f"If-Modified-Since: {AFTER}",), 304, id="13.1.3 long before"),
            pytest.param((f"If-Modified-Since: {BEFORE}",), None, id="13.1.3 since"),
            pytest.param(("If-Modified-Since: soon",), None, id="13.1.3 no date"),
            pytest.param((f"If-Unmodified-Since: {THEN}",), None, id="13.1.4 not since"),
            pytest.param((f"If-Unmodified-Since: {BEFORE}",), 412, id="13.1.4 since"),
            pytest.param(("If-Unmodified-Since: soon",), None, id="13.1.4 no date"),
            pytest.param(
                ('If-Match: "abc"', f"If-Unmodified-Since: {BEFORE}"), None, id="13.2.2 tag first"
            ),
            pytest.param(
                ('If-None-Match: "x"', f"If-Modified-Since: {THEN}"), None, id="13.2.2 tag counts"
            ),
            pytest.param(
                ('If-Match: "x"', 'If-None-Match: "abc"'), 412, id="13.2.2 If-Match before the rest"
            ),
        ],
    )
    def test_follows(self, lines: tuple[str, ...], expected: int | None) -> None:
        assert status(*lines) == expected

    def test_of_a_weak_tag_never_matches_strongly(self) -> None:
        assert status('If-Match: W/"abc"', tag=b'W/"abc"') == 412

    def test_takes_no_tag_out_of_the_middle_of_another(self) -> None:
        assert status('If-None-Match: "x"abc"') is None


class TestRange:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            pytest.param((), True, id="14.2 without If-Range"),
            pytest.param(('If-Range: "abc"',), True, id="13.1.5 the tag"),
            pytest.param(('If-Range: "x"',), False, id="13.1.5 another tag"),
            pytest.param(('If-Range: W/"abc"',), False, id="13.1.5 a weak tag"),
            pytest.param((f"If-Range: {THEN}",), True, id="13.1.5 the very date"),
            pytest.param((f"If-Range: {AFTER}",), False, id="13.1.5 a later date is none"),
            pytest.param(("If-Range: soon",), False, id="13.1.5 no date"),
        ],
    )
    def test_counts(self, lines: tuple[str, ...], *, expected: bool) -> None:
        asked = read("Range: bytes=0-1", *lines)
        assert asked is not None
        assert asked.wants_range(TAG, MODIFIED) is expected

    def test_is_for_get_only(self) -> None:
        asked = read("Range: bytes=0-1", method="HEAD")
        assert asked is not None
        assert not asked.wants_range(TAG, MODIFIED)


class TestDate:
    @pytest.mark.parametrize(
        "text", [THEN, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
    )
    def test_has_three_forms(self, text: str) -> None:
        assert http_date(text.encode()) == MODIFIED

    @pytest.mark.parametrize("text", ["", "0", "x" * 40, "Sun, 06 Nov 1994", "784111777"])
    def test_is_none_otherwise(self, text: str) -> None:
        assert http_date(text.encode()) is None


def test_heads_without_conditions_have_none() -> None:
    assert read("Accept: */*") is None
