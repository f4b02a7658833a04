"""What is asked for: a URL, as the bytes of a request's head.

``{seq}`` in the URL stands for the number of the request, so that each can be found
again in the logs of whoever answered it.  Must not know when requests are sent.
"""

import re
import urllib.parse
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.wire import Origin

_PLAIN: Final = re.compile(r"[!-~]+")  # what needs no escape on the request line


@dataclass(frozen=True, slots=True)
class Target:
    """One URL to GET."""

    origin: Origin
    before: bytes  # of the head, up to the request's number
    after: bytes
    is_numbered: bool

    @classmethod
    def of(cls, url: str) -> "Target":
        """Read ``http://host:port/path?query``; raises ConfigError."""
        try:
            parts = urllib.parse.urlsplit(url)
            port = parts.port or 80
        except ValueError as error:
            raise _unusable(url, f"({error})") from error
        if parts.scheme != "http" or not parts.hostname:
            raise _unusable(url, "Write for example http://127.0.0.1:8080/.")
        if _PLAIN.fullmatch(url) is None:
            raise _unusable(url, "Escape what is not plain ASCII with %.")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        before, seq, after = path.partition("{seq}")
        rest = f"{after} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\n\r\n"
        origin = Origin(parts.hostname, port)
        return cls(origin, f"GET {before}".encode(), rest.encode(), bool(seq))

    def head(self, number: int) -> bytes:
        """Return the whole head of one request."""
        if self.is_numbered:
            return b"%b%d%b" % (self.before, number, self.after)
        return self.before + self.after


def _unusable(url: str, fix: str) -> ConfigError:
    return ConfigError("URL", got=url, must="http://, a host, and a path if any", fix=fix)
