"""Opening files beneath a directory, and nothing outside it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hedgerow.serve.files.tree import Links, Tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with a file, links that stay inside and links that do not."""
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "root"
    (root / "dir").mkdir(parents=True)
    (root / "file").write_text("file")
    (root / "dir" / "inner").write_text("inner")
    (root / "near").symlink_to("file")
    (root / "dir" / "up").symlink_to("../file")
    (root / "absolute").symlink_to(root / "file")
    (root / "out").symlink_to("../secret")
    (root / "far").symlink_to("/etc/passwd")
    (root / "loop").symlink_to("loop")
    (root / "away").symlink_to("..")
    (root / "broken").symlink_to("nothing")
    os.mkfifo(root / "fifo")
    return root


@pytest.fixture(params=["openat2", "step by step"])
def kernel(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def tree(root: Path, kernel: str, links: Links = "inside") -> Tree:
    made = Tree(str(root), links)
    if kernel != "openat2":
        made._libc = None
    return made


def content(tree: Tree, path: bytes) -> str | None:
    """What a path has, or "a directory"; None where it is not to be seen."""
    opened = tree.open(path)
    if opened is None:
        return None
    try:
        return "a directory" if opened.is_directory else os.read(opened.fd, 100).decode()
    finally:
        opened.close()


class TestFile:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            (b"file", "file"),
            (b"dir/inner", "inner"),
            (b"dir", "a directory"),
            (b".", "a directory"),
        ],
    )
    def test_is_opened(self, root: Path, kernel: str, path: bytes, expected: str) -> None:
        assert content(tree(root, kernel), path) == expected

    @pytest.mark.parametrize(
        "path", [b"nothing", b"file/x", b"dir/nothing", b"x" * 300, b"broken", b"loop"]
    )
    def test_that_is_not_there_is_none(self, root: Path, kernel: str, path: bytes) -> None:
        assert content(tree(root, kernel), path) is None

    def test_that_may_not_be_read_is_none(self, root: Path, kernel: str) -> None:
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        (root / "file").chmod(0)
        assert content(tree(root, kernel), b"file") is None


class TestLink:
    @pytest.mark.parametrize("path", [b"out", b"far", b"away/secret", b"away"])
    def test_that_leaves_is_not_followed(self, root: Path, kernel: str, path: bytes) -> None:
        assert content(tree(root, kernel), path) is None

    @pytest.mark.parametrize("path", [b"near", b"dir/up"])
    def test_that_stays_inside_is_followed(self, root: Path, path: bytes) -> None:
        assert content(Tree(str(root)), path) == "file"

    def test_that_is_absolute_is_not_followed(self, root: Path, kernel: str) -> None:
        assert content(tree(root, kernel), b"absolute") is None

    @pytest.mark.parametrize("path", [b"near", b"dir/up", b"out"])
    def test_is_not_followed_where_none_is(self, root: Path, kernel: str, path: bytes) -> None:
        assert content(tree(root, kernel, "none"), path) is None

    @pytest.mark.parametrize(("path", "expected"), [(b"out", "secret"), (b"near", "file")])
    def test_is_followed_anywhere_where_all_are(
        self, root: Path, kernel: str, path: bytes, expected: str
    ) -> None:
        assert content(tree(root, kernel, "all"), path) == expected


class TestSpecialFile:
    def test_is_refused_without_waiting(self, root: Path, kernel: str) -> None:
        """Opening a FIFO that nobody writes to waits for ever otherwise."""
        assert content(tree(root, kernel), b"fifo") is None

    def test_may_be_a_socket(self, root: Path, kernel: str) -> None:
        with socket.socket(socket.AF_UNIX) as sock:
            here = Path.cwd()
            try:
                os.chdir(root)  # the path of a socket has to be short
                sock.bind("sock")
            finally:
                os.chdir(here)
            assert content(tree(root, kernel), b"sock") is None

    @pytest.mark.parametrize("links", ["inside", "all"])
    def test_may_be_a_device(self, root: Path, kernel: str, links: Links) -> None:
        (root / "null").symlink_to("/dev/null")
        assert content(tree(root, kernel, links), b"null") is None


def descriptors() -> Iterator[str]:
    yield from os.listdir("/proc/self/fd")


def test_nothing_stays_open(root: Path, kernel: str) -> None:
    made = tree(root, kernel)
    before = len(list(descriptors()))
    for path in (b"file", b"dir/inner", b"fifo", b"out", b"nothing", b"file/x", b"dir/up"):
        content(made, path)
    assert len(list(descriptors())) == before


class TestDirectoryThatIsSwapped:
    def test_is_seen_after_a_second(self, tmp_path: Path, kernel: str) -> None:
        """Whoever publishes a version points a link at another directory."""
        for version in ("one", "two"):
            (tmp_path / version).mkdir()
            (tmp_path / version / "file").write_text(version)
        current = tmp_path / "current"
        current.symlink_to("one")
        made = tree(current, kernel)
        made.look(100.0)
        (tmp_path / "new").symlink_to("two")
        (tmp_path / "new").rename(current)
        made.look(100.9)
        assert content(made, b"file") == "one"
        made.look(101.0)
        assert content(made, b"file") == "two"

    def test_may_be_missing_for_a_while(self, tmp_path: Path, kernel: str) -> None:
        root = tmp_path / "root"
        root.mkdir()
        (root / "file").write_text("old")
        made = tree(root, kernel)
        root.rename(tmp_path / "old")
        made.look(100.0)
        assert content(made, b"file") == "old"
        root.mkdir()
        (root / "file").write_text("new")
        made.look(102.0)
        assert content(made, b"file") == "new"

    def test_leaves_nothing_open(self, tmp_path: Path, kernel: str) -> None:
        root = tmp_path / "root"
        root.mkdir()
        made = tree(root, kernel)
        before = len(list(descriptors()))
        for number in range(3):
            root.rename(tmp_path / str(number))
            root.mkdir()
            made.look(100.0 + number)
        assert len(list(descriptors())) == before
