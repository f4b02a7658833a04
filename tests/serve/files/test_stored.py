"""What is known of a file in one encoding."""

import os
from pathlib import Path

import pytest

from hedgerow.serve.files.stored import Stored, describe

NOW = 1_000_000_000.5
DATE = b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"


def described(path: Path, coding: str = "identity", vary: bytes = b"") -> Stored:
    status = path.stat()
    return describe(status, b"text/plain", coding, latest=NOW, vary=vary, cache_line=b"")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("hello")
    os.utime(path, ns=(0, 784111777_123456789))
    return path


class TestTag:
    def test_is_strong(self, file: Path) -> None:
        assert described(file).etag.startswith(b'"')

    def test_stays_while_the_file_does(self, file: Path) -> None:
        assert described(file).etag == described(file).etag

    def test_is_another_after_a_nanosecond(self, file: Path) -> None:
        before = described(file).etag
        os.utime(file, ns=(0, 784111777_123456790))
        assert described(file).etag != before

    def test_is_another_for_another_size(self, file: Path) -> None:
        before, status = described(file).etag, file.stat()
        file.write_text("hello!")
        os.utime(file, ns=(0, status.st_mtime_ns))
        assert described(file).etag != before

    @pytest.mark.parametrize(("seconds", "is_same"), [(784111777, True), (1, False)])
    def test_is_the_same_on_two_machines_if_the_time_tells_something(
        self, file: Path, tmp_path: Path, seconds: int, *, is_same: bool
    ) -> None:
        """Files of reproducible archives have the first second of 1970, or of 1980."""
        copy = tmp_path / "copy"
        copy.write_text("hello")
        for path in (file, copy):
            os.utime(path, (seconds, seconds))
        assert (described(file).etag == described(copy).etag) is is_same

    def test_is_another_in_each_encoding(self, file: Path) -> None:
        """RFC 9110 section 8.8.3.3."""
        plain = described(file)
        tags = {plain.etag, described(file, "br").etag, described(file, "gzip").etag}
        assert len(tags) == 3
        assert plain.smaller(b"x").etag not in {plain.etag, described(file, "br").etag}


class TestFields:
    def test_tell_all_of_the_file_but_its_length(self, file: Path) -> None:
        lines = described(file, vary=b"Accept-Encoding").fields.split(b"\r\n")
        assert lines[:3] == [
            b"Content-Type: text/plain",
            b"Vary: Accept-Encoding",
            b"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
        ]
        assert lines[-2:] == [b"Accept-Ranges: bytes", b""]

    @pytest.mark.parametrize(
        ("seconds", "expected"),
        [
            (-86_400, b"Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_000_000_000, b"Sun, 09 Sep 2001 01:46:40 GMT"),
            (1_000_000_060, b"Sun, 09 Sep 2001 01:46:40 GMT"),
        ],
    )
    def test_tell_no_time_that_is_still_to_come_or_strange(
        self, file: Path, seconds: int, expected: bytes
    ) -> None:
        """RFC 9110 section 8.8.2.1."""
        os.utime(file, (seconds, seconds))
        assert b"\r\nLast-Modified: %b\r\n" % expected in described(file).fields

    def test_of_304_tell_nothing_of_the_body(self, file: Path) -> None:
        """RFC 9110 section 15.4.5."""
        stored = described(file, "br", vary=b"Accept-Encoding")
        names = [line.partition(b":")[0] for line in stored.validators.split(b"\r\n")[:-1]]
        assert names == [b"Vary", b"Last-Modified", b"ETag"]

    def test_of_a_smaller_body_tell_its_encoding(self, file: Path) -> None:
        smaller = described(file).smaller(b"abc")
        assert smaller.fields.startswith(
            b"Content-Type: text/plain\r\nContent-Encoding: gzip\r\nLast-Modified: "
        )
        assert b"\r\nETag: " + smaller.etag + b"\r\n" in smaller.fields
        assert (smaller.size, smaller.body, smaller.is_shrunk) == (3, b"abc", True)
        assert smaller.identity == described(file).identity


class TestWholeAnswer:
    def test_is_made_once_a_date(self, file: Path) -> None:
        stored = described(file)
        stored.body = b"hello"
        whole = stored.whole(DATE)
        assert whole.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")
        assert whole.endswith(DATE + b"Content-Length: 5\r\n\r\nhello")
        assert stored.whole(bytes(bytearray(DATE))) is whole
        assert DATE.replace(b"37", b"38") in stored.whole(DATE.replace(b"37", b"38"))

    def test_is_not_used_once_it_was_let_go(self, file: Path) -> None:
        stored = described(file)
        stored.body, stored.until = b"hello", 10.0
        stored.forget()
        assert not stored.until
        assert not stored.body
