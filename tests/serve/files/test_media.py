"""Media types by the end of a name."""

import pytest

from hedgerow.serve.files.media import is_compressible, media_type


class TestType:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            (b"a.html", b"text/html; charset=utf-8"),
            (b"a.HTML", b"text/html; charset=utf-8"),
            (b"a.css", b"text/css; charset=utf-8"),
            (b"a.js", b"text/javascript; charset=utf-8"),
            (b"a.jpg", b"image/jpeg"),
            (b"a.jpeg", b"image/jpeg"),
            (b"a.png", b"image/png"),
            (b"a.gif", b"image/gif"),
            (b"a.swf", b"application/x-shockwave-flash"),
            (b"text..txt", b"text/plain; charset=utf-8"),
            (b"a.woff2", b"font/woff2"),
            (b"a.tar.gz", b"application/gzip"),
            (b"README", b"application/octet-stream"),
            (b"a.", b"application/octet-stream"),
            (b"a.nobody-knows", b"application/octet-stream"),
            (b"\xff.png", b"image/png"),
        ],
    )
    def test_follows_from_the_name(self, name: bytes, expected: bytes) -> None:
        assert media_type(name) == expected


class TestCompressing:
    @pytest.mark.parametrize("name", [b"a.html", b"a.js", b"a.svg", b"a.json", b"a.wasm"])
    def test_is_worth_it_for_text(self, name: bytes) -> None:
        assert is_compressible(media_type(name))

    @pytest.mark.parametrize("name", [b"a.png", b"a.zip", b"a.woff2", b"a.mp4", b"a"])
    def test_is_not_worth_it_for_what_is_small_already(self, name: bytes) -> None:
        assert not is_compressible(media_type(name))
