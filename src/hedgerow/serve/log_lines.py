r"""The forms of a line in the access log.

Each is a function from a finished request's facts to bytes.  What a client has written is escaped
as nginx does it, so that no line can be forged and no terminal is driven: quotes, backslashes and
all that is not printable ASCII become ``\\xNN``.  Must not know files.
"""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from hedgerow.errors import ConfigError
from hedgerow.policy import Exchange
from hedgerow.serve.story import attempt_fate
from hedgerow.wire.request import Request

_UNSAFE: Final = re.compile(rb"[^\x20\x21\x23-\x5b\x5d-\x7e]")
_NAME: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(slots=True)
class Facts:
    """What there is to tell of one request."""

    request: Request
    exchange: Exchange | None  # None: it was never sent anywhere
    seconds: float
    wall: datetime.datetime
    stamp: str  # the same as text

    @property
    def status(self) -> int:
        return self.request.status or 499  # nginx's word for: the client left first

    @property
    def replica(self) -> str | None:
        winner = self.exchange.winner if self.exchange is not None else None
        return winner.replica.name if winner is not None else None

    @property
    def fates(self) -> list[str]:
        return [attempt_fate(a) for a in self.exchange.attempts] if self.exchange else []


Line = Callable[[Facts], bytes]


def line_of(form: str) -> Line:
    """Return the function for a form by its name, or for a template of ``{names}``."""
    found = _FORMS.get(form)
    return found if found is not None else template(form)


def template(text: str) -> Line:
    """Return the function for a text in which names in braces stand for facts.

    Raises ConfigError for a name that is none.
    """
    pieces = _NAME.split(text)
    readers: list[Callable[[Facts], bytes]] = []
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            readers.append(_constant(piece.encode()))
        elif piece.startswith("header."):
            readers.append(_field(piece.removeprefix("header.").lower().encode()))
        elif piece in _FACTS:
            readers.append(_FACTS[piece])
        else:
            listed = ", ".join(_FACTS)
            must, fix = "a template of known names", f"There are {listed} and header.NAME."
            raise ConfigError("access_log_format", got=f"{{{piece}}}", must=must, fix=fix)
    return lambda facts: b"".join([read(facts) for read in readers]) + b"\n"


def _text(facts: Facts) -> bytes:
    """Time, client, request, status, bytes, milliseconds, replica, attempts and their fates."""
    request, head = facts.request, facts.request.head
    line = b'%b %b "%b %b" %d %d %.1fms %b %b' % (
        facts.stamp.encode(),
        request.peer.encode() or b"-",
        head.method,
        _safe(head.target),
        facts.status,
        request.body_sent,
        facts.seconds * 1000,
        (facts.replica or "-").encode(),
        ",".join(facts.fates).encode() or b"-",
    )
    return line + (f" {request.id}\n".encode() if request.id else b"\n")


def _json(facts: Facts) -> bytes:
    request, head = facts.request, facts.request.head
    line = {
        "time": facts.stamp,
        "client": request.peer,
        "method": head.method.decode(),
        "host": head.host.decode("latin-1"),
        "target": head.target.decode("latin-1"),
        "status": facts.status,
        "bytes": request.body_sent,
        "ms": round(facts.seconds * 1000, 3),
        "upstream": facts.replica,
        "attempts": facts.fates,
    }
    if request.id:
        line["id"] = request.id
    return msgspec.json.encode(line) + b"\n"


def _common(facts: Facts) -> bytes:
    """The Common Log Format of the first web servers."""
    return _common_part(facts) + b"\n"


def _combined(facts: Facts) -> bytes:
    """The same, with Referer and User-Agent."""
    referer, agent = _header(facts, b"referer"), _header(facts, b"user-agent")
    return b'%b "%b" "%b"\n' % (_common_part(facts), referer, agent)


def _common_part(facts: Facts) -> bytes:
    request, head = facts.request, facts.request.head
    return b'%b - - [%b] "%b %b HTTP/1.%d" %d %b' % (
        request.peer.encode() or b"-",
        facts.wall.strftime("%d/%b/%Y:%H:%M:%S +0000").encode(),
        head.method,
        _safe(head.target),
        1 if head.is_http11 else 0,
        facts.status,
        b"%d" % request.body_sent if request.body_sent else b"-",
    )


def _safe(value: bytes) -> bytes:
    return _UNSAFE.sub(lambda match: b"\\x%02X" % match[0][0], value)


def _header(facts: Facts, name: bytes) -> bytes:
    value = facts.request.head.field(name)
    return _safe(value) if value else b"-"


def _constant(text: bytes) -> Callable[[Facts], bytes]:
    return lambda facts: text


def _field(name: bytes) -> Callable[[Facts], bytes]:
    return lambda facts: _header(facts, name)


_FORMS: Final[Mapping[str, Line]] = {
    "text": _text,
    "json": _json,
    "common": _common,
    "combined": _combined,
}
_FACTS: Final[Mapping[str, Callable[[Facts], bytes]]] = {
    "time": lambda f: f.stamp.encode(),
    "client": lambda f: f.request.peer.encode() or b"-",
    "method": lambda f: f.request.head.method,
    "target": lambda f: _safe(f.request.head.target),
    "path": lambda f: _safe(f.request.head.target.partition(b"?")[0]),
    "query": lambda f: _safe(f.request.head.target.partition(b"?")[2]) or b"-",
    "host": lambda f: _safe(f.request.head.host) or b"-",
    "protocol": lambda f: b"HTTP/1.1" if f.request.head.is_http11 else b"HTTP/1.0",
    "scheme": lambda f: b"https" if f.request.is_tls else b"http",
    "status": lambda f: b"%d" % f.status,
    "bytes": lambda f: b"%d" % f.request.body_sent,
    "ms": lambda f: b"%.1f" % (f.seconds * 1000),
    "seconds": lambda f: b"%.6f" % f.seconds,
    "upstream": lambda f: (f.replica or "-").encode(),
    "attempts": lambda f: ",".join(f.fates).encode() or b"-",
    "id": lambda f: f.request.id.encode() or b"-",
    "user_agent": lambda f: _header(f, b"user-agent"),
    "referer": lambda f: _header(f, b"referer"),
}
