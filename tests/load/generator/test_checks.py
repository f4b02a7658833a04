"""Whether an answer is what was expected."""

import gzip

import pytest

from hedgerow.errors import ConfigError
from hedgerow.load.generator.checks import Checks
from hedgerow.load.plan import Expectation

DOCUMENT = b"""{"status": "ok", "n": 3, "yes": true, "none": null, "a.b": {"c": 1}, "$id": 5,
    "items": [{"price": 3.0, "tags": []}, {"price": 4}], "by": {"0": "zero"}}"""


def status(*texts: str) -> Checks:
    return Checks.of(Expectation(status=texts))


def json(*texts: str) -> Checks:
    return Checks.of(Expectation(json=texts))


def body(pattern: str) -> Checks:
    return Checks.of(Expectation(body=pattern))


class TestStatus:
    @pytest.mark.parametrize(
        ("texts", "good", "bad"),
        [
            ((), (100, 200, 204, 302, 399), (400, 404, 500, 999, 0, 99)),
            (("200",), (200,), (199, 201, 404)),
            (("2xx",), (200, 299), (199, 300)),
            (("4XX",), (400, 499), (200,)),
            (("200-202",), (200, 202), (199, 203)),
            (("200,204", "404"), (200, 204, 404), (201, 400)),
            (("200, 3xx",), (200, 301), (404,)),
        ],
    )
    def test_is_good_or_not(
        self, texts: tuple[str, ...], good: tuple[int, ...], bad: tuple[int, ...]
    ) -> None:
        checks = status(*texts)
        assert all(checks.good_status(code) for code in good)
        assert not any(checks.good_status(code) for code in bad)
        assert not checks.needs_body

    def test_failure_says_what_was_expected_and_what_came(self) -> None:
        assert status("200,3xx").failure(404, b"") == "expected status 200 or 3xx, got 404"
        assert status().failure(500, b"") == "expected status below 400, got 500"
        assert status().failure(204, b"anything") is None

    @pytest.mark.parametrize(
        "text", ["", "ok", "20", "2000", "20x", "0xx", "300-200", "000", "200,", "099-200"]
    )
    def test_is_refused_where_it_is_none(self, text: str) -> None:
        with pytest.raises(ConfigError, match="expected status"):
            status(text)


class TestBody:
    @pytest.mark.parametrize(
        ("pattern", "content"),
        [
            ("Welcome", b"<h1>Welcome, Ann</h1>"),
            (r"id=\d+$", b"id=17"),
            ("(?i)welcome", b"WELCOME"),
            ("Grüße?", "schöne Grüß".encode()),
            ("ok", b"\xff ok"),
        ],
    )
    def test_has_what_is_looked_for(self, pattern: str, content: bytes) -> None:
        assert body(pattern).needs_body
        assert body(pattern).failure(200, content) is None

    def test_without_it_is_shown_shortened(self) -> None:
        told = body("Welcome").failure(200, b"Sorry " * 100)
        assert told is not None
        assert told.startswith("expected the body to have Welcome, got Sorry Sorry")
        assert told.endswith("...")
        assert len(told) < 150

    @pytest.mark.parametrize(
        ("content", "shown"), [(b"", "an empty one"), (b"a\nb", r"'a\nb'"), (b"\x00", r"'\x00'")]
    )
    def test_is_shown_in_one_line(self, content: bytes, shown: str) -> None:
        assert body("x").failure(200, content) == f"expected the body to have x, got {shown}"

    def test_is_unpacked_first(self) -> None:
        assert body("Welcome").failure(200, gzip.compress(b"Welcome")) is None
        assert body("Welcome").failure(200, b"\x1f\x8bnot gzip") is not None

    def test_counts_only_with_a_good_status(self) -> None:
        assert body("ok").failure(503, b"ok") == "expected status below 400, got 503"

    @pytest.mark.parametrize("pattern", ["(", "[ä", "*"])
    def test_is_refused_where_the_expression_is_none(self, pattern: str) -> None:
        with pytest.raises(ConfigError, match="regular expression"):
            body(pattern)


