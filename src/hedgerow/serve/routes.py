"""Which route a request belongs to, by host, path and method.

Decides; must not know what a route does.  The most specific pattern wins, whatever
the order in the file: an exact path before one with parameters before the longest
prefix; a route for a host before one for all hosts of a domain before one for any host.

Matching is done on the *normal* path (RFC 3986 section 6.2.2): characters that need no
escape are unescaped (``%61`` is ``a``), then dot segments are resolved, because an
upstream might do so after we have decided.  That path is also what goes upstream, so both
sides speak of the same resource.  A ``%2F`` stays as it is: it is data, not a separator.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_PARAMETER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PORT: Final = re.compile(r":[0-9]*$")  # not the end of [::1]
_SLASHES: Final = re.compile(rb"//+")
_ESCAPE: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
_UNRESERVED: Final = re.compile(rb"[A-Za-z0-9._~-]")  # RFC 3986 section 2.3
NO_PARAMETERS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Where a route applies: ``/exact``, ``/prefix/`` or ``/with/{parameter}``."""

    path: str
    host: str | None = None  # without port, lower case; *.example.com: any name below that
    methods: frozenset[bytes] | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(_PARAMETER.findall(self.path))

    @property
    def is_prefix(self) -> bool:
        return self.path.endswith("/")

    def compiled(self) -> "re.Pattern[bytes]":
        """Return an expression for the whole path."""
        pieces = _PARAMETER.split(_ESCAPE.sub(_unescaped, self.path.encode()).decode())
        source = "".join(
            f"(?P<{piece}>[^/]+)" if index % 2 else re.escape(piece)
            for index, piece in enumerate(pieces)
        )
        return re.compile((source + (".*" if self.is_prefix else "")).encode(), re.DOTALL)

    def rank(self) -> tuple[int, int, int]:
        """Order patterns, most specific first."""
        kind = 2 if self.is_prefix else 1 if self.parameters else 0
        # A longer wildcard is a narrower one.
        which = 1000 if self.host is None else 0 if self.host[0] != "*" else 999 - len(self.host)
        return (which, kind, -len(self.path))

    def is_for(self, name: str) -> bool:
        """Say whether a host, without port and in lower case, is meant."""
        host = self.host
        if host is None or host == name:
            return True
        return host[0] == "*" and name.endswith(host[1:]) and len(name) >= len(host)


class Routes(Generic[T]):
    """Patterns and what they lead to."""

    def __init__(self, entries: Sequence[tuple[Pattern, T]]) -> None:
        ordered = sorted(entries, key=lambda entry: entry[0].rank())
        self._entries = [(pattern, pattern.compiled(), target) for pattern, target in ordered]
        # One route for everything is what `serve URL` makes: no search at all.
        only = ordered[0] if len(ordered) == 1 else None
        matches_all = only is not None and only[0] == Pattern("/")
        self._only: T | None = only[1] if only is not None and matches_all else None

    @property
    def targets(self) -> list[T]:
        """All that the patterns lead to, in the order in which they are tried."""
        return [target for _, _, target in self._entries]

    def find(self, host: bytes, path: bytes, method: bytes) -> tuple[T, Mapping[str, str]] | None:
        """Return the route and the values of its parameters; None when there is none."""
        if self._only is not None:
            return self._only, NO_PARAMETERS
        name: str | None = None
        for pattern, expression, target in self._entries:
            if pattern.methods is not None and method not in pattern.methods:
                continue
            if pattern.host is not None:
                name = _without_port(host) if name is None else name
                if not pattern.is_for(name):
                    continue
            match = expression.fullmatch(path)
            if match is not None:
                found = match.groupdict()
                values = {key: value.decode("latin-1") for key, value in found.items()}
                return target, values or NO_PARAMETERS
        return None

    def methods_for(self, host: bytes, path: bytes) -> set[bytes]:
        """Return the methods that some route takes for this path: the Allow of a 405."""
        allowed: set[bytes] = set()
        name = _without_port(host)
        for pattern, expression, _ in self._entries:
            is_here = pattern.is_for(name) and expression.fullmatch(path)
            if pattern.methods is not None and is_here:
                allowed |= pattern.methods
        return allowed


def _without_port(host: bytes) -> str:
    # example.com. is the same host, and the same name in DNS.
    return _PORT.sub("", host.decode("latin-1").lower()).removesuffix(".")


def normal_path(path: bytes, *, merges_slashes: bool = True) -> bytes | None:
    """Return the one spelling of a path; None when its dot segments climb above the root.

    ``merges_slashes``: an empty segment is none.  Else ``//private/`` would be another path than
    ``/private/`` here, with other guards, and the same one for many an upstream.
    """
    if merges_slashes and b"//" in path:
        path = _SLASHES.sub(b"/", path)
    if b"%" in path:
        path = _ESCAPE.sub(_unescaped, path)
    if b"/." not in path:
        return path
    segments: list[bytes] = []
    parts = path.split(b"/")[1:]
    for index, part in enumerate(parts):
        if part == b"..":
            if not segments:
                return None
            segments.pop()
        if part in {b".", b".."}:
            if index == len(parts) - 1:
                segments.append(b"")
        else:
            segments.append(part)
    return b"/" + b"/".join(segments)


def _unescaped(escape: "re.Match[bytes]") -> bytes:
    character = bytes.fromhex(escape[0][1:].decode())
    return character if _UNRESERVED.match(character) else escape[0].upper()
