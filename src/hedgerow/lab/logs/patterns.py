r"""nginx's ``log_format`` and Envoy's format strings, made into regular expressions.

Knows the two languages and which of their variables matter; must not know what becomes of
the values.  A variable ends where the text after it begins, so reading a line takes one
pass, whatever is in it: no ``.*`` that could be tried in every place.

    nginx   ``$remote_addr [$time_local] "$request" $status $request_time``
    Envoy   ``[%START_TIME%] "%REQ(:METHOD)% ..." %RESPONSE_CODE% %DURATION%``
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["request", "method", "path", "status", "total", "upstream"]

_NGINX_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_ENVOY_OPERATOR: Final = re.compile(r"%([A-Z0-9_]+)(?:\(([^)]*)\))?(?::\d+)?%")
_NGINX_ROLES: Final[Mapping[str, Role]] = {
    "request": "request",
    "request_method": "method",
    "request_uri": "path",
    "uri": "path",
    "document_uri": "path",
    "status": "status",
    "request_time": "total",
    "upstream_response_time": "upstream",
}
_ENVOY_ROLES: Final[Mapping[str, Role]] = {
    "RESPONSE_CODE": "status",
    "DURATION": "total",
    "X-ENVOY-UPSTREAM-SERVICE-TIME": "upstream",
    ":METHOD": "method",
    ":PATH": "path",
}
#: What nginx writes of several upstreams: parts with a comma or a colon between them, which
#: are no parts themselves (else there would be many ways to take a line apart).
_PART: Final = r"(?!: )[^\s,]+"
_SEVERAL: Final = f"{_PART}(?:(?:, | : ){_PART})*"

COMBINED: Final = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"'
)
ENVOY: Final = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" '
    "%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
)
ISTIO: Final = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" '
    "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% "
    '%CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" '
    "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A format as an expression whose groups are the roles that it has."""

    expression: re.Pattern[str]
    roles: frozenset[str]
    second: float  # how many seconds one of its units of time is


def is_envoy(form: str) -> bool:
    """Say which of the two languages a format is in."""
    return _ENVOY_OPERATOR.search(form) is not None


def pattern_of(form: str) -> Pattern:
    """Read a format of nginx (times in seconds) or Envoy (in milliseconds)."""
    envoy = is_envoy(form)
    variable = _ENVOY_OPERATOR if envoy else _NGINX_VARIABLE
    parts: list[str] = []
    roles: set[str] = set()
    end = 0
    for match in variable.finditer(form):
        parts.append(re.escape(form[end : match.start()]))
        end = match.end()
        role = _envoy_role(match) if envoy else _NGINX_ROLES.get(match[1] or match[2])
        value = _value(match[0], role, form[end : end + 1])
        if role is None or role in roles:
            parts.append(f"(?:{value})")
        else:
            roles.add(role)
            parts.append(f"(?P<{role}>{value})")
    parts.append(re.escape(form[end:]))
    return Pattern(re.compile("".join(parts)), frozenset(roles), 1e-3 if envoy else 1.0)


def _envoy_role(match: re.Match[str]) -> Role | None:
    """``REQ(X?Y)`` is X, or Y where there is no X; operators such as DURATION take nothing."""
    operator, argument = match[1], match[2] or ""
    if operator in ("REQ", "RESP", "REQ_WITHOUT_QUERY"):
        return next(filter(None, map(_ENVOY_ROLES.get, _alternatives(argument))), None)
    return _ENVOY_ROLES.get(operator)


def _alternatives(argument: str) -> Iterator[str]:
    for name in argument.upper().split("?"):
        yield name.strip()


def _value(variable: str, role: Role | None, following: str) -> str:
    """Return what a variable can be; numbers are told from words, for formats are alike."""
    if role == "status" or (variable.startswith("%") and role in ("total", "upstream")):
        return r"\d+|-"
    if variable.startswith("%BYTES_"):
        return r"\d+"
    if not following:
        return ".*"
    if following == " " and variable.strip("${").startswith("upstream_"):
        return _SEVERAL
    return f"[^{re.escape(following)}]*"