class TestJson:
    @pytest.mark.parametrize(
        "text",
        [
            "status",
            "none",
            "items.0.price",
            "items[0].price",
            ".items[1].price",
            "$.items[1]",
            "items[0].tags",
            "by.0",
            'by["0"]',
            '["a.b"].c',
            "$id",
            "$",
            'status == "ok"',
            'status=="ok"',
            'status != "no"',
            "n == 3",
            "n >= 3",
            "n <= 3",
            "n < 4",
            "n > 2.5",
            "items.0.price == 3",
            "yes == true",
            "none == null",
            "items[0].tags == []",
            'items[1] == {"price": 4}',
            'by["0"] == "zero"',
            "yes != 1",
            "n != true",
            'status < "pl"',
        ],
    )
    def test_is_as_expected(self, text: str) -> None:
        assert json(text).needs_body
        assert json(text).failure(200, DOCUMENT) is None

    @pytest.mark.parametrize(
        "text",
        ["data", "items[2]", "items.price", "items[0].price.x", "status.0", "by.1", "a.b", "n.0"],
    )
    def test_without_the_value_fails(self, text: str) -> None:
        told = f"expected {text}, and there is no such value"
        assert json(text).failure(200, DOCUMENT) == told

    @pytest.mark.parametrize(
        ("text", "got"),
        [
            ('status == "no"', '"ok"'),
            ("n == 4", "3"),
            ('n == "3"', "3"),
            ("n != 3", "3"),
            ("n > 3", "3"),
            ("n < 3", "3"),
            ("yes == 1", "true"),
            ("n == true", "3"),
            ("yes > 0", "true"),
            ("status > 1", '"ok"'),
            ("none < 1", "null"),
            ("none == false", "null"),
        ],
    )
    def test_with_another_value_fails_and_shows_it(self, text: str, got: str) -> None:
        assert json(text).failure(200, DOCUMENT) == f"expected {text}, got {got}"

    def test_of_a_list_at_the_top_is_reached(self) -> None:
        assert json("[0].id", "$[1].id == 2").failure(200, b'[{"id": 1}, {"id": 2}]') is None
        assert json("$ == []").failure(200, b"[]") is None

    def test_fails_with_the_first_of_several_that_does(self) -> None:
        told = json("n == 3", "n == 4", "n == 5").failure(200, DOCUMENT)
        assert told == "expected n == 4, got 3"

    @pytest.mark.parametrize("content", [b"", b"<html>", b"{", b"[" * 100_000])
    def test_that_is_none_fails(self, content: bytes) -> None:
        told = json("a").failure(200, content)
        assert told is not None
        assert told.startswith("expected JSON, got ")
        assert len(told) < 120

    @pytest.mark.parametrize(
        "text",
        ["", "  ", "== 3", "a = 3", "a == ok", "a ==", "a b", "a[x]", "a[0", "[0]id", "a..b", "a.",
         "a == 'ok'", "a =~ b"],
    )  # fmt: skip
    def test_is_refused_where_it_cannot_be_understood(self, text: str) -> None:
        with pytest.raises(ConfigError, match="expected JSON"):
            json(text)

    def test_s_text_without_quotes_is_refused_with_the_way_out(self) -> None:
        with pytest.raises(ConfigError, match='in quotes, such as == "ok"'):
            json("status == ok")


class TestAllTogether:
    def test_must_hold(self) -> None:
        checks = Checks.of(Expectation(status=("200",), body='"n"', json=("n == 3",)))
        assert checks.failure(200, b'{"n": 3}') is None
        assert checks.failure(201, b'{"n": 3}') is not None
        assert checks.failure(200, b'{"m": 3}') is not None
        assert checks.failure(200, b'{"n": 4}') is not None
