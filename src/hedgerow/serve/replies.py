"""A route's own replies, compiled: nothing is left to do for a request but to join bytes.

Knows how a reply looks; must not know when one is sent, nor settings.  A constant reply
is encoded once.  In the JSON of a reply a text that is exactly ``{body.NAME}`` stands
for that value of the upstream's JSON, with its type: ``{body.user.id}`` goes two levels
down, and what is not there is null.

Why whole values and no templates inside text: the result is JSON whatever the upstream
sends, and nothing needs escaping.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

_Path = tuple[str, ...]

_BODY_VALUE: Final = re.compile(r"\{body\.([^{}.]+(?:\.[^{}.]+)*)\}")
_JSON: Final = b"application/json"
_TEXT: Final = b"text/plain; charset=utf-8"


class ReplyTemplate:
    """One reply: ``status``, ``fields`` (whole lines), and its body."""

    __slots__ = ("_constant", "_pieces", "fields", "status")

    def __init__(
        self,
        status: int,
        *,
        json: Any = None,
        text: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """``json`` wins over ``text``; a Content-Type among the headers over the usual one."""
        self.status = status
        content_type = _JSON if json is not None else _TEXT if text is not None else b""
        self.fields = _lines(content_type, headers or {})
        body = (text or "").encode()
        self._pieces = _merged(_encoded(json)) if json is not None else [body]
        only = self._pieces[0] if len(self._pieces) == 1 else None
        self._constant = only if isinstance(only, bytes) else None

    def render(self, body: object | None) -> bytes:
        """Return the reply's body, with values of the upstream's JSON where it wants them."""
        if self._constant is not None:
            return self._constant
        return b"".join(
            piece if isinstance(piece, bytes) else msgspec.json.encode(_value_at(body, piece))
            for piece in self._pieces
        )


def is_body_value(text: str) -> bool:
    """Say whether a text stands for a value of the upstream's answer."""
    return _BODY_VALUE.fullmatch(text) is not None


def texts_in(value: object) -> Iterator[str]:
    """Yield every text in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def _lines(content_type: bytes, headers: Mapping[str, str]) -> bytes:
    own_type = any(name.lower() == "content-type" for name in headers)
    lines = [b"Content-Type: %b\r\n" % content_type] if content_type and not own_type else []
    lines += [b"%b: %b\r\n" % (name.encode(), text.encode()) for name, text in headers.items()]
    return b"".join(lines)


def _encoded(value: object) -> Iterator[bytes | _Path]:
    """Yield JSON with the paths of the values that are still to come."""
    if isinstance(value, str):
        match = _BODY_VALUE.fullmatch(value)
        yield tuple(match[1].split(".")) if match else msgspec.json.encode(value)
    elif isinstance(value, Mapping):
        before = b"{"
        for key, item in value.items():
            yield before + msgspec.json.encode(key) + b":"
            yield from _encoded(item)
            before = b","
        yield b"}" if value else b"{}"
    elif isinstance(value, list):
        before = b"["
        for item in value:
            yield before
            yield from _encoded(item)
            before = b","
        yield b"]" if value else b"[]"
    else:
        yield msgspec.json.encode(value)


def _merged(pieces: Iterator[bytes | _Path]) -> list[bytes | _Path]:
    """Join the constant pieces that follow each other."""
    merged: list[bytes | _Path] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, bytes) and isinstance(last, bytes):
            merged[-1] = last + piece
        else:
            merged.append(piece)
    return merged


def _value_at(body: object, path: _Path) -> object:
    for name in path:
        if not isinstance(body, Mapping):
            return None
        body = body.get(name)
    return body
