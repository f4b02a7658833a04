"""A HAR file, as browsers save it, as the steps of one user.

What the browser did at once is done one after another, with the pauses in which it did
nothing.  What belonged to its user (cookies, validators of its cache) is left out: users
of a load test get cookies of their own.  Must not know what steps are for.

The format is HAR 1.2 (W3C draft of the Web Performance group); nothing beyond what is read
here need be in the file, and nothing else in it matters.
"""

import base64
import collections
import datetime
import mimetypes
import urllib.parse
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from hedgerow.errors import ConfigError
from hedgerow.load.generator.request_maker import read_url
from hedgerow.load.imports.body import Part, multipart
from hedgerow.load.imports.fields import gzip_only, worth_sending
from hedgerow.load.imports.step import Step
from hedgerow.load.plan import RequestPlan

#: Shorter pauses are the browser's own work.
_SHORTEST_PAUSE: Final = 0.1
_FORM: Final = "application/x-www-form-urlencoded"
_STATIC_KINDS: Final = frozenset({"font", "image", "manifest", "media", "script", "stylesheet"})
_STATIC_TYPES: Final = ("audio/", "font/", "image/", "text/css", "text/javascript", "video/")
_SCRIPT_TYPES: Final = frozenset({"application/javascript", "application/x-javascript"})
_NOT_OF_A_USER: Final = frozenset({"CONNECT"})
#: The name that stands for all hosts.
ALL_HOSTS: Final = "all"


class _Pair(msgspec.Struct):
    name: str
    value: str = ""


class _Param(_Pair):
    fileName: str | None = None  # noqa: N815  # as in the file
    contentType: str | None = None  # noqa: N815


class _PostData(msgspec.Struct, rename="camel"):
    mime_type: str = ""
    text: str | None = None
    params: list[_Param] = []
    encoding: str | None = None


class _Request(msgspec.Struct, rename="camel"):
    method: str
    url: str
    headers: list[_Pair] = []
    post_data: _PostData | None = None


class _Content(msgspec.Struct, rename="camel"):
    mime_type: str | None = None


class _Response(msgspec.Struct):
    status: int = 0
    content: _Content | None = None


class _Entry(msgspec.Struct, rename="camel"):
    request: _Request
    response: _Response | None = None
    started_date_time: str | None = None
    time: float | None = None  # milliseconds
    kind: str | None = msgspec.field(name="_resourceType", default=None)


class _Log(msgspec.Struct):
    entries: list[_Entry]


class _File(msgspec.Struct):
    log: _Log


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file holds, as far as it was wanted."""

    steps: tuple[Step, ...]
    other_hosts: dict[str, int]  # what was left out, and how many requests each had


def parse_har(data: bytes, *, hosts: Collection[str] = (), static: bool = True) -> Recording:
    """Read a file; raises ConfigError where it is none, or nothing in it is wanted.

    ``hosts`` are kept, with what is below them; without any, the first request's host alone,
    as the others may be somebody else's.  Without ``static`` images, scripts and the like are
    left out.
    """
    entries = [entry for entry in _entries(data) if _is_request(entry)]
    if not entries:
        raise ConfigError(
            "HAR file", got="no requests", must="a recording with requests", fix="Record again."
        )
    wanted = [host.lower() for host in hosts] or [_host(entries[0])]
    others: collections.Counter[str] = collections.Counter()
    kept = []
    for entry in entries:
        if not _is_wanted(_host(entry), wanted):
            others[_host(entry)] += 1
        elif static or not _is_static(entry):
            kept.append(entry)
    if not kept:
        shown = ", ".join(name for name, _ in others.most_common(10)) or "static files"
        raise ConfigError(
            "HAR file",
            got=f"no requests to {', '.join(wanted)}",
            must="a recording with requests that are kept",
            fix=f"It has requests to {shown}.",
        )
    return Recording(tuple(_steps(kept)), dict(others.most_common()))


def _entries(data: bytes) -> list[_Entry]:
    try:
        file = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_File)
    except msgspec.DecodeError as error:
        raise ConfigError(
            "HAR file",
            got=data[:40].decode("utf-8", "replace"),
            must="a JSON document as browsers save it",
            fix=f"({error})",
        ) from error
    return sorted(file.log.entries, key=lambda entry: _started(entry) or 0.0)


def _is_request(entry: _Entry) -> bool:
    """Leave out data:, blob: and websockets, and what the browser asks by itself."""
    if entry.kind in ("preflight", "websocket") or entry.request.method in _NOT_OF_A_USER:
        return False
    return entry.request.url.lower().startswith(("http://", "https://"))


def _host(entry: _Entry) -> str:
    return read_url(entry.request.url).endpoint.host


def _is_wanted(host: str, wanted: Sequence[str]) -> bool:
    return any(name in (host, ALL_HOSTS) or host.endswith(f".{name}") for name in wanted)


def _is_static(entry: _Entry) -> bool:
    if entry.request.method not in ("GET", "HEAD"):
        return False
    if entry.kind in _STATIC_KINDS:
        return True
    content = entry.response.content if entry.response is not None else None
    kind = (content.mime_type or "" if content is not None else "").partition(";")[0].strip()
    if not kind or kind == "x-unknown":
        path = urllib.parse.urlsplit(entry.request.url).path
        kind = mimetypes.guess_type(path)[0] or ""
    return kind.startswith(_STATIC_TYPES) or kind in _SCRIPT_TYPES or "font" in kind


def _steps(entries: Sequence[_Entry]) -> list[Step]:
    steps = []
    ended: float | None = None
    for entry in entries:
        began = _started(entry)
        pause = 0.0 if began is None or ended is None else began - ended
        status = entry.response.status if entry.response is not None else 0
        steps.append(
            Step(
                request=_request(entry.request),
                pause=round(pause, 1) if pause >= _SHORTEST_PAUSE else 0.0,
                status=max(status, 0),
            )
        )
        if began is not None:
            ended = max(ended or 0.0, began + max(entry.time or 0.0, 0.0) / 1000)
    return steps


def _started(entry: _Entry) -> float | None:
    """Seconds since the epoch."""
    try:
        return datetime.datetime.fromisoformat(entry.started_date_time or "").timestamp()
    except ValueError:
        return None


def _request(request: _Request) -> RequestPlan:
    body, kind = _body(request.post_data)
    fields = [
        (pair.name, pair.value)
        for pair in request.headers
        if worth_sending(pair.name, to_new_user=True)
    ]
    if kind is not None:
        fields = [field for field in fields if field[0].lower() != "content-type"]
        fields.append(("Content-Type", kind))
    path = read_url(request.url).target.partition("?")[0]
    return RequestPlan(
        url=request.url.partition("#")[0],
        label=f"{request.method} {path}",
        method=request.method,
        fields=gzip_only(fields),
        body=body,
    )


def _body(data: _PostData | None) -> tuple[bytes, str | None]:
    """Return the body, and its type where that is not the one in the fields."""
    if data is None:
        return b"", None
    if data.text:
        if data.encoding == "base64":
            return base64.b64decode(data.text), None
        return data.text.encode("utf-8", "replace"), None
    if not data.params:
        return b"", None
    if data.mime_type.startswith("multipart/"):
        return multipart(
            [
                Part(param.name, param.value.encode(), param.fileName, param.contentType)
                for param in data.params
            ]
        )
    # Browsers have them unescaped there, and other recorders as they were sent.
    unescaped = [
        (urllib.parse.unquote_plus(param.name), urllib.parse.unquote_plus(param.value))
        for param in data.params
    ]
    return urllib.parse.urlencode(unescaped).encode(), _FORM
