"""Writes a scenario: a Python file to be read, changed and played.

What goes out when it is played is what was recorded.  All texts stand in it as Python's own
literals, so that nothing in a recording can become code.  Must not know where the steps
come from.

A body is written in the most readable form that gives the same bytes again: ``json=``, a
form as a dict, a text, bytes.
"""

import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from hedgerow.load.generator.request_maker import default_content_type
from hedgerow.load.imports.step import Step
from hedgerow.load.plan import RequestPlan

_WIDTH: Final = 96
#: Python's own limit for brackets in brackets is 200.
_DEEPEST: Final = 50
_ORIGIN: Final = re.compile(r"https?://[^/?#]+", re.IGNORECASE)
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_COMMON: Final = "HEADERS"


def write_scenario(
    steps: Sequence[Step], *, title: str, options: Mapping[str, object] | None = None
) -> str:
    """Write steps as a scenario; relative URLs continue the first step's origin.

    ``options`` are added to those that the steps need.
    """
    base = _origin(steps[0].request.url)
    common = _common_fields(steps)
    lines = [_docstring(title), ""]
    lines += _assigned("options", {"base_url": base, **(options or {})})
    if common:
        lines += ["", "# What all requests have in common.", *_assigned(_COMMON, common)]
    lines += ["", "", "async def run(user):"]
    for step in steps:
        if step.pause:
            lines.append(f"    await user.pause({step.pause!r})")
        lines += _call(step, base, common)
    return "\n".join(lines) + "\n"


def _docstring(title: str) -> str:
    """Quote a title as a docstring, whatever is in it."""
    plain = "".join(letter if letter.isprintable() else " " for letter in title)
    shown = plain.replace("\\", "/").replace('"', "'")
    return f'"""{shown}"""'


def _origin(url: str) -> str:
    match = _ORIGIN.match(url)
    return match[0] if match else ""


def _common_fields(steps: Sequence[Step]) -> dict[str, str]:
    """The fields that all requests have with the same value, but for the body's."""
    if len(steps) < 2:
        return {}
    first, *others = (_as_dict(step.request.fields) for step in steps)
    return {
        name: value
        for name, value in first.items()
        if name.lower() != "content-type" and all(fields.get(name) == value for fields in others)
    }


def _as_dict(fields: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Join fields of one name (RFC 9110 section 5.2; RFC 6265 section 5.4 for cookies)."""
    joined: dict[str, str] = {}
    for name, value in fields:
        joint = "; " if name.lower() == "cookie" else ", "
        joined[name] = f"{joined[name]}{joint}{value}" if name in joined else value
    return joined


def _call(step: Step, base: str, common: Mapping[str, str]) -> list[str]:
    request = step.request
    arguments, said = _body(request)
    fields = {
        name: value
        for name, value in _as_dict(request.fields).items()
        if name not in common and not (name.lower() == "content-type" and value == said)
    }
    headers = [_COMMON] if common else []
    if fields:
        headers.append(_literal(fields, 2))
    if headers:
        arguments.insert(0, f"headers={' | '.join(headers)}")
    if request.follow:
        arguments.append(f"follow={request.follow}")
    if step.status >= 400:
        arguments.append(f"expect={step.status}")
    url = request.url
    if _origin(url) == base:
        url = f"/{url.removeprefix(base).removeprefix('/')}"
    if request.method in _METHODS:
        start, words = f"await user.{request.method.lower()}(", [url]
    else:
        start, words = "await user.request(", [request.method, url]
    return _wrapped(start, [*map(_text, words), *arguments])


def _body(request: RequestPlan) -> tuple[list[str], str | None]:
    """Return the arguments for a body, and the type that need not be said beside them."""
    body = request.body
    if not body:
        return [], None
    kinds = [value for name, value in request.fields if name.lower() == "content-type"]
    kind = kinds[0] if kinds else default_content_type(body)
    document = _document(body)
    if kind == _JSON and document is not None:
        return [f"json={_literal(document, 2)}"], kind
    form = _form(body)
    if kind == _FORM and form is not None:
        return [f"data={_literal(form, 2)}"], kind
    said = kind if kind == default_content_type(body) else None
    try:
        return [f"data={_text(body.decode())}"], said
    except UnicodeDecodeError:
        return [f"data={body!r}"], said


def _document(body: bytes) -> Any:
    """The JSON document that is written as this body, but for white space; None for none.

    ``null`` is none too: json=None means no body.
    """
    try:
        document = msgspec.json.decode(body)
        minified = msgspec.json.format(body, indent=-1)
    except (msgspec.DecodeError, RecursionError):
        return None
    if _is_deep(document) or msgspec.json.encode(document) != minified:
        return None
    return document


def _is_deep(value: object, left: int = _DEEPEST) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left == 0 or any(_is_deep(one, left - 1) for one in inner)


def _form(body: bytes) -> dict[str, str] | None:
    try:
        pairs = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    form = dict(pairs)
    return form if urllib.parse.urlencode(form).encode() == body else None


def _literal(value: Any, depth: int) -> str:
    """Write what came from JSON as Python's literal, in several lines where it is long."""
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, dict | list) or not value:
        return repr(value)
    if isinstance(value, dict):
        opening, closing = "{", "}"
        entries = [f"{_text(k)}: {_literal(v, depth + 1)}" for k, v in value.items()]
    else:
        opening, closing = "[", "]"
        entries = [_literal(v, depth + 1) for v in value]
    line = f"{opening}{', '.join(entries)}{closing}"
    if "\n" not in line and len(line) + 4 * depth + 10 <= _WIDTH:
        return line
    pad = "    " * depth
    return "\n".join((opening, *(f"{pad}    {entry}," for entry in entries), f"{pad}{closing}"))


def _text(value: str) -> str:
    """Quote a text, with double quotes where they need no escape."""
    quoted = repr(value)
    return f'"{quoted[1:-1]}"' if quoted[0] == "'" and not set("\"'") & set(value) else quoted


def _assigned(name: str, value: Mapping[str, object]) -> list[str]:
    """Write a dict, a line for each of its entries."""
    entries = [f"    {_text(key)}: {_literal(entry, 1)}," for key, entry in value.items()]
    return [f"{name} = {{", *entries, "}"]


def _wrapped(start: str, arguments: Sequence[str]) -> list[str]:
    """Write a call in one line if it fits, else an argument a line."""
    line = f"    {start}{', '.join(arguments)})"
    if len(line) <= _WIDTH and "\n" not in line:
        return [line]
    return [f"    {start}", *(f"        {argument}," for argument in arguments), "    )"]
