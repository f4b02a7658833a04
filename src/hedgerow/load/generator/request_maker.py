"""The bytes of a request, whole: one write sends it.

Made from a :class:`RequestPlan`: what does not vary is put together once, and where
nothing varies the same bytes object is used for every request.  Must not know when
requests are sent, nor over which connection.

URLs are taken as people write them: what may not stand in a request line is escaped
(RFC 3987 section 3.1 for what is not ASCII), a user in front of the host becomes Basic
authentication, a fragment stays here.  In values that are filled in, ``/``, ``?`` and
``&`` stay as they are, so that a line of a file may hold a whole path and query.
"""

import base64
import ipaddress
import re
import urllib.parse
from dataclasses import dataclass
from typing import Final

import msgspec

import hedgerow
from hedgerow.errors import ConfigError
from hedgerow.load.plan import RequestPlan
from hedgerow.workload.template import Draw, Escape, Template

#: Scheme, authority, and all up to a fragment; a # in braces begins none.
_URL: Final = re.compile(r"(https?)://([^/?#]*)((?:\{[^{}]*\}|[^#])*).*", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_IPV6: Final = re.compile(r"\[([^]%]+)((?:%[^]]+)?)\]")
_NAME: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=%-]+")
#: What may stand in a request target (RFC 3986); % begins an escape that is there already.
_TARGET_BYTES: Final = "/?:@!$&'()*+,;=-._~%[]"
_BARE_PERCENT: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_CONTROL_BYTES: Final = bytes(byte for byte in (*range(32), 127) if byte != ord("\t"))
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})  # others need not tell that it is empty
_LOOKS_LIKE_JSON: Final = re.compile(rb'\s*(?:\{\s*["}]|\[)')
_END_OF_LINE: Final = Template.literal(b"\r\n")
_FIX_FRAMING: Final = "Leave it out: it is written for you."


class Endpoint(msgspec.Struct, frozen=True):
    """Where a request goes: what connections and cookies are told apart by."""

    tls: bool
    host: str  # a name in ASCII, or an address without brackets
    port: int


@dataclass(frozen=True, slots=True)
class Url:
    """A URL, taken apart and fit to be sent."""

    endpoint: Endpoint
    authority: str  # for the Host field
    user: str | None  # user:password, unescaped
    target: str  # origin-form, with templates as they stood


def read_url(text: str) -> Url:
    """Take ``http://user:password@host:port/path?query`` apart; raises ConfigError."""
    stripped = text.strip()
    match = _URL.fullmatch(stripped)
    if _CONTROL.search(stripped) is not None:
        raise _unusable(text, "Take the control character out, or escape it with %.")
    if match is None:
        raise _unusable(text, "Write for example http://127.0.0.1:8080/.")
    scheme, authority, rest = match.groups()
    if "{" in authority:
        raise _unusable(text, "A template may stand in the path and the query, not in the host.")
    user, _, place = authority.rpartition("@")
    tls = scheme.lower() == "https"
    host, in_field, port = _host_and_port(place, text)
    default = 443 if tls else 80
    return Url(
        Endpoint(tls, host, port or default),
        in_field if port in (None, default) else f"{in_field}:{port}",
        urllib.parse.unquote(user) if user else None,
        rest if rest.startswith("/") else f"/{rest}",
    )


def basic_auth(user_and_password: str) -> tuple[str, str]:
    """Return the field for ``user:password`` (RFC 7617)."""
    if ":" not in user_and_password:
        raise ConfigError(
            "user", got=user_and_password, must="user:password", fix="The password may be empty."
        )
    encoded = base64.b64encode(user_and_password.encode()).decode()
    return "Authorization", f"Basic {encoded}"


def files_of(request: RequestPlan) -> tuple[str, ...]:
    """Name the files whose lines a draw must have to fill a request."""
    if not request.is_template:
        return ()
    texts: list[str | bytes] = [request.url, request.body, *(value for _, value in request.fields)]
    return tuple(dict.fromkeys(name for text in texts for name in Template.parse(text).files))


class RequestMaker:
    """Makes one plan's requests, one after another."""

    __slots__ = (
        "_body",
        "_draw",
        "_head",
        "_own_cookies",
        "_whole",
        "constant",
        "endpoint",
        "is_head",
        "path",
    )

    def __init__(self, request: RequestPlan, draw: Draw, *, keep_alive: bool = True) -> None:
        url = read_url(request.url)
        fields = _Fields(request, url, keep_alive=keep_alive)
        is_template = request.is_template
        self._draw = draw
        self.endpoint = url.endpoint
        self.is_head = request.method == "HEAD"
        #: The path, for cookies; with templates in it, what stands before them.
        self.path = re.split(r"[?{]" if is_template else r"[?]", url.target)[0]
        make_body = Template.parse if is_template else Template.literal
        self._body = make_body(request.body)
        self._own_cookies = _part(fields.cookies, visible, is_template=is_template)
        head = Template.literal(f"{_method(request.method)} ".encode())
        head += _part(url.target, escaped, is_template=is_template)
        head += Template.literal(b" HTTP/1.1\r\n")
        for name, value in fields.lines:
            head += Template.literal(f"{name}: ".encode())
            head += _part(value, visible, is_template=is_template) + _END_OF_LINE
        body = self._body.constant
        if body or (body is not None and request.method in _WITH_BODY):
            head += Template.literal(b"Content-Length: %d\r\n" % len(body))
        self._head = head
        #: Head and body in one, where the body's length is known; for users without cookies.
        self._whole: Template | None = None
        if body is not None:
            if fields.cookies:
                head += Template.literal(b"Cookie: ") + self._own_cookies + _END_OF_LINE
            self._whole = head + _END_OF_LINE + Template.literal(body)
        #: The whole request, where nothing in it varies; for users without cookies.
        self.constant = None if self._whole is None else self._whole.constant

    def make(self, cookies: bytes = b"") -> bytes:
        """Return the next request, with cookies of the user's own (``a=1; b=2``)."""
        draw = self._draw
        draw.advance()
        if not cookies and self._whole is not None:
            return self._whole.fill(draw)
        head, body = self._head.fill(draw), self._body.fill(draw)
        own = self._own_cookies.fill(draw)
        if own:
            cookies = b"%b; %b" % (own, cookies) if cookies else own
        if cookies:
            cookies = b"Cookie: %b\r\n" % cookies
        if self._body.constant is None:
            return b"%bContent-Length: %d\r\n%b\r\n%b" % (head, len(body), cookies, body)
        return b"%b%b\r\n%b" % (head, cookies, body)


