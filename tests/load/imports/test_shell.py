"""A command line as its words."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.load.imports.shell import shell_words


class TestWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", []),
            ("  a  b\tc\n", ["a", "b", "c"]),
            ("a \\\n  b \\\r\n c", ["a", "b", "c"]),
            ("'a b' \"c d\"", ["a b", "c d"]),
            ("a'b'\"c\"$'d'", ["abcd"]),
            ("'' \"\"", ["", ""]),
            (r"'a\n$x'", [r"a\n$x"]),
            (r'"a\"b\\c\d\$"', [r'a"b\c\d$']),
            ('"a\\\nb"', ["ab"]),
            (r"a\ b \' \\", ["a b", "'", "\\"]),
            (r"$'it\'s\n\t\\\x41\u00e4\101\q'", ["it's\n\t\\Aä" + "A" + r"\q"]),
            (r"$'\ud83d\ude00'", ["😀"]),
            ("$HOME a$ * #x", ["$HOME", "a$", "*", "#x"]),
        ],
    )
    def test_are_read_as_a_shell_reads_them(self, text: str, words: list[str]) -> None:
        assert shell_words(text) == words

    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
    def test_that_were_quoted_come_back(self, words: list[str]) -> None:
        assert shell_words(shlex.join(words)) == words

    @pytest.mark.parametrize("text", ["a 'b", 'a "b', "a $'b", "a 'b' \\"])
    def test_that_are_cut_off_are_refused(self, text: str) -> None:
        with pytest.raises(ConfigError, match="whole command"):
            shell_words(text)
