from pathlib import Path

import pytest

from hedgerow.errors import ConfigError, StartError
from hedgerow.serve.settings.file import parse_toml, read_toml
from hedgerow.serve.settings.reader import settings_from_file
from tests.serve.settings.samples import UPSTREAM, has


def broken(data: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_toml(data, "hedgerow.toml")
    return str(caught.value)


class TestFile:
    def test_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "hedgerow.toml"
        path.write_text(UPSTREAM)
        assert list(settings_from_file(path).upstreams) == ["api"]

    def test_may_begin_with_a_byte_order_mark(self) -> None:
        assert parse_toml(b"\xef\xbb\xbfa = 1", "hedgerow.toml") == {"a": 1}

    def test_that_is_missing_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(StartError) as caught:
            read_toml(tmp_path / "x.toml")
        assert has(str(caught.value), str(tmp_path / "x.toml"), "missing", "-c")

    def test_that_is_missing_is_compared_with_those_beside_it(self, tmp_path: Path) -> None:
        (tmp_path / "hedgerow.toml").touch()
        with pytest.raises(StartError) as caught:
            read_toml(tmp_path / "hedgrow.toml")
        assert has(str(caught.value), f"Did you mean {tmp_path / 'hedgerow.toml'}?")

    def test_that_is_a_directory_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(StartError) as caught:
            read_toml(tmp_path)
        assert has(str(caught.value), "a directory", f"-c {tmp_path / 'hedgerow.toml'}")

    def test_that_cannot_be_read_says_why(self, tmp_path: Path) -> None:
        with pytest.raises(StartError) as caught:
            read_toml(tmp_path / ("x" * 300))
        assert has(str(caught.value), "File name too long", "a file that can be read")

    def test_that_is_not_utf8_says_the_line_and_the_byte(self) -> None:
        message = broken(b'[server]\naccess_log = "caf\xe9"\n')
        assert has(message, "hedgerow.toml line 2", "byte 0xe9", "UTF-8")


class TestSyntaxError:
    def test_says_line_column_and_what_stands_there(self) -> None:
        message = broken(b"[server]\nlisten 8080\n")
        assert has(message, "line 2, column 8", "listen 8080", "valid TOML", "'='")

    def test_at_the_end_says_the_last_line(self) -> None:
        assert has(broken(b"a = 1\nb = [1,\n"), "line 2", "b = [1,", "valid TOML")

    @pytest.mark.parametrize(
        "text",
        ["a = 1\na = 2", "[a]\n[a]", "a = {b = 1, b = 2}", "a.b = 1\na = 2"],
        ids=["key", "table", "inline", "table-and-key"],
    )
    def test_of_something_twice_says_to_remove_one(self, text: str) -> None:
        assert has(broken(text.encode()), "there only once", "Remove one")

    @pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = " + "[" * 5000])
    def test_of_what_no_person_writes_is_an_error_too(self, text: str) -> None:
        assert has(broken(text.encode()), "hedgerow.toml", "must be")

    def test_in_an_empty_line_is_no_trouble(self) -> None:
        assert has(broken(b"[\n"), "line 1")
