"""What the settings say about files."""

import pytest

from hedgerow.serve.files.rules import CacheRule, FileRules


class TestCacheRule:
    @pytest.mark.parametrize(
        ("pattern", "path", "expected"),
        [
            ("*.js", b"app.js", True),
            ("*.js", b"deep/below/app.js", True),
            ("*.js", b"app.json", False),
            ("index.html", b"a/index.html", True),
            ("/index.html", b"a/index.html", False),
            ("/assets/*", b"assets/a.css", True),
            ("/assets/*", b"assets/deep/a.css", True),
            ("/assets/*", b"other/assets/a.css", False),
            ("*", b"anything", True),
            ("*.JS", b"app.js", False),
            ("*", b"\xff", True),
        ],
    )
    def test_is_for_names_or_for_paths(self, pattern: str, path: bytes, *, expected: bool) -> None:
        assert CacheRule(pattern, b"x").is_for(path) is expected

    def test_counts_if_it_is_the_first(self) -> None:
        rules = FileRules(cache=(CacheRule("*.js", b"one"), CacheRule("*", b"two")))
        assert rules.cache_line(b"a.js") == b"Cache-Control: one\r\n"
        assert rules.cache_line(b"a.css") == b"Cache-Control: two\r\n"

    def test_may_be_missing(self) -> None:
        assert FileRules().cache_line(b"a.js") == b""
