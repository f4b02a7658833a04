import gzip

import pytest

from hedgerow.load.generator.answer import Answer, Unusable
from hedgerow.load.outcome import Outcome
from tests.load.generator.fake_exchanger import answered, failed


def answer(status: int = 200, body: bytes = b"", **fields: str) -> Answer:
    return Answer(answered(status, body, **fields), "list")


class TestAnswer:
    def test_tells_what_came(self) -> None:
        came = answer(201, b"abc")
        assert (came.status, came.body, came.ok, came.error) == (201, b"abc", True, None)
        assert came.elapsed == 0.25

    def test_has_fields_in_whatever_case(self) -> None:
        headers = answer(Content_Type="text/html").headers
        assert headers["content-type"] == headers.get("CONTENT-TYPE") == "text/html"
        assert "Content-type" in headers
        assert list(headers) == [("content-type", "text/html")]

    def test_has_no_other_fields(self) -> None:
        headers = answer().headers
        assert headers.get("x") is None
        assert headers.get("x", "y") == "y"
        assert "x" not in headers
        with pytest.raises(KeyError):
            headers["x"]

    def test_keeps_fields_of_one_name_apart(self) -> None:
        raw = answered()
        raw.fields = [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2")]
        headers = Answer(raw, "list").headers
        assert headers.get_all("Set-Cookie") == ["a=1", "b=2"]
        assert headers["Set-Cookie"] == "a=1, b=2"


class TestText:
    def test_is_utf_8_where_nothing_else_is_said(self) -> None:
        assert answer(body="für".encode()).text() == "für"

    def test_is_in_the_charset_that_was_said(self) -> None:
        body = "für".encode("latin-1")
        assert answer(body=body, Content_Type='text/plain; charset="ISO-8859-1"').text() == "für"

    def test_is_there_also_where_it_is_broken(self) -> None:
        assert answer(body=b"f\xffr").text() == "f\ufffdr"
        assert answer(body=b"abc", Content_Type="text/plain; charset=klingon").text() == "abc"

    def test_is_unpacked(self) -> None:
        assert answer(body=gzip.compress(b"abc"), Content_Encoding="gzip").text() == "abc"


class TestJson:
    def test_is_read(self) -> None:
        assert answer(body=b'{"id": 7}').json() == {"id": 7}

    @pytest.mark.parametrize("body", [b"", b"<html>", b'"\xff"'])
    def test_that_is_none_fails_like_an_assertion(self, body: bytes) -> None:
        with pytest.raises(Unusable, match="not JSON"):
            answer(body=body).json()

    def test_of_an_answer_that_did_not_come_says_why(self) -> None:
        with pytest.raises(AssertionError, match="reset: gone"):
            Answer(failed(), "list").json()


class TestFailing:
    def test_counts_as_a_failed_check(self) -> None:
        came = answer()
        came.fail("too few items")
        assert (came.ok, came.outcome) == (False, Outcome.CHECK_FAILED)
        assert str(came.error) == "check_failed: too few items"

    def test_keeps_the_first_reason(self) -> None:
        came = Answer(failed(Outcome.TIMEOUT, "10s"), "list")
        came.fail("status is 0")
        assert (came.outcome, came.detail) == (Outcome.TIMEOUT, "10s")

    def test_is_too_late_once_it_is_counted(self) -> None:
        came = answer()
        came.is_counted = True
        with pytest.raises(RuntimeError, match=r"list is counted already.*before the next request"):
            came.fail("too few items")
