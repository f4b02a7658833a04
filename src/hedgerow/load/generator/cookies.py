"""What one user was told to send back (RFC 6265 section 5).

Decides which cookies go with a request.  Must not know how requests are sent.  ``now`` is
seconds since the epoch and not a monotonic time, as ``Expires`` is a date.

Left out, as a load test meets none of it: public suffixes (a domain must have a dot in it,
though), and what only matters in a browser (SameSite, HttpOnly).

Why not ``http.cookiejar``: 36 ms to import in every generator process, and 19 us for an
answer and 16 us for a request, when a whole request may take 5.  On the same machine this
takes 9 us for an answer that sets a cookie, 0.3 us for a request with cookies, 0.1 without.
"""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hedgerow.load.generator.request_maker import Endpoint

_NEVER: Final = float("inf")
#: Name and value together; longer ones are ignored, as browsers do.
_LONGEST: Final = 4096
#: A user keeps as many; RFC 6265 section 6.1 asks for 50 a domain.
_MOST: Final = 200
#: Headers that are kept ready: as many paths as users usually go round.
_MOST_READY: Final = 64

_WHITESPACE: Final = b" \t"
_NUMBER: Final = re.compile(rb"-?[0-9]+")
_IPV4: Final = re.compile(r"[0-9.]+")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})")
_MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_SEPARATORS: Final = re.compile(r"[^0-9A-Za-z:]+")


@dataclass(frozen=True, slots=True)
class _Cookie:
    pair: bytes  # name=value
    domain: str
    is_host_only: bool
    path: str
    is_secure: bool
    expires: float

    def goes_with(self, endpoint: Endpoint, path: str) -> bool:
        if self.is_secure and not endpoint.tls:
            return False
        if endpoint.host != self.domain and (
            self.is_host_only or not _belongs(endpoint.host, self.domain)
        ):
            return False
        return _is_under(path, self.path)


class CookieJar:
    """The cookies of one user."""

    __slots__ = ("_cookies", "_ready", "_ready_until")

    def __init__(self) -> None:
        # In the order in which they were first set, which is that of the header.
        self._cookies: dict[tuple[bytes, str, str], _Cookie] = {}
        self._ready: dict[tuple[Endpoint, str], bytes] = {}
        self._ready_until = _NEVER  # when the first of the cookies expires

    def receive(self, values: Iterable[bytes], endpoint: Endpoint, path: str, now: float) -> None:
        """Take the values of an answer's Set-Cookie fields; what is unsound is ignored."""
        for value in values:
            cookie = _parse(value, endpoint, path, now)
            if cookie is None:
                continue
            key = (cookie.pair.partition(b"=")[0], cookie.domain, cookie.path)
            if self._cookies.get(key) == cookie:
                continue
            if cookie.expires > now:
                self._cookies[key] = cookie
            else:
                self._cookies.pop(key, None)
            if len(self._cookies) > _MOST:
                del self._cookies[next(iter(self._cookies))]
            self._changed()

    def header(self, endpoint: Endpoint, path: str, now: float) -> bytes:
        """Return what the Cookie field says, empty where there is nothing to say."""
        if not self._cookies:
            return b""
        if now < self._ready_until:
            found = self._ready.get((endpoint, path))
            if found is not None:
                return found
        return self._put_together(endpoint, path, now)

    def _put_together(self, endpoint: Endpoint, path: str, now: float) -> bytes:
        if now >= self._ready_until:
            self._cookies = {
                k: cookie for k, cookie in self._cookies.items() if cookie.expires > now
            }
            self._changed()
        going = [cookie for cookie in self._cookies.values() if cookie.goes_with(endpoint, path)]
        going.sort(key=lambda cookie: -len(cookie.path))
        header = b"; ".join([cookie.pair for cookie in going])
        if len(self._ready) >= _MOST_READY:
            self._ready.clear()
        self._ready[endpoint, path] = header
        return header

    def _changed(self) -> None:
        self._ready.clear()
        self._ready_until = min((c.expires for c in self._cookies.values()), default=_NEVER)


def _parse(value: bytes, endpoint: Endpoint, path: str, now: float) -> _Cookie | None:
    """Read a Set-Cookie value (RFC 6265 sections 5.2 and 5.3); None where it is ignored."""
    first, *rest = value.split(b";")
    name, equals, content = first.partition(b"=")
    name, content = name.strip(_WHITESPACE), content.strip(_WHITESPACE)
    if not name or not equals or len(name) + len(content) > _LONGEST:
        return None
    said: dict[bytes, bytes] = {}
    for part in rest:
        key, _, text = part.partition(b"=")
        said[key.strip(_WHITESPACE).lower()] = text.strip(_WHITESPACE)  # the last one counts
    domain = said.get(b"domain", b"").decode("latin-1").removeprefix(".").lower()
    if domain and domain != endpoint.host and not _belongs(endpoint.host, domain):
        return None
    is_secure = b"secure" in said
    if is_secure and not endpoint.tls:
        return None  # anybody on the way could have set it
    own_path = said.get(b"path", b"").decode("latin-1")
    return _Cookie(
        pair=b"%b=%b" % (name, content),
        domain=domain or endpoint.host,
        is_host_only=not domain,
        path=own_path if own_path.startswith("/") else _default_path(path),
        is_secure=is_secure,
        expires=_expiry(said, now),
    )


def _expiry(said: dict[bytes, bytes], now: float) -> float:
    max_age = said.get(b"max-age", b"")
    if _NUMBER.fullmatch(max_age) is not None:
        seconds = float(max_age)
        return now + seconds if seconds > 0 else 0.0
    date = _date(said[b"expires"].decode("latin-1")) if b"expires" in said else None
    return _NEVER if date is None else date


def _date(text: str) -> float | None:
    """Read a date as loosely as RFC 6265 section 5.1.1 wants it."""
    clock = _TIME.search(text)
    words = [word.lower() for word in _SEPARATORS.split(text)]
    months = [_MONTHS.index(word[:3]) + 1 for word in words if word[:3] in _MONTHS]
    numbers = [int(word) for word in words if word.isdigit() and len(word) in (1, 2, 4)]
    if clock is None or not months or len(numbers) < 2:
        return None
    day, year = numbers[:2]
    if year < 70:
        year += 2000
    elif year < 100:
        year += 1900
    hour, minute, second = (int(part) for part in clock.groups())
    if not (1 <= day <= 31 and year >= 1601 and hour < 24 and minute < 60 and second < 60):
        return None
    return float(calendar.timegm((year, months[0], day, hour, minute, second)))


def _belongs(host: str, domain: str) -> bool:
    """Say whether a host is below a domain (section 5.1.3)."""
    if "." not in domain or ":" in host or _IPV4.fullmatch(host) is not None:
        return False
    return host.endswith(f".{domain}")


def _is_under(path: str, cookie_path: str) -> bool:
    """Say whether a path is a cookie's, or below it (section 5.1.4)."""
    if not path.startswith(cookie_path):
        return False
    return len(path) == len(cookie_path) or cookie_path[-1] == "/" or path[len(cookie_path)] == "/"


def _default_path(path: str) -> str:
    return path.rpartition("/")[0] or "/"
