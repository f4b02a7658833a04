"""The bytes of a scenario's requests, each of which may be another one.

Its code says what it wants as it goes, so there is no plan to prepare from; what was put
together once is kept by what it was made of.  The head is :class:`RequestMaker`'s work here
too, so that escaping and checking are the same everywhere.  Must not know users, nor
connections.
"""

import functools
import random
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from hedgerow.load.generator.request_maker import Endpoint, RequestMaker, default_content_type
from hedgerow.load.plan import RequestPlan
from hedgerow.load.scenario import Pairs, RequestOptions
from hedgerow.workload.template import Draw

_KNOWN: Final = RequestOptions.__annotations__.keys()
#: Those that the bytes of a request depend on.
_SHAPING: Final = frozenset({"headers", "json", "data", "params"})
_ABSOLUTE: Final = re.compile(r"https?://[^/?#]+", re.IGNORECASE)
#: Targets that go out as they are written.
_PLAIN_TARGET: Final = re.compile(r"/[A-Za-z0-9/?:@!$&'()*+,;=\-._~]*")
_END_OF_LINE: Final = b" HTTP/1.1\r\n"
_EMPTY_BODY: Final = b"Content-Length: 0\r\n"
_NOTHING_DRAWN: Final = Draw(0, 1, random.Random(0))  # nothing in these requests is a template

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request, ready but for the user's cookies."""

    endpoint: Endpoint
    method: str
    path: str  # without the query
    line: bytes
    head: bytes  # the field lines
    cookie: str  # the request's own
    body: bytes

    def data(self, cookies: bytes) -> bytes:
        """Return the whole request, with the user's cookies (``a=1; b=2``)."""
        own = self.cookie.encode()
        if own:
            cookies = b"%b; %b" % (own, cookies) if cookies else own
        if cookies:
            cookies = b"Cookie: %b\r\n" % cookies
        length = b""
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            length = b"Content-Length: %d\r\n" % len(self.body)
        return b"%b%b%b%b\r\n%b" % (self.line, self.head, length, cookies, self.body)


def prepare(method: str, url: str, options: RequestOptions, *, keep_alive: bool) -> Prepared:
    """Put a request to an absolute URL together; raises ConfigError for what cannot be sent."""
    if options.keys().isdisjoint(_SHAPING):
        return _plain(method, url, keep_alive)
    return _prepared(method, url, options, keep_alive=keep_alive)


@functools.lru_cache(maxsize=4096)
def _plain(method: str, url: str, keep_alive: bool) -> Prepared:
    """Remember what is nothing but a URL: it takes a quarter of the time."""
    return _prepared(method, url, {}, keep_alive=keep_alive)


def _prepared(method: str, url: str, options: RequestOptions, *, keep_alive: bool) -> Prepared:
    if params := options.get("params"):
        url = _with_params(url, params)
    body, content_type = _body(options)
    fields, cookie = _fields(options.get("headers") or {}, content_type)
    origin, target = _split(url)
    endpoint, head = _head(method, origin, fields, keep_alive)
    if _PLAIN_TARGET.fullmatch(target):
        line = b"%b %b%b" % (method.encode(), target.encode(), _END_OF_LINE)
    else:  # one URL in a thousand has something to escape
        target, line = _escaped(method, url)
    return Prepared(endpoint, method, target.partition("?")[0], line, head, cookie, body)


def absolute(base: str, url: str) -> str:
    """Return a URL as it is asked for; a relative one continues the base URL."""
    if _ABSOLUTE.match(url):
        return url
    if not base:
        raise ValueError(
            f"{url!r} is relative, and there is no base URL to continue. Write http://host:port "
            f"before it, or set 'base_url' in options."
        )
    return f"{base.rstrip('/')}/{url.removeprefix('/')}"


def refuse_unknown(options: Mapping[str, object]) -> None:
    """Refuse what no request has: a misspelt word would go unnoticed."""
    if unknown := options.keys() - _KNOWN:
        known = ", ".join(sorted(_KNOWN))
        raise TypeError(f"a request has no {', '.join(sorted(unknown))}. It may have {known}.")


def _split(url: str) -> tuple[str, str]:
    origin = _ABSOLUTE.match(url)
    end = origin.end() if origin is not None else len(url)
    return url[:end], url[end:] or "/"


# As many as there are users with an Authorization of their own, within reason: to put one
# together takes 50 us, ten times as long as all the rest here.
@functools.lru_cache(maxsize=4096)
def _head(method: str, origin: str, fields: Fields, keep_alive: bool) -> tuple[Endpoint, bytes]:
    """Where requests go, and their field lines but for those about the body."""
    maker = _maker(method, origin, fields, keep_alive=keep_alive)
    _, _, lines = (maker.constant or b"").partition(_END_OF_LINE)
    return maker.endpoint, lines.removesuffix(b"\r\n").removesuffix(_EMPTY_BODY)


def _escaped(method: str, url: str) -> tuple[str, bytes]:
    maker = _maker(method, url, ())
    line, end, _ = (maker.constant or b"").partition(_END_OF_LINE)
    return line.decode().partition(" ")[2], line + end


def _maker(method: str, url: str, fields: Fields, *, keep_alive: bool = True) -> RequestMaker:
    plan = RequestPlan(url=url, label="", method=method, fields=fields)
    return RequestMaker(plan, _NOTHING_DRAWN, keep_alive=keep_alive)


def _with_params(url: str, params: Pairs) -> str:
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}{urllib.parse.urlencode(_pairs(params), doseq=True)}"


def _body(options: RequestOptions) -> tuple[bytes, str | None]:
    """Return the body and its type."""
    data: Any = options.get("data")
    json = options.get("json")
    if data is not None and json is not None:
        raise TypeError("a request has one body: json= or data=, not both")
    if json is not None:
        return msgspec.json.encode(json), "application/json"
    if isinstance(data, Mapping | Sequence) and not isinstance(data, str | bytes):
        return urllib.parse.urlencode(_pairs(data), doseq=True).encode(), (
            "application/x-www-form-urlencoded"
        )
    body = data.encode() if isinstance(data, str) else data or b""
    return body, default_content_type(body) if body else None


def _pairs(given: Pairs) -> list[tuple[str, Any]]:
    """Leave out what has no value."""
    pairs = given.items() if isinstance(given, Mapping) else given
    return [(name, value) for name, value in pairs if value is not None]


def _fields(headers: Mapping[str, str], content_type: str | None) -> tuple[Fields, str]:
    """Return the fields, and the cookies among them."""
    if not headers:
        return ((("Content-Type", content_type),) if content_type else ()), ""
    fields = [(name, str(value)) for name, value in headers.items()]
    names = {name.lower() for name, _ in fields}
    if content_type is not None and "content-type" not in names:
        fields.append(("Content-Type", content_type))
    if "cookie" not in names:
        return tuple(fields), ""
    cookie = "; ".join(value for name, value in fields if name.lower() == "cookie")
    return tuple(field for field in fields if field[0].lower() != "cookie"), cookie
