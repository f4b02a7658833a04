"""Media types by the end of a name, the same on every machine.

Python's table reads what the system has installed, so a file would have another type in a
container; ours is what browsers need, and Python's own built-in table for the rest.  Must not
look into files.
"""

import mimetypes
from typing import Final

DEFAULT: Final = b"application/octet-stream"
_BUILT_IN: Final = mimetypes.MimeTypes(())  # no files of the system
_OURS: Final = {
    "7z": "application/x-7z-compressed", "avif": "image/avif", "bmp": "image/bmp",
    "css": "text/css", "csv": "text/csv", "gif": "image/gif", "gz": "application/gzip",
    "htm": "text/html", "html": "text/html", "ico": "image/vnd.microsoft.icon",
    "jpeg": "image/jpeg", "jpg": "image/jpeg", "js": "text/javascript",
    "json": "application/json", "jsonld": "application/ld+json", "map": "application/json",
    "md": "text/markdown", "mjs": "text/javascript", "mp3": "audio/mpeg", "mp4": "video/mp4",
    "ogg": "audio/ogg", "opus": "audio/ogg", "otf": "font/otf", "pdf": "application/pdf",
    "png": "image/png", "rss": "application/rss+xml", "svg": "image/svg+xml",
    "swf": "application/x-shockwave-flash", "tar": "application/x-tar", "toml": "application/toml",
    "ttf": "font/ttf", "txt": "text/plain", "wasm": "application/wasm", "weba": "audio/webm",
    "webm": "video/webm", "webmanifest": "application/manifest+json", "webp": "image/webp",
    "woff": "font/woff", "woff2": "font/woff2", "xhtml": "application/xhtml+xml",
    "xml": "application/xml", "yaml": "application/yaml", "yml": "application/yaml",
    "zip": "application/zip", "zst": "application/zstd",
}  # fmt: skip
#: Besides text/*: what gets much smaller.
_COMPRESSIBLE: Final = frozenset({
    b"application/json", b"application/ld+json", b"application/manifest+json",
    b"application/rss+xml", b"application/toml", b"application/wasm", b"application/xhtml+xml",
    b"application/xml", b"application/yaml", b"image/bmp", b"image/svg+xml",
    b"image/vnd.microsoft.icon", b"font/otf", b"font/ttf",
})  # fmt: skip
_CHARSET: Final = b"; charset=utf-8"


def media_type(name: bytes) -> bytes:
    """Return the type of a file by its name, in the form for Content-Type."""
    _, dot, ending = name.decode("utf-8", "replace").rpartition(".")
    if not dot:
        return DEFAULT
    kind = _OURS.get(ending.lower())
    if kind is None:
        kind = _BUILT_IN.guess_type(f"x.{ending.lower()}")[0]
    if kind is None:
        return DEFAULT
    coded = kind.encode()
    return coded + _CHARSET if coded.startswith(b"text/") else coded


def is_compressible(content_type: bytes) -> bool:
    """Say whether a file of this type is worth compressing."""
    bare = content_type.partition(b";")[0]
    return bare.startswith(b"text/") or bare in _COMPRESSIBLE
