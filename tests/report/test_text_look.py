import pytest

from hedgerow.report.text_look import columns, cut, look, safe

SIGNS = look(width=80, unicode=True)


class TestSafe:
    @pytest.mark.parametrize("text", ["GET /", "überall", "日本", ""])
    def test_leaves_what_can_be_printed(self, text: str) -> None:
        assert safe(text) == text

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("a\nb", r"a\nb"),
            ("\x1b[31m", r"\x1b[31m"),
            ("\u202e", r"\u202e"),
            ("\udcff", r"\udcff"),
        ],
    )
    def test_tells_the_rest_as_escapes(self, text: str, told: str) -> None:
        assert safe(text) == told


class TestCut:
    def test_leaves_what_fits(self) -> None:
        assert cut("abc", 3, SIGNS) == "abc"

    def test_shows_that_something_is_missing(self) -> None:
        assert cut("abcd", 3, SIGNS) == "ab…"


class TestColumns:
    def test_are_aligned_to_the_right_but_the_first(self) -> None:
        assert columns([["a", "1"], ["bcd", "234"]]) == ["a      1", "bcd  234"]
