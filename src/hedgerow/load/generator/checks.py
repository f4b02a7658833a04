"""Whether an answer is what was expected, and in words what was not.

Made from an :class:`Expectation`; whatever cannot be understood in it is refused then.
The status is looked up in a table; the body is asked for only where something is
expected of it.  Must not know where answers come from, nor who counts them.

===========================  ==================================================
``200`` ``2xx`` ``200-299``  the status is one of them; several with commas;
                             without any, it must be below 400
``Welcome, [A-Z]``           a regular expression is found in the body
``data.items[0].id``         the body is JSON and has this in it (``items.0.id``
                             too; ``$`` is the whole; ``["a.b"]`` for odd names)
``status == "ok"``           ... and it is this JSON; also ``!= < <= > >=``
===========================  ==================================================
"""

import operator
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from hedgerow.errors import ConfigError
from hedgerow.load.plan import Expectation

#: A message shows no more of a body, or of a value.
_LONGEST_SHOWN: Final = 80

_CLASS: Final = re.compile(r"([1-9])xx", re.IGNORECASE)
_RANGE: Final = re.compile(r"(\d{3})-(\d{3})")
_ONE: Final = re.compile(r"\d{3}")
#: One step of a path: .name, [3] or ["any name"]; the first name needs no dot.
_STEP: Final = re.compile(
    r'(?:^|\.)([^.\[\]"\s=!<>]+)|\.?\[(\d+)\]|\.?\[("(?:[^"\\]|\\.)*")\]'
)  # fmt: skip
_WHOLE: Final = re.compile(r"\$(?=[.\[\s=!<>]|$)")
_COMPARISON: Final = re.compile(r"\s*(==|!=|<=|>=|<|>)\s*(.*)", re.DOTALL)
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MISSING: Final = object()
_FIX_PATH: Final = "A path is for example data.items[0].id."
_GZIP: Final = b"\x1f\x8b"


class StatusRule:
    """Which statuses are good."""

    __slots__ = ("_good", "text")

    def __init__(self, texts: Iterable[str]) -> None:
        words = [word.strip() for text in texts for word in text.split(",")]
        good = {status for word in words for status in _statuses(word)} or range(100, 400)
        self.text = " or ".join(words) or "below 400"
        self._good = bytes(status in good for status in range(1000))

    def is_good(self, status: int) -> bool:
        """Say whether a status was expected."""
        return self._good[status] == 1


@dataclass(frozen=True, slots=True)
class JsonRule:
    """What is expected at one place of a JSON document."""

    text: str
    path: tuple[str | int, ...]
    compare: str = ""  # empty: it only has to be there
    value: Any = None

    @classmethod
    def parse(cls, text: str) -> "JsonRule":
        """Read ``path`` or ``path == value``; raises ConfigError."""
        path, rest = _path(text.strip())
        if not rest:
            return cls(text.strip(), path)
        match = _COMPARISON.fullmatch(rest)
        if match is None:
            raise _unusable(text, f"{_FIX_PATH} Values are compared with ==, not with =.")
        compare, value = match.groups()
        try:
            wanted = msgspec.json.decode(value)
        except msgspec.DecodeError:
            fix = f'After {compare} comes JSON, a text in quotes, such as {compare} "ok".'
            raise _unusable(text, fix) from None
        return cls(text.strip(), path, compare, wanted)

    def failure(self, document: Any) -> str | None:
        """Say what is wrong with a document, if anything."""
        found = _at(document, self.path)
        if found is _MISSING:
            return f"expected {self.text}, and there is no such value"
        if self.compare and not _holds(self.compare, found, self.value):
            return f"expected {self.text}, got {_shown_value(found)}"
        return None


