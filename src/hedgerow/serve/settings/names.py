"""The kinds of values that name something: addresses, URLs, paths, hosts, methods, fields.

Decides whether a text is well-formed, and brings it to one form; must not know whether
anything exists behind the name.  Paths of files are the exception: they are looked at
here, because a missing file is a mistake in the settings.

Words: *path pattern* is what a route's ``path`` says: ``/exact``, ``/prefix/`` or
``/with/{parameter}``; *field* is a header field (RFC 9110 section 5).
"""

import re
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from hedgerow.serve.settings.kinds import (
    COUNT,
    Kind,
    Refused,
    list_of,
    nearest,
    read_text,
    toml,
)

_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]"
_HOST_FORM: Final = re.compile(_HOST)
_LISTEN_FORM: Final = re.compile(rf"({_HOST}|\*|):([0-9]{{1,5}})")
_AUTHORITY_FORM: Final = re.compile(rf"(?:{_HOST})(?::[0-9]{{1,5}})?")
_PARAMETER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
#: What may stand in a path unescaped (RFC 3986 section 3.3).
_PATH_FORM: Final = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_SAFE: Final = "/{}!$&'()*+,;=:@%~"
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")

#: The methods that the parser knows (llhttp's table), but for CONNECT: this is no forward proxy.
METHODS: Final = (
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "ACL", "BIND",
    "CHECKOUT", "COPY", "LINK", "LOCK", "M-SEARCH", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL",
    "MOVE", "NOTIFY", "PROPFIND", "PROPPATCH", "PURGE", "REBIND", "REPORT", "SEARCH", "SOURCE",
    "SUBSCRIBE", "UNBIND", "UNLINK", "UNLOCK", "UNSUBSCRIBE",
)  # fmt: skip
#: Fields about this hop or about framing: Hedgerow writes them itself.
_OWN_FIELDS: Final = frozenset({
    "connection", "content-length", "date", "expect", "host", "keep-alive", "max-forwards",
    "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade", "via",
})  # fmt: skip


