"""The name that a TLS client asks for, read from the first bytes that it sends.

OpenSSL would call back with it; but then Python writes a traceback for every name that is not
ASCII, which any stranger can send.  Must not judge the rest: that is OpenSSL's work, and what
cannot be read here simply has no name.
"""

from typing import Final

_HANDSHAKE: Final = 0x16  # the type of a record (RFC 8446 section 5.1)
_CLIENT_HELLO: Final = 1  # the type of a handshake message (section 4)
_SERVER_NAME: Final = 0  # the type of an extension (RFC 6066 section 3), and of a name in it
#: No record is longer (RFC 5246 section 6.2.3); one that says so is refused by OpenSSL.
_LONGEST_RECORD: Final = 16 * 1024 + 2048
_RECORD_HEAD: Final = 5
_MESSAGE_HEAD: Final = 4
_VERSION_AND_RANDOM: Final = 34


def server_name(data: bytes) -> str | None:
    """Return the name in lower case, without a dot at its end; empty: the client names none.

    None while the first record is not whole.
    """
    if len(data) < _RECORD_HEAD:
        return None
    length = int.from_bytes(data[3:5], "big")
    if data[0] != _HANDSHAKE or length > _LONGEST_RECORD:
        return ""
    if len(data) < _RECORD_HEAD + length:
        return None
    message = data[_RECORD_HEAD : _RECORD_HEAD + length]
    if len(message) < _MESSAGE_HEAD or message[0] != _CLIENT_HELLO:
        return ""
    try:
        return _name(_Reader(message[_MESSAGE_HEAD:]))
    except (IndexError, UnicodeDecodeError):
        return ""  # damaged, or it goes on in another record


class _Reader:
    """Takes one thing after the other; raises IndexError where nothing is left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_done(self) -> bool:
        return self._at >= len(self._data)

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise IndexError("it is cut short")
        taken, self._at = self._data[self._at : end], end
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """Take bytes whose length stands before them, in ``size`` bytes."""
        return self.take(self.number(size))


def _name(hello: _Reader) -> str:
    hello.take(_VERSION_AND_RANDOM)
    hello.vector(1)  # the session
    hello.vector(2)  # cipher suites
    hello.vector(1)  # compression
    if hello.is_done:
        return ""
    extensions = _Reader(hello.vector(2))
    while not extensions.is_done:
        kind, value = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            names = _Reader(_Reader(value).vector(2))
            if names.number(1) != _SERVER_NAME:
                return ""
            return names.vector(2).decode("ascii").lower().rstrip(".")
    return ""
