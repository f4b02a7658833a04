"""The kinds of values that name something: paths, hosts, methods, statuses, fields.

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

from hedgerow import units
from hedgerow.policy.priorities import CRITICALITY, LEAST_URGENT, MOST_URGENT
from hedgerow.serve.settings.addresses import HOST_FORM
from hedgerow.serve.settings.kinds import (
    COUNT,
    Kind,
    Refused,
    list_of,
    nearest,
    read_text,
    toml,
)

_PARAMETER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
#: What may stand in a path unescaped (RFC 3986 section 3.3).
_PATH_FORM: Final = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_QUERY_FORM: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_SAFE: Final = "/{}!$&'()*+,;=:@%~"
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LONGEST_RATE_NAME: Final = 40
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_PROTOCOL_FORM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(/[A-Za-z0-9.]+)?")
_ORIGIN_FORM: Final = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9._\[\]:-]+(?::[0-9]+)?")
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


#: What proxies say about the client (RFC 7239, and its forerunners).
_ABOUT_CLIENT: Final = frozenset({
    "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
})  # fmt: skip


#: Forms of lines in the access log that have a name.
NAMED: Final = ("text", "json", "common", "combined")


class AskedIn(NamedTuple):
    """Where a request says something about itself: how long it may take, who sends it."""

    place: Literal["path", "query", "header"]
    name: str


def parameters(path: str) -> tuple[str, ...]:
    """Return the names in braces of a path pattern."""
    return tuple(_PARAMETER.findall(path))


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
    if "//" in plain:
        raise Refused("a path without empty segments", "// in a request is taken for /.")
    names = parameters(text)
    if len(set(names)) < len(names):
        raise Refused("a path in which every parameter has its own name")
    return text


def _read_host(value: object) -> str:
    text = read_text(value)
    if HOST_FORM.fullmatch(text.removeprefix("*.")):
        return text.lower()
    name, _, port = text.rpartition(":")
    if port.isdecimal() and HOST_FORM.fullmatch(name):
        raise Refused("a host without a port", f'Write "{name}".')
    raise Refused("a host as in the Host field, such as api.example.com or *.example.com")


def _read_name(value: object) -> str:
    text = read_text(value)
    if _NAME.fullmatch(text) is None:
        raise Refused("a name of letters, digits, - and _")
    return text


def _read_rate_name(value: object) -> str:
    text = _read_name(value)
    if len(text) > _LONGEST_RATE_NAME:
        raise Refused(f"a name of at most {_LONGEST_RATE_NAME} characters")
    return text


def _read_file(value: object) -> str:
    text = read_text(value)
    if not Path(text).is_file():
        fix = f"Relative paths start at the working directory, {Path.cwd()}."
        raise Refused("a file that exists", fix)
    return text


def _read_directory(value: object) -> str:
    text = read_text(value)
    if not Path(text).is_dir():
        fix = f"Relative paths start at the working directory, {Path.cwd()}."
        raise Refused("a directory that exists", fix)
    return text


def _read_file_name(value: object) -> str:
    text = read_text(value).removeprefix("/")
    if not text or {"", ".", ".."} & set(text.split("/")):
        raise Refused("the name of a file in the directory, such as index.html")
    return text


def _read_cache_rules(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not value:
        raise Refused('a table of patterns and times, such as {"*.js" = "1h"}')
    for pattern, text in value.items():
        read_text(pattern)
        if not isinstance(text, str):
            raise Refused('a time in quotes, such as "1h"', part=text)
        cache_control(text)
    return dict(value)


def cache_control(text: str) -> str:
    """Return the value of Cache-Control that a time, with words behind it, stands for."""
    if text == "off":
        return "no-cache"
    time, *words = (part.strip() for part in text.split(","))
    known = ("immutable", "private", "must-revalidate", "no-transform")
    try:
        seconds = round(units.parse_duration(time))
    except ValueError as error:
        raise Refused('a time such as "1h" or "off"', part=text) from error
    for word in words:
        if word not in known:
            raise Refused(f"followed by nothing but {', '.join(known)}", part=word)
    scope = [] if "private" in words else ["public"]
    return ", ".join([*scope, f"max-age={seconds}", *words])


def _read_location(value: object) -> str:
    text = read_text(value)
    if not text.startswith(("/", "http://", "https://")) or text.startswith("//"):
        raise Refused("a path that starts with one /, or a URL with http:// or https://")
    plain = _PARAMETER.sub("x", text)
    if "{" in plain or "}" in plain:
        raise Refused("a text in which braces hold a name, such as {path}")
    if not plain.isascii() or " " in plain:
        raise Refused("a URL as it stands in requests, with %-escapes")
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


def _read_redirect_status(value: object) -> int:
    if value not in _REDIRECTS or type(value) is not int:
        raise Refused("301, 302, 303, 307 or 308")
    return value


def _read_field_name(value: object) -> str:
    text = read_text(value)
    if _TOKEN.fullmatch(text) is None:
        raise Refused("the name of a header field, such as X-Request-Timeout-Ms")
    if text.lower() in _OWN_FIELDS:
        raise Refused("another field", f"Hedgerow writes {text} itself.", part=text)
    return text


def _read_protocol(value: object) -> str:
    text = read_text(value)
    if _PROTOCOL_FORM.fullmatch(text) is None:
        raise Refused("the name of a protocol, such as websocket")
    if text.lower() in ("h2c", "tls/1.0", "http/2.0"):
        raise Refused("another protocol", "What HTTP itself becomes cannot be tunnelled safely.")
    return text


def _read_log_format(value: object) -> str:
    text = read_text(value)
    if text not in NAMED and "{" not in text:
        meant = nearest(text, list(NAMED))
        fix = f'Did you mean "{meant}"?' if meant else ""
        raise Refused(f"one of {', '.join(NAMED)}, or a template with {{names}}", fix)
    return text


def _read_token(value: object) -> str:
    text = read_text(value)
    if _TOKEN.fullmatch(text) is None:
        raise Refused("the name of a header field, such as X-Request-Id")
    return text


def _read_origin(value: object) -> str:
    text = read_text(value)
    if text in ("*", "null"):
        return text
    match = _ORIGIN_FORM.fullmatch(text)
    if match is None:
        fix = f'Write "{text.rstrip("/").lower()}".' if text.endswith("/") else ""
        raise Refused("an origin as browsers send it: https://host or https://host:port", fix)
    return text


def _read_realm(value: object) -> str:
    text = read_text(value)
    if not text.isascii() or '"' in text or "\\" in text:
        raise Refused("ASCII text without quotes and backslashes")
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
    if place == "header" and name.lower() in _ABOUT_CLIENT:
        fix = (
            'Write forwarded = "append" or trusted in [server]: then the address is the client\'s.'
        )
        raise Refused("another field: what proxies say of a client is read by the server", fix)
    if place == "header" and name.lower() in _OWN_FIELDS:
        raise Refused("another field: this one is about the connection")
    return AskedIn(place, name)


def _read_asker(value: object) -> AskedIn | None:
    if value == "address":
        return None
    try:
        return _read_asked_in(value)
    except Refused as error:
        raise Refused(f'"address", {error.must}', error.fix) from error


def _write_asker(asker: Any) -> str:
    return toml("address") if asker is None else _write_asked_in(asker)


def _read_check_path(value: object) -> str:
    text = read_text(value)
    if not text.startswith("/"):
        raise Refused("a path that starts with /", f'Write "/{text}".')
    path, mark, query = text.partition("?")
    if _PATH_FORM.fullmatch(path) is None or _QUERY_FORM.fullmatch(query) is None:
        fix = f'Write "{urllib.parse.quote(path, safe=_SAFE)}".' if not mark else ""
        raise Refused("a path as it stands in requests, with %-escapes", fix)
    return text


def _read_priority(value: object) -> int:
    if type(value) is int and MOST_URGENT <= value <= LEAST_URGENT:
        return value
    word = value.lower().replace("-", "_") if isinstance(value, str) else ""
    if word in CRITICALITY:
        return CRITICALITY[word]
    listed = ", ".join(CRITICALITY)
    meant = nearest(word, list(CRITICALITY))
    must = f"{MOST_URGENT} (most urgent) to {LEAST_URGENT} (least), or one of {listed}"
    raise Refused(must, f'Did you mean "{meant}"?' if meant else "")


def _read_honours(value: object) -> tuple[str, ...]:
    if value == "off":
        return ()
    return tuple(_HONOURED.read(value))


def _write_honours(fields: tuple[str, ...]) -> str:
    return _HONOURED.write(fields) if fields else toml("off")


def _write_asked_in(asked: Any) -> str:
    return toml(".".join(asked))


PATTERN: Final = Kind("path", '"/api/"', _read_pattern)
HOST: Final = Kind("host", '"api.example.com"', _read_host)
NAME: Final = Kind("name", '"app"', _read_name)
FILE_NAME: Final = Kind("name of a file", '"index.html"', _read_file_name)
FILE_NAMES: Final = list_of(FILE_NAME, "names of files")
CACHE_RULES: Final = Kind("table of patterns", '{"*.js" = "1h"}', _read_cache_rules)
DIRECTORY: Final = Kind("directory", '"./public"', _read_directory)
LOCATION: Final = Kind("URL or path", '"https://www.example.com{path}"', _read_location)
REDIRECT_STATUS: Final = Kind("status", "308", _read_redirect_status, from_word=COUNT.from_word)
FILE: Final = Kind("file", '"ca.pem"', _read_file)
METHOD_LIST: Final = list_of(Kind("method", '"GET"', _read_method), "methods")
STATUS: Final = Kind("status", "502", _read_final_status, from_word=COUNT.from_word)
STATUS_LIST: Final = list_of(STATUS, "statuses")
FIELD_NAME: Final = Kind("field name", '"X-Request-Timeout-Ms"', _read_field_name)
#: Of a few fields, where "*" stands for any.
_FIELD_OR_ANY: Final = Kind(
    "field name", '"X-Request-Id"', lambda value: value if value == "*" else _read_token(value)
)
FIELD_LIST: Final = list_of(_FIELD_OR_ANY, "fields", identity=str.lower)
ORIGINS: Final = list_of(Kind("origin", '"https://app.example.com"', _read_origin), "origins")
REALM: Final = Kind("text", '"staff only"', _read_realm)
FIELDS: Final = Kind("table of fields", '{Retry-After = "1"}', _read_fields)
ASKED_IN: Final = Kind(
    "path.NAME, query.NAME or header.NAME", '"path.timeout"', _read_asked_in, _write_asked_in
)
ASKER: Final = Kind(
    f'"address", {ASKED_IN.name}', '"header.X-Api-Key"', _read_asker, _write_asker, names_none=True
)
LOG_FORMAT: Final = Kind("name or template", '"combined"', _read_log_format)
RATE_NAME: Final = Kind("name", '"api"', _read_rate_name)
CHECK_PATH: Final = Kind("path", '"/health"', _read_check_path)
PRIORITY: Final = Kind(
    "number or name of a class", '"sheddable"', _read_priority, from_word=COUNT.from_word
)
_PROTOCOL: Final = Kind("protocol", '"websocket"', _read_protocol)
_PROTOCOLS: Final = list_of(_PROTOCOL, "protocols", identity=str.lower)
PROTOCOLS: Final = Kind(
    'list of protocols or "off"',
    '["websocket"]',
    lambda value: () if value == "off" else tuple(_PROTOCOLS.read(value)),
    lambda value: _PROTOCOLS.write(value) if value else toml("off"),
    _PROTOCOLS.from_word,
)
_HONOURED: Final = list_of(FIELD_NAME, "fields", identity=str.lower)
HONOURS: Final = Kind(
    'list of fields or "off"',
    '["grpc-timeout"]',
    _read_honours,
    _write_honours,
    _HONOURED.from_word,
)
