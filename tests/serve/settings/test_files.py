"""What can be set about files."""

from pathlib import Path

import pytest

from hedgerow.serve.files.assembly import file_rules
from hedgerow.serve.settings import Files
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.serve.settings.show import show
from tests.serve.settings.samples import bare_refusal, has


def text(root: Path, more: str = "") -> str:
    return f'[[route]]\npath = "/"\nroot = {{dir = "{root}"{", " if more else ""}{more}}}'


def files(root: Path, more: str = "") -> Files:
    found = settings_from_text(text(root, more)).routes[0].root
    assert found is not None
    return found


class TestFiles:
    def test_may_be_a_directory_and_nothing_else(self, tmp_path: Path) -> None:
        short = settings_from_text(f'[[route]]\npath = "/"\nroot = "{tmp_path}"').routes[0].root
        assert short == files(tmp_path) == Files(dir=str(tmp_path))

    def test_are_careful_where_nothing_is_said(self, tmp_path: Path) -> None:
        found = files(tmp_path)
        assert (found.links, found.hidden, found.listing) == ("inside", False, False)
        assert found.index == ("index.html",)

    def test_are_shown_as_they_were_given(self, tmp_path: Path) -> None:
        more = 'index = ["a.html", "b.html"], links = "none", cache = {"*.js" = "1h"}'
        settings = settings_from_text(text(tmp_path, more))
        assert settings_from_text(show(settings)).routes == settings.routes

    @pytest.mark.parametrize(
        ("more", "facts"),
        [
            ('links = "some"', ("root.links = 'some'", "inside", "none", "all")),
            ('index = ["../a"]', ("root.index", "the name of a file in the directory")),
            ('fallback = "a/."', ("root.fallback", "the name of a file in the directory")),
            ('not_found = "a/../../b"', ("root.not_found", "the name of a file")),
            ('listing = "yes"', ("root.listing", "true or false")),
            ('cache = {"*" = "soon"}', ("root.cache", 'a time such as "1h" or "off"')),
            ('cache = {"*" = "1h, forever"}', ("root.cache", "immutable, private")),
            ('cache = {"*" = 3600}', ("root.cache", "a time in quotes")),
            ("autoindex = true", ("root.autoindex",)),
        ],
    )
    def test_are_nothing_else(self, tmp_path: Path, more: str, facts: tuple[str, ...]) -> None:
        assert has(bare_refusal(text(tmp_path, more)), "[route 1]", *facts)


class TestCache:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("1h", b"public, max-age=3600"),
            ("365d, immutable", b"public, max-age=31536000, immutable"),
            ("10m, private", b"max-age=600, private"),
            ("0s, must-revalidate", b"public, max-age=0, must-revalidate"),
            ("off", b"no-cache"),
        ],
    )
    def test_is_a_time_with_words(self, tmp_path: Path, value: str, expected: bytes) -> None:
        rules = file_rules(files(tmp_path, f'cache = {{"*" = "{value}"}}'))
        assert rules.cache_line(b"a") == b"Cache-Control: " + expected + b"\r\n"