class _Fields:
    """The field lines of a request: its own, and ours where it has none."""

    def __init__(self, request: RequestPlan, url: Url, *, keep_alive: bool) -> None:
        own = [_checked(name, value) for name, value in request.fields]
        given = {name.lower() for name, _ in own}
        ours = [
            ("Host", url.authority),
            ("User-Agent", f"hedgerow/{hedgerow.__version__}"),
            ("Accept", "*/*"),
        ]
        if url.user is not None:
            ours.append(basic_auth(url.user if ":" in url.user else f"{url.user}:"))
        if request.body:
            ours.append(("Content-Type", default_content_type(request.body)))
        if not keep_alive:
            ours.append(("Connection", "close"))
        hosts = [field for field in own if field[0].lower() == "host"]
        if len(hosts) > 1:
            raise ConfigError("Host", got=len(hosts), must="one field", fix="Keep one of them.")
        #: Host first (RFC 9110 section 7.2); without Cookie.
        self.lines = [
            *hosts,
            *(field for field in ours if field[0].lower() not in given),
            *(field for field in own if field[0].lower() not in ("host", "cookie")),
        ]
        self.cookies = "; ".join(value for name, value in own if name.lower() == "cookie")


def default_content_type(body: bytes) -> str:
    """Guess what a body is that came without a type: JSON, or a form as curl takes it."""
    if _LOOKS_LIKE_JSON.match(body) is not None:
        return "application/json"
    return "application/x-www-form-urlencoded"


def _part(text: str, escape: Escape, *, is_template: bool) -> Template:
    if is_template:
        return Template.parse(text, escape=escape)
    return Template.literal(escape(text.encode()))


def escaped(text: bytes) -> bytes:
    """Escape what may not stand in a request target."""
    quoted = urllib.parse.quote_from_bytes(text, safe=_TARGET_BYTES).encode()
    return _BARE_PERCENT.sub(b"%25", quoted)


def visible(text: bytes) -> bytes:
    """Leave out what would end a field: a line of a file may have it in it."""
    return text.translate(None, _CONTROL_BYTES)


def _method(text: str) -> str:
    if _TOKEN.fullmatch(text) is None:
        raise ConfigError("method", got=text, must="one word, such as GET", fix="See RFC 9110.")
    return text


def _checked(name: str, value: str) -> tuple[str, str]:
    if _TOKEN.fullmatch(name) is None:
        raise ConfigError(
            "field name", got=name, must="letters, digits and hyphens", fix="Write Name: value."
        )
    if _VALUE.fullmatch(value) is None:
        raise ConfigError(
            f"field {name}", got=value, must="without control characters", fix="Take them out."
        )
    if name.lower() in ("content-length", "transfer-encoding"):
        raise ConfigError(f"field {name}", got=value, must="left to the framing", fix=_FIX_FRAMING)
    return name, value.strip(" \t")


def _host_and_port(place: str, url: str) -> tuple[str, str, int | None]:
    """Return the host as it is connected to, as it stands in Host, and the port if any."""
    match = re.fullmatch(r"(\[.*\]|[^:]*)(?::([0-9]*))?", place)
    if match is None or not match[1]:
        raise _unusable(url, "After // comes a host, and maybe : and a port.")
    port = int(match[2]) if match[2] else None
    if port is not None and not 1 <= port <= 65535:
        raise _unusable(url, "A port is a number from 1 to 65535.")
    inside = _IPV6.fullmatch(match[1])
    try:
        if inside is not None:
            address = str(ipaddress.IPv6Address(inside[1]))
            # A zone is of this machine only: it does not go out (RFC 6874 section 3).
            return address + inside[2].replace("%25", "%"), f"[{address}]", port
        name = match[1].encode("idna").decode().lower()
    except ValueError as error:
        raise _unusable(url, f"The host is neither a name nor an address ({error}).") from error
    if _NAME.fullmatch(name) is None:
        raise _unusable(url, "The host has a character that no name has.")
    return name, name, port


def _unusable(url: str, fix: str) -> ConfigError:
    return ConfigError("URL", got=url, must="http:// or https://, a host, and a path", fix=fix)