class Checks:
    """All that is expected of an answer."""

    __slots__ = ("_body", "_json", "_status", "good_status", "needs_body")

    def __init__(self, status: StatusRule, body: str | None, json: Iterable[JsonRule]) -> None:
        self._status = status
        self._body = None if body is None else _BodyRule(body)
        self._json = tuple(json)
        #: The rule's own method: a call less for each answer.
        self.good_status = status.is_good
        self.needs_body = body is not None or bool(self._json)

    @classmethod
    def of(cls, expectation: Expectation) -> "Checks":
        """Read what is expected; raises ConfigError."""
        rules = [JsonRule.parse(text) for text in expectation.json]
        return cls(StatusRule(expectation.status), expectation.body, rules)

    def failure(self, status: int, body: bytes) -> str | None:
        """Say what was expected and what came instead; None where all is well."""
        if not self.good_status(status):
            return f"expected status {self._status.text}, got {status}"
        if not self.needs_body:
            return None
        content = _unpacked(body)
        if self._body is not None and not self._body.is_in(content):
            return f"expected the body to have {self._body.text}, got {_shown_body(content)}"
        return self._json_failure(content) if self._json else None

    def _json_failure(self, content: bytes) -> str | None:
        try:
            document = msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError):
            return f"expected JSON, got {_shown_body(content)}"
        for rule in self._json:
            told = rule.failure(document)
            if told is not None:
                return told
        return None


class _BodyRule:
    """A regular expression, searched in bytes where it can be: decoding costs more."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._bytes: re.Pattern[bytes] | None = None
        self._str: re.Pattern[str] | None = None
        try:
            if text.isascii():
                self._bytes = re.compile(text.encode())
            else:
                self._str = re.compile(text)
        except (re.error, ValueError) as error:
            raise ConfigError(
                "expected body",
                got=text,
                must="a regular expression",
                fix=f"({error}) Write \\ before a sign that stands for itself.",
            ) from error

    def is_in(self, body: bytes) -> bool:
        if self._bytes is not None:
            return self._bytes.search(body) is not None
        return (
            self._str is not None and self._str.search(body.decode("utf-8", "replace")) is not None
        )


def _statuses(word: str) -> range:
    if match := _CLASS.fullmatch(word):
        hundreds = int(match[1]) * 100
        return range(hundreds, hundreds + 100)
    if match := _RANGE.fullmatch(word):
        found = range(int(match[1]), int(match[2]) + 1)
    else:
        found = range(int(word), int(word) + 1) if _ONE.fullmatch(word) else range(0)
    if not found or found[0] < 100:
        raise ConfigError(
            "expected status",
            got=word,
            must="a status, a class or a range",
            fix="For example 200, 2xx or 200-299; several with commas.",
        )
    return found


def _path(text: str) -> tuple[tuple[str | int, ...], str]:
    """Read a path, and return it with what comes after it."""
    whole = _WHOLE.match(text)
    rest = text if whole is None else text[whole.end() :]
    steps: list[str | int] = []
    end = 0
    while match := _STEP.match(rest, end):
        name, index, quoted = match.groups()
        if index is not None:
            steps.append(int(index))
        else:
            steps.append(name if name is not None else msgspec.json.decode(quoted, type=str))
        end = match.end()
    if whole is None and not steps:
        raise _unusable(text, _FIX_PATH)
    return tuple(steps), rest[end:]


def _at(document: Any, path: tuple[str | int, ...]) -> Any:
    """Follow a path; a number, also a bare one, counts in a list and is a name in an object."""
    here = document
    for step in path:
        if isinstance(here, dict):
            here = here.get(str(step), _MISSING)
        elif isinstance(here, list) and str(step).isdecimal():
            here = here[int(step)] if int(step) < len(here) else _MISSING
        else:
            return _MISSING
    return here


def _holds(compare: str, found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) is not isinstance(wanted, bool):
        return compare == "!="  # true is not 1
    try:
        return _COMPARE[compare](found, wanted)
    except TypeError:
        return False  # a text is neither above nor below a number


def _unpacked(body: bytes) -> bytes:
    """Undo gzip: a request copied from a browser asks for it."""
    if not body.startswith(_GZIP):
        return body
    try:
        return zlib.decompress(body, wbits=31)
    except zlib.error:
        return body


def _shown_body(body: bytes) -> str:
    if not body:
        return "an empty one"
    text = body[: 4 * _LONGEST_SHOWN].decode("utf-8", "replace")
    return _shortened(ascii(text) if not text.isprintable() else text)


def _shown_value(value: Any) -> str:
    return _shortened(msgspec.json.encode(value).decode())


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def _unusable(text: str, fix: str) -> ConfigError:
    return ConfigError("expected JSON", got=text, must="PATH or PATH == VALUE", fix=fix)
