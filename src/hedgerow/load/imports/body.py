"""Bodies as curl makes them from its flags, and browsers from forms.

Must not know flags, nor read files: ``read`` is handed in and returns a file's bytes.
"""

import hashlib
import mimetypes
import re
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from hedgerow.errors import ConfigError

Read = Callable[[str], bytes]

#: What may come after a part's content: ;type=text/csv and ;filename="a.csv".
_SETTING: Final = re.compile(r';\s*(type|filename)=("[^"]*"|[^;]*)$')
_LEFT_OUT: Final = b"\r\n\0"


def data(value: str, read: Read) -> bytes:
    """``-d``: a text, or ``@file`` without its line ends."""
    return read(value[1:]).translate(None, _LEFT_OUT) if value.startswith("@") else value.encode()


def data_binary(value: str, read: Read) -> bytes:
    """``--data-binary`` and ``--json``: a text, or ``@file`` as it is."""
    return read(value[1:]) if value.startswith("@") else value.encode()


def data_urlencoded(value: str, read: Read) -> bytes:
    """``--data-urlencode``: ``text``, ``=text``, ``name=text``, ``@file`` or ``name@file``."""
    match = re.fullmatch(r"([^=@]*)([=@])(.*)", value, re.DOTALL)
    name, sign, content = match.groups() if match else ("", "=", value)
    raw = read(content) if sign == "@" else content.encode()
    # Spaces as in forms, which is what curl does; also in a URL (-G).
    encoded = urllib.parse.quote_plus(raw, safe="-._~").encode()
    return b"%b=%b" % (name.encode(), encoded) if name else encoded


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a form with files."""

    name: str
    content: bytes
    filename: str | None = None
    kind: str | None = None  # its Content-Type


def part(value: str, read: Read) -> Part:
    """``-F``: ``name=text``, ``name=@file`` or ``name=<file``."""
    name, equals, content = value.partition("=")
    if not equals or not name:
        raise ConfigError("curl -F", got=value, must="name=content", fix="Write -F name=Ann.")
    settings: dict[str, str] = {}
    while match := _SETTING.search(content):
        settings[match[1]] = match[2].strip('"')
        content = content[: match.start()]
    if content.startswith("@"):
        file = content[1:].strip('"')
        guessed = mimetypes.guess_type(file)[0] or "application/octet-stream"
        return Part(
            name,
            read(file),
            settings.get("filename", PurePath(file).name),
            settings.get("type", guessed),
        )
    raw = read(content[1:].strip('"')) if content.startswith("<") else content.encode()
    return Part(name, raw, settings.get("filename"), settings.get("type"))


def multipart(parts: Sequence[Part]) -> tuple[bytes, str]:
    """Return a body of parts (RFC 7578) and its type.

    The boundary follows from the parts, so that the same form is the same bytes.
    """
    digest = hashlib.sha256()
    for one in parts:
        digest.update(b"%b\0%b\0" % (one.name.encode(), one.content))
    boundary = f"hedgerow-{digest.hexdigest()[:32]}"
    pieces = [b"--%b\r\n%b\r\n" % (boundary.encode(), _part(one)) for one in parts]
    body = b"".join(pieces) + b"--%b--\r\n" % boundary.encode()
    return body, f"multipart/form-data; boundary={boundary}"


def _part(one: Part) -> bytes:
    head = f'Content-Disposition: form-data; name="{_quoted(one.name)}"'
    if one.filename is not None:
        head += f'; filename="{_quoted(one.filename)}"'
    if one.kind is not None:
        head += f"\r\nContent-Type: {one.kind}"
    return head.encode() + b"\r\n\r\n" + one.content


def _quoted(text: str) -> str:
    """Escape what would end a quoted name, as browsers do."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
