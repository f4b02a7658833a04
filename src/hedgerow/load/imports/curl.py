"""A ``curl`` command line as one request, as browsers copy it and people paste it.

What curl would send is sent, but for its User-Agent and for HTTP/2.  Must not know a
shell's quotes (``shell`` takes a pasted line apart), nor read files: ``read`` is handed in.
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.load.generator.request_maker import Endpoint, basic_auth, read_url
from hedgerow.load.imports.body import (
    Part,
    Read,
    data,
    data_binary,
    data_urlencoded,
    multipart,
    part,
)
from hedgerow.load.imports.curl_flags import flags_of
from hedgerow.load.imports.fields import gzip_only, worth_sending
from hedgerow.load.plan import Connecting, RequestPlan

#: How many redirects curl follows with -L.
_MOST_REDIRECTS: Final = 50
_FORM: Final = "application/x-www-form-urlencoded"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST: Final = r"(\[[^]]*\]|[^:]*)"
_CONNECT_TO: Final = re.compile(rf"{_HOST}:(\d*):{_HOST}:(\d*)")
_RESOLVE: Final = re.compile(rf"\+?{_HOST}:(\d+):([^,]+).*")
#: What curl would make several URLs of: {a,b} and [1-9].
_GLOB: Final = re.compile(r"\{[^{}]*,[^{}]*\}|\[\w+-\w+(?::\d+)?\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurlCommand:
    """What a command line asks for."""

    request: RequestPlan
    connecting: Connecting
    timeout: float | None  # seconds, for the whole of it
    notes: tuple[str, ...]  # what is not as with curl


def parse_curl(words: Sequence[str], read: Read) -> CurlCommand:
    """Read a command line, with or without ``curl`` in front; raises ConfigError.

    ``read`` returns the bytes of a file that the line names, of standard input for ``-``.
    """
    line = _Line(read)
    for name, value in flags_of(words[1:] if words[:1] == ["curl"] else words):
        line.take(name, value)
    return line.command()


@dataclass(slots=True)
class _Line:
    """What was said so far."""

    read: Read
    urls: list[str] = field(default_factory=list)
    method: str | None = None
    fields: list[tuple[str, str]] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)  # flags that count once, the last one
    body: bytes | None = None
    parts: list[Part] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)  # fields that are not to be sent
    rules: list[tuple[str, str]] = field(default_factory=list)

    def take(self, name: str, value: str) -> None:
        """Note one flag."""
        act = _ACTS.get(name)
        if act is None:
            self.given[name] = value
        else:
            act(self, value)

    def add_body(self, content: bytes, joint: bytes = b"&") -> None:
        """Join what comes in several flags, as curl does."""
        self.body = content if self.body is None else self.body + joint + content

    def command(self) -> CurlCommand:
        """Put it all together."""
        url = self._url()
        body, kind = self._body()
        method = self._method(has_body=body is not None)
        endpoint = read_url(url)
        request = RequestPlan(
            url=url,
            label=f"{method} {endpoint.target.partition('?')[0]}",
            method=method,
            fields=self._fields(kind),
            body=body or b"",
            follow=self._follow(),
        )
        return CurlCommand(
            request=request,
            connecting=self._connecting(endpoint.endpoint),
            timeout=self._seconds("max-time"),
            notes=tuple(self._notes()),
        )

    def _url(self) -> str:
        if len(self.urls) != 1:
            raise ConfigError(
                "curl", got=f"{len(self.urls)} URLs", must="one URL", fix="Write one command each."
            )
        url = self.urls[0] if _SCHEME.match(self.urls[0]) else f"http://{self.urls[0]}"
        if "globoff" not in self.given and (glob := _GLOB.search(url)):
            raise ConfigError(
                "curl", got=glob[0], must="one URL", fix="To send it as it stands, write -g."
            )
        if "get" in self.given and self.body:
            url = url.partition("#")[0]
            joint = "&" if "?" in url else "?"
            return f"{url}{joint}{self.body.decode('utf-8', 'replace')}"
        return url

    def _method(self, *, has_body: bool) -> str:
        if self.method is not None:
            return self.method
        if "head" in self.given:
            return "HEAD"
        if "upload-file" in self.given:
            return "PUT"
        return "POST" if has_body else "GET"

    def _body(self) -> tuple[bytes | None, str | None]:
        kinds = {
            "-d": self.body is not None,
            "-F": bool(self.parts),
            "-T": "upload-file" in self.given,
        }
        if sum(kinds.values()) > 1:
            got = " and ".join(flag for flag, is_given in kinds.items() if is_given)
            raise ConfigError("curl", got=got, must="one of them", fix="A request has one body.")
        if self.parts:
            return multipart(self.parts)
        if "upload-file" in self.given:
            return self.read(self.given["upload-file"]), None
        if self.body is None or "get" in self.given:
            return None, None
        return self.body, "application/json" if "json" in self.given else _FORM

    def _fields(self, kind: str | None) -> tuple[tuple[str, str], ...]:
        """The fields that were given, and those that flags stand for."""
        flags = self.given
        names = {name.lower() for name, _ in self.fields}
        of_flags = [
            ("Content-Type", kind),
            ("Accept", "application/json" if "json" in flags else None),
            ("User-Agent", flags.get("user-agent")),
            ("Referer", flags.get("referer", "").removesuffix(";auto")),
            ("Accept-Encoding", "gzip" if "compressed" in flags else None),
            ("Range", f"bytes={flags['range']}" if "range" in flags else None),
            ("Cookie", flags.get("cookie")),
            self._authorization(),
        ]
        return gzip_only(
            (
                *self.fields,
                *(
                    (name, text)
                    for name, text in of_flags
                    if text and name.lower() not in names | self.removed
                ),
            )
        )

    def _authorization(self) -> tuple[str, str]:
        if "oauth2-bearer" in self.given:
            return "Authorization", f"Bearer {self.given['oauth2-bearer']}"
        return basic_auth(self.given["user"]) if "user" in self.given else ("Authorization", "")

    def _follow(self) -> int:
        if "location" not in self.given and "location-trusted" not in self.given:
            return 0
        most = self.given.get("max-redirs", str(_MOST_REDIRECTS))
        return int(most) if most.isdecimal() else _MOST_REDIRECTS

    def _connecting(self, endpoint: Endpoint) -> Connecting:
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        rules = []
        for given, other in self.rules:
            # The left side is compared with what is connected to: without brackets.
            given_host, _, given_port = _filled(given, host, endpoint.port).rpartition(":")
            left = f"{given_host.strip('[]')}:{given_port}"
            rules.append((left, _filled(other, host, endpoint.port)))
        normal = Connecting()
        timeout = self._seconds("connect-timeout")
        return Connecting(
            connect_to=tuple(rules),
            unix=self.given.get("unix-socket"),
            verify="insecure" not in self.given,
            ca_file=self.given.get("cacert"),
            keep_alive="close" not in self.given,
            connect_timeout=normal.connect_timeout if timeout is None else timeout,
        )

    def _seconds(self, flag: str) -> float | None:
        text = self.given.get(flag)
        if text is None:
            return None
        try:
            seconds = float(text)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            raise ConfigError(
                f"curl --{flag}", got=text, must="seconds above 0", fix="For example 2.5."
            )
        return seconds

    def _notes(self) -> list[str]:
        notes = [
            f"--{flag}: HTTP/1.1 is spoken instead"
            for flag in self.given
            if flag.startswith("http")
        ]
        kept = sorted(self.removed & {"accept", "content-type", "host", "user-agent"})
        return notes + [f"{name}: cannot be left out; a default is sent" for name in kept]


# --- what each flag does that is more than noted ---


def _header(line: _Line, value: str) -> None:
    """``Name: value``; ``Name;`` for an empty one, ``Name:`` for none."""
    texts = [value]
    if value.startswith("@"):
        texts = [text for text in line.read(value[1:]).decode().splitlines() if text.strip()]
    for text in texts:
        name, colon, content = text[1:].partition(":")
        name = text[:1] + name
        if not colon and name.rstrip().endswith(";"):
            line.fields.append((name.rstrip()[:-1], ""))
        elif not colon:
            raise ConfigError(
                "curl -H", got=text, must="'Name: value'", fix="Write -H 'Accept: text/html'."
            )
        elif not content.strip():
            line.removed.add(name.strip().lower())
        elif name.strip().lower() == "connection" and content.strip().lower() == "close":
            line.given["close"] = ""
        elif worth_sending(name.strip()):
            line.fields.append((name.strip(), content.strip()))


def _cookie(line: _Line, value: str) -> None:
    if "=" not in value:
        raise ConfigError(
            "curl -b", got=value, must="name=value", fix="A file of cookies cannot be read."
        )
    earlier = line.given.get("cookie")
    line.given["cookie"] = value if earlier is None else f"{earlier}; {value}"


def _data(line: _Line, value: str, make: Callable[[str, Read], bytes]) -> None:
    line.add_body(make(value, line.read))


def _json(line: _Line, value: str) -> None:
    line.given["json"] = ""
    line.add_body(data_binary(value, line.read), joint=b"")


def _form_string(line: _Line, value: str) -> None:
    name, _, content = value.partition("=")
    line.parts.append(Part(name, content.encode()))


def _request(line: _Line, value: str) -> None:
    line.method = value


def _connect_to(line: _Line, value: str) -> None:
    match = _CONNECT_TO.fullmatch(value)
    if match is None:
        raise ConfigError(
            "curl --connect-to", got=value, must="HOST:PORT:HOST:PORT", fix="Parts may be empty."
        )
    line.rules.append((f"{match[1]}:{match[2]}", f"{match[3]}:{match[4]}"))


def _resolve(line: _Line, value: str) -> None:
    match = _RESOLVE.fullmatch(value)
    if match is None:
        raise ConfigError(
            "curl --resolve", got=value, must="HOST:PORT:ADDRESS", fix="See curl's manual."
        )
    host, port, address = match.groups()
    shown = f"[{address}]" if ":" in address and not address.startswith("[") else address
    line.rules.append((f"{'' if host == '*' else host}:{port}", f"{shown}:{port}"))


def _filled(place: str, host: str, port: int) -> str:
    """Fill in what was left empty in ``host:port`` from the URL."""
    own_host, _, own_port = place.rpartition(":")
    return f"{own_host or host}:{own_port or port}"


_ACTS: Final[Mapping[str, Callable[[_Line, str], None]]] = {
    "url": lambda line, value: line.urls.append(value),
    "request": _request,
    "header": _header,
    "cookie": _cookie,
    "data": functools.partial(_data, make=data),
    "data-ascii": functools.partial(_data, make=data),
    "data-raw": functools.partial(_data, make=lambda value, _: value.encode()),
    "data-binary": functools.partial(_data, make=data_binary),
    "data-urlencode": functools.partial(_data, make=data_urlencoded),
    "json": _json,
    "form": lambda line, value: line.parts.append(part(value, line.read)),
    "form-string": _form_string,
    "connect-to": _connect_to,
    "resolve": _resolve,
}
