"""What a path stands for beneath a directory."""

import pytest

from hedgerow.serve.files.names import Name, name_of


def segments(path: bytes, *, shows_hidden: bool = False) -> tuple[bytes, ...] | int:
    found = name_of(path, shows_hidden=shows_hidden)
    return found.segments if isinstance(found, Name) else found


class TestName:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            (b"", ()),
            (b"a/b.txt", (b"a", b"b.txt")),
            (b"a%20b", (b"a b",)),
            (b"a%2520b", (b"a%20b",)),
            (b"%C3%A9.txt", (b"\xc3\xa9.txt",)),
            (b"a//b", (b"a", b"b")),
            (b"a/", (b"a",)),
        ],
    )
    def test_is_decoded_once(self, path: bytes, expected: tuple[bytes, ...]) -> None:
        assert segments(path) == expected

    @pytest.mark.parametrize(("path", "is_it"), [(b"", True), (b"a/", True), (b"a", False)])
    def test_tells_directories_by_their_slash(self, path: bytes, *, is_it: bool) -> None:
        found = name_of(path, shows_hidden=False)
        assert isinstance(found, Name)
        assert found.is_directory is is_it

    @pytest.mark.parametrize("path", [b"%", b"%2", b"a%zz", b"%00", b"a%00.txt"])
    def test_is_none_where_the_path_is_not_well_formed(self, path: bytes) -> None:
        assert segments(path) == 400

    @pytest.mark.parametrize(
        "path",
        [b"a%2Fb", b"a%5Cb", b"a\\b", b"%2e%2e", b"a/%2E%2e/b", b"..", b"x" * 256, b"y/" * 3000],
    )
    def test_is_none_that_a_file_could_have(self, path: bytes) -> None:
        assert segments(path) == 404


class TestHiddenName:
    @pytest.mark.parametrize("path", [b".git", b"a/.env", b".git/config", b"%2egit"])
    def test_is_not_shown(self, path: bytes) -> None:
        assert segments(path) == 404

    def test_may_be_shown(self) -> None:
        assert segments(b".git/config", shows_hidden=True) == (b".git", b"config")

    def test_is_meant_to_be_seen_in_one_directory(self) -> None:
        """RFC 8615."""
        assert segments(b".well-known/security.txt") == (b".well-known", b"security.txt")
