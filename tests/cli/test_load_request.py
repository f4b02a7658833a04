"""The request of a URL run; refusals on whole command lines are in ``test_load``."""

import base64
from pathlib import Path

import pytest

from hedgerow.cli.load_flags import RequestFlags
from hedgerow.cli.load_request import doubtful_words, request_of
from hedgerow.errors import ConfigError

URL = "http://a.example/"


class TestBody:
    def test_is_a_text_or_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "body").write_bytes(b"\x00file")
        assert request_of(URL, RequestFlags(body="text")).body == b"text"
        assert request_of(URL, RequestFlags(body=f"@{tmp_path}/body")).body == b"\x00file"

    def test_must_be_a_file_that_is_there(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"-b = '@.*nowhere"):
            request_of(URL, RequestFlags(body=f"@{tmp_path}/nowhere"))

    def test_as_json_says_so(self) -> None:
        request = request_of(URL, RequestFlags(json_body="{}"))
        assert request.fields == (("Content-Type", "application/json"),)

    def test_leaves_a_type_that_was_given(self) -> None:
        given = ("content-type: application/ld+json",)
        request = request_of(URL, RequestFlags(json_body="{}", headers=given))
        assert request.fields == (("content-type", "application/ld+json"),)


class TestForm:
    def test_is_encoded(self) -> None:
        request = request_of(URL, RequestFlags(form=("a=b c&d", "e=")))
        assert request.body == b"a=b+c%26d&e="
        assert request.method == "POST"
        assert ("Content-Type", "application/x-www-form-urlencoded") in request.fields

    def test_keeps_templates(self) -> None:
        request = request_of(URL, RequestFlags(form=("a={rand:1..9}",)))
        assert request.body == b"a={rand:1..9}"

    def test_encodes_braces_where_there_are_no_templates(self) -> None:
        request = request_of(URL, RequestFlags(form=("a={seq}",), template=False))
        assert request.body == b"a=%7Bseq%7D"
        assert not request.is_template

    def test_needs_names(self) -> None:
        with pytest.raises(ConfigError, match="--form = 'a'"):
            request_of(URL, RequestFlags(form=("a",)))


class TestFields:
    def test_stay_in_their_order(self) -> None:
        request = request_of(URL, RequestFlags(headers=("B: 1", "A:  2: 3 ", "B:")))
        assert request.fields == (("B", "1"), ("A", "2: 3"), ("B", ""))

    @pytest.mark.parametrize("text", ["A", ": b", "Content-Length: 5", "A b: c"])
    def test_that_cannot_be_sent_are_refused(self, text: str) -> None:
        with pytest.raises(ConfigError):
            request_of(URL, RequestFlags(headers=(text,)))

    def test_hold_basic_authentication(self) -> None:
        request = request_of(URL, RequestFlags(auth="me:secret:x"))
        expected = f"Basic {base64.b64encode(b'me:secret:x').decode()}"
        assert request.fields == (("Authorization", expected),)

    def test_need_a_password_for_it(self) -> None:
        with pytest.raises(ConfigError, match="-a me:password"):
            request_of(URL, RequestFlags(auth="me"))


class TestLabel:
    def test_is_method_and_path(self) -> None:
        request = request_of("http://a.example/u/{seq}?x=1", RequestFlags(method="delete"))
        assert request.label == "DELETE /u/{seq}"


class TestDoubtfulWords:
    def test_are_found_wherever_they_stand(self) -> None:
        flags = RequestFlags(headers=("X: {uid}",), body="{mail}")
        request = request_of(f"{URL}?{{sequ}}", flags)
        found = doubtful_words(request)
        assert found == {"{uid}": "{uuid}", "{mail}": "{email}", "{sequ}": "{seq}"}

    def test_are_none_without_templates(self) -> None:
        request = request_of(URL, RequestFlags(body="{mail}", template=False))
        assert doubtful_words(request) == {}