class ReplicaUrl(NamedTuple):
    """One address of an upstream."""

    scheme: str  # "http" or "https"
    host: str  # without brackets
    port: int

    @property
    def authority(self) -> str:
        """Host and port as a Host field has them; without the scheme's own port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        own = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == own else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"{self.scheme}://{self.authority}"


class AskedIn(NamedTuple):
    """Where a request says how long it may take."""

    place: Literal["path", "query", "header"]
    name: str


def parameters(path: str) -> tuple[str, ...]:
    """Return the names in braces of a path pattern."""
    return tuple(_PARAMETER.findall(path))


# --- addresses ---


def read_port(value: object) -> int:
    """Read a port: a number, or a word on a command line."""
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535):
        raise Refused("a port from 0 (any that is free) to 65535")
    return int(text)


def _read_address(value: object) -> str:
    text = str(value) if type(value) is int else read_text(value)
    if text.startswith("unix:"):
        if len(text) == len("unix:"):
            raise Refused("unix: and a path", 'Write for example "unix:/run/hedgerow.sock".')
        return text
    if text.isdecimal():
        # A bare port could mean this machine or the whole network: too different to guess.
        fix = f'Write "127.0.0.1:{text}" for this machine only, or ":{text}" for everybody.'
        raise Refused("an address and a port", fix)
    match = _LISTEN_FORM.fullmatch(text)
    if match is None:
        raise Refused("host:port, [v6 address]:port, :port or unix:/path")
    host = "" if match[1] == "*" else match[1]
    return f"{host}:{read_port(match[2])}"


_ADDRESS: Final = Kind("address", '"127.0.0.1:8080"', _read_address)
_ADDRESSES: Final = list_of(_ADDRESS, "addresses")


def _read_listen(value: object) -> tuple[str, ...]:
    addresses: tuple[str, ...] = _ADDRESSES.read(value if isinstance(value, list) else [value])
    return addresses


def _write_listen(addresses: tuple[str, ...]) -> str:
    return toml(addresses[0] if len(addresses) == 1 else addresses)


def _read_replica(value: object) -> ReplicaUrl:
    text = read_text(value)
    if "://" not in text:
        fix = f'Write "http://{text}".' if _AUTHORITY_FORM.fullmatch(text) else ""
        raise Refused("a URL with http:// or https://", fix)
    try:
        url = urllib.parse.urlsplit(text)
        port = url.port
    except ValueError as error:
        raise Refused("a URL with a valid host and port", f"({error})") from error
    if url.scheme not in ("http", "https"):
        raise Refused("a URL with http:// or https://")
    host = url.hostname or ""
    if _HOST_FORM.fullmatch(f"[{host}]" if ":" in host else host) is None:
        raise Refused("a URL with a host, such as http://10.0.0.1:9000")
    replica = ReplicaUrl(url.scheme, host, port or (443 if url.scheme == "https" else 80))
    if "@" in url.netloc:
        fix = f'Write "{replica.url}"; credentials belong into the requests.'
        raise Refused("a URL without user and password", fix)
    if url.path not in ("", "/") or url.query or url.fragment:
        fix = f'Write "{replica.url}"; paths are set by the rewrite of a [[route]].'
        raise Refused("a URL without path, query and fragment", fix)
    if port == 0:
        raise Refused("a URL with a port from 1 to 65535")
    return replica


def _write_replica(replica: ReplicaUrl) -> str:
    return toml(replica.url)


_REPLICA: Final = Kind("URL", '"http://10.0.0.1:9000"', _read_replica, _write_replica)


# --- paths and hosts ---


def _read_pattern(value: object) -> str:
    text = read_text(value)
    if not text.startswith("/"):
        raise Refused("a path that starts with /", f'Write "/{text}".')
    plain = _PARAMETER.sub("x", text)
    if "{" in plain or "}" in plain:
        raise Refused("a path in which braces hold a name, such as /orders/{order}")
    if "?" in plain or "#" in plain:
        raise Refused("a path without ? and #", "A route is chosen by path, host and method.")
    if _PATH_FORM.fullmatch(plain) is None:
        fix = f'Write "{urllib.parse.quote(text, safe=_SAFE)}".'
        raise Refused("a path as it stands in requests, with %-escapes", fix)
    if {".", ".."} & set(plain.split("/")):
        raise Refused("a path without . and .. segments")
    names = parameters(text)
    if len(set(names)) < len(names):
        raise Refused("a path in which every parameter has its own name")
    return text


def _read_host(value: object) -> str:
    text = read_text(value)
    if _HOST_FORM.fullmatch(text):
        return text.lower()
    name, _, port = text.rpartition(":")
    if port.isdecimal() and _HOST_FORM.fullmatch(name):
        raise Refused("a host without a port", f'Write "{name}".')
    raise Refused("a host as in the Host field, such as api.example.com")


def _read_name(value: object) -> str:
    text = read_text(value)
    if _NAME.fullmatch(text) is None:
        raise Refused("a name of letters, digits, - and _")
    return text


def _read_file(value: object) -> str:
    text = read_text(value)
    if not Path(text).is_file():
        fix = f"Relative paths start at the working directory, {Path.cwd()}."
        raise Refused("a file that exists", fix)
    return text


# --- methods, statuses, fields ---


def _read_method(value: object) -> str:
    text = read_text(value)
    if text in METHODS:
        return text
    if text == "CONNECT":
        raise Refused("another method than CONNECT", "Hedgerow is not a forward proxy.")
    meant = nearest(text.upper(), list(METHODS))
    raise Refused("a method known to HTTP", f'Did you mean "{meant}"?' if meant else "")


def _read_final_status(value: object) -> int:
    if type(value) is not int or not 200 <= value <= 599:
        raise Refused("a status from 200 to 599")
    return value


def _read_field_name(value: object) -> str:
    text = read_text(value)
    if _TOKEN.fullmatch(text) is None:
        raise Refused("the name of a header field, such as X-Request-Timeout-Ms")
    if text.lower() in _OWN_FIELDS:
        raise Refused("another field", f"Hedgerow writes {text} itself.", part=text)
    return text


def _read_fields(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise Refused('a table of names and values, such as {Retry-After = "1"}')
    for name, text in value.items():
        _read_field_name(name)
        if not isinstance(text, str) or not (text.isascii() and text.isprintable()):
            raise Refused("a table whose values are printable ASCII in quotes", part=text)
    return dict(value)


_Place = Literal["path", "query", "header"]
_PLACES: Final[Mapping[str, _Place]] = {"path": "path", "query": "query", "header": "header"}


def _read_asked_in(value: object) -> AskedIn:
    word, _, name = read_text(value).partition(".")
    place = _PLACES.get(word)
    if place is None or not name:
        raise Refused("path.NAME, query.NAME or header.NAME")
    if place == "header" and _TOKEN.fullmatch(name) is None:
        raise Refused("header. and the name of a header field")
    return AskedIn(place, name)


def _write_asked_in(asked: Any) -> str:
    return toml(".".join(asked))


LISTEN: Final = Kind(
    "address or list of addresses",
    '"127.0.0.1:8080"',
    _read_listen,
    _write_listen,
    _ADDRESSES.from_word,
)
REPLICAS: Final = list_of(_REPLICA, "URLs")
PATTERN: Final = Kind("path", '"/api/"', _read_pattern)
HOST: Final = Kind("host", '"api.example.com"', _read_host)
NAME: Final = Kind("name", '"app"', _read_name)
FILE: Final = Kind("file", '"ca.pem"', _read_file)
METHOD_LIST: Final = list_of(Kind("method", '"GET"', _read_method), "methods")
STATUS: Final = Kind("status", "502", _read_final_status, from_word=COUNT.from_word)
STATUS_LIST: Final = list_of(STATUS, "statuses")
FIELD_NAME: Final = Kind("field name", '"X-Request-Timeout-Ms"', _read_field_name)
FIELDS: Final = Kind("table of fields", '{Retry-After = "1"}', _read_fields)
ASKED_IN: Final = Kind(
    "path.NAME, query.NAME or header.NAME", '"path.timeout"', _read_asked_in, _write_asked_in
)
