"""Finding what a name stands for."""

import os
from pathlib import Path

import pytest

from hedgerow.serve.files.finding import Finder, Found, FoundDirectory
from hedgerow.serve.files.rules import FileRules
from hedgerow.serve.files.stored import Stored
from hedgerow.serve.files.tree import Tree

GZIP = ("gzip", "identity")
ALL = ("br", "zstd", "gzip", "identity")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "dir").mkdir(parents=True)
    (root / "a.css").write_text("plain")
    (root / "dir" / "index.html").write_text("index")
    (tmp_path / "outside").write_text("outside, and long")
    return root


def finder(root: Path, rules: FileRules | None = None) -> Finder:
    return Finder(Tree(str(root)), rules or FileRules(), lambda: 4_000_000_000.0)


def found(
    root: Path, path: bytes, codings: tuple[str, ...] = ALL, rules: FileRules | None = None
) -> tuple[bytes, str] | str | None:
    """What is found: its path and encoding."""
    one = finder(root, rules).find(path, codings)
    if one is None:
        return None
    one.opened.close()
    return (one.path, one.coding) if isinstance(one, Found) else "a directory"


class TestFile:
    def test_is_found_as_it_is(self, root: Path) -> None:
        assert found(root, b"a.css") == (b"a.css", "identity")

    def test_is_found_in_the_encoding_that_is_liked_best(self, root: Path) -> None:
        for ending in ("gz", "br"):
            (root / f"a.css.{ending}").write_text("small")
        assert found(root, b"a.css", ALL) == (b"a.css", "br")
        assert found(root, b"a.css", GZIP) == (b"a.css", "gzip")
        assert found(root, b"a.css", ("identity", "gzip")) == (b"a.css", "identity")

    def test_is_not_found_in_one_that_was_forgotten_when_it_changed(self, root: Path) -> None:
        (root / "a.css.gz").write_text("small")
        then = (root / "a.css").stat().st_mtime_ns
        os.utime(root / "a.css.gz", ns=(0, then - 2_000_000_000))
        assert found(root, b"a.css", GZIP) == (b"a.css", "identity")
        os.utime(root / "a.css.gz", ns=(0, then - 500_000_000))
        assert found(root, b"a.css", GZIP) == (b"a.css", "gzip")

    def test_is_not_found_in_one_that_is_no_file_of_this_directory(self, root: Path) -> None:
        (root / "a.css.gz").symlink_to("../outside")
        (root / "a.css.br").mkdir()
        os.mkfifo(root / "a.css.zst")
        assert found(root, b"a.css", ALL) == (b"a.css", "identity")

    def test_is_not_found_in_any_where_that_is_off(self, root: Path) -> None:
        (root / "a.css.gz").write_text("small")
        rules = FileRules(precompressed=False)
        assert found(root, b"a.css", GZIP, rules) == (b"a.css", "identity")


class TestLargeFile:
    def test_is_described_once_until_it_changes(self, root: Path) -> None:
        (root / "large").write_bytes(b"x" * 100_000)
        made = finder(root)

        def described() -> Stored:
            one = made.find_file(b"large", ALL)
            assert one is not None
            one.opened.close()
            return one.stored

        first = described()
        assert described() is first
        os.utime(root / "large", ns=(0, 1))
        assert described().etag != first.etag

    def test_is_described_for_who_may_get_it(self, root: Path) -> None:
        (root / "large").write_bytes(b"x" * 100_000)
        made = finder(root)
        for by_accept in (False, True):
            one = made.find_file(b"large", ALL, by_accept=by_accept)
            assert one is not None
            one.opened.close()
            assert (b"Vary: Accept, " in one.stored.fields) is by_accept


class TestDirectory:
    def test_stands_for_its_index(self, root: Path) -> None:
        assert found(root, b"dir") == (b"dir/index.html", "identity")

    def test_stands_for_the_first_index_that_is_there(self, root: Path) -> None:
        (root / "dir" / "main.html").write_text("main")
        rules = FileRules((b"nothing.html", b"main.html", b"index.html"))
        assert found(root, b"dir", ALL, rules) == (b"dir/main.html", "identity")

    def test_without_one_is_itself(self, root: Path) -> None:
        assert found(root, b".") == "a directory"

    def test_has_no_index_that_is_a_directory_or_leads_outside(self, root: Path) -> None:
        (root / "index.html").mkdir()
        (root / "main.html").symlink_to("../outside")
        rules = FileRules((b"index.html", b"main.html"))
        assert found(root, b".", ALL, rules) == "a directory"

    def test_is_no_file(self, root: Path) -> None:
        (root / "plain").mkdir()
        assert finder(root).find_file(b"plain", ALL) is None


class TestListing:
    def names(self, root: Path, rules: FileRules | None = None) -> dict[bytes, int]:
        made = finder(root, rules or FileRules(index=()))
        directory = made.find(b".", ())
        assert isinstance(directory, FoundDirectory)
        with directory.opened:
            entries = made.entries(directory, b".")
        return {entry.name: entry.size for entry in entries if not entry.is_directory}

    def test_has_files_and_what_links_lead_to(self, root: Path) -> None:
        (root / "near").symlink_to("dir/index.html")
        assert self.names(root) == {b"a.css": 5, b"near": 5}

    def test_tells_nothing_of_what_is_outside_or_hidden(self, root: Path) -> None:
        (root / "far").symlink_to("../outside")
        (root / "up").symlink_to("..")
        (root / "broken").symlink_to("nothing")
        (root / ".hidden").write_text("x")
        os.mkfifo(root / "fifo")
        assert self.names(root) == {b"a.css": 5}
        assert b".hidden" in self.names(root, FileRules(index=(), shows_hidden=True))


def test_nothing_stays_open(root: Path) -> None:
    (root / "a.css.gz").mkdir()
    (root / "dir" / "main.html").mkdir()
    made = finder(root, FileRules((b"main.html", b"index.html")))
    before = len(os.listdir("/proc/self/fd"))
    for path in (b"a.css", b"dir", b".", b"nothing"):
        one = made.find(path, ALL)
        if one is not None:
            one.opened.close()
    assert len(os.listdir("/proc/self/fd")) == before
