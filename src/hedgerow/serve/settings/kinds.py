"""The kinds of values in settings: how each is read, written and called.

Decides whether one value is of its kind; must not know which setting it is for, nor
where it stands: the reader adds both.  Durations, sizes and shares are read by
``units``; a duration must carry its unit, a size may be a bare number of bytes.

A kind reads what TOML gives (text, number, list, table) and writes TOML that reads
back as the same value, so that the settings in force can be printed and used again.

Why not msgspec's own conversion: its errors do not say what would have been right.
"""

import difflib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hedgerow import units

#: Longer waits are mistakes, and event loops count their timers in 64-bit milliseconds.
LONGEST: Final = 365 * 86400.0
#: More bytes than any disk holds; keeps sums of sizes within 64 bits.
LARGEST: Final = 2**60

#: Requests: more than any gateway can see.
MOST_A_SECOND: Final = 10**9

_DIGITS: Final = re.compile(r"\d+(\.\d+)?")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


class Refused(ValueError):
    """A value is not of its kind.

    ``fix`` where more can be said than an example; ``part`` where only a part is wrong.
    """

    def __init__(self, must: str, fix: str = "", *, part: object = None) -> None:
        super().__init__(must)
        self.must = must
        self.fix = fix
        self.part = part


def toml(value: Any) -> str:
    """Write a value of TOML, tables inline."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # Where JSON leaves a character as it is TOML allows it too, but for DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{toml_key(key)} = {toml(item)}" for key, item in value.items())
        return f"{{{pairs}}}"
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return f"[{', '.join(map(toml, items))}]"
    return str(value)


def toml_key(key: str) -> str:
    """Write a key, in quotes only where it needs them."""
    return key if _BARE_KEY.fullmatch(key) else toml(key)


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value."""

    name: str
    example: str  # as TOML
    read: Callable[[Any], Any]  # from what TOML gave; raises Refused
    write: Callable[[Any], str] = toml
    from_word: Callable[[str], object] = _as_it_is  # what a word on a command line stands for
    names_none: bool = False  # None has a word of its own, mostly "off"


def nearest(word: str, known: list[str]) -> str:
    """Return the known word that was probably meant, or an empty string."""
    return next(iter(difflib.get_close_matches(word, known, n=1)), "")


# --- numbers with a unit ---


def _read_duration(value: object) -> float:
    if not isinstance(value, str):
        raise Refused("a duration in quotes with its unit, such as '250ms' or '1m30s'")
    try:
        seconds = units.parse_duration(value)
    except ValueError as error:
        raise Refused(str(error)) from error
    if seconds > LONGEST:
        raise Refused(f"at most {LONGEST / 86400:.0f}d")
    return seconds


def _write_duration(seconds: float) -> str:
    """Write the rounded form where it is exact, else all digits."""
    text = units.format_duration(seconds) if seconds else "0s"
    if units.parse_duration(text) != seconds:
        digits = repr(seconds)
        text = f"{seconds:.12f}s" if "e" in digits else f"{digits}s"
    return toml(text)


def _read_size(value: object) -> int:
    size = value if type(value) is int else None
    if isinstance(value, str):
        try:
            size = units.parse_size(value)
        except OverflowError:
            size = LARGEST + 1
        except ValueError as error:
            raise Refused(str(error)) from error
    if size is None:
        raise Refused("a size, such as 64KiB in quotes or a whole number of bytes")
    if size > LARGEST:
        raise Refused(f"at most {LARGEST} bytes")
    return size


def _write_size(size: int) -> str:
    text = units.format_size(size)
    exact = size >= 1024 and units.parse_size(text) == size
    return toml(text) if exact else str(size)


def _read_byte_rate(value: object) -> float:
    text = value.removesuffix("/s") if isinstance(value, str) else value
    try:
        return float(_read_size(text))
    except Refused as error:
        raise Refused("a size a second, such as 500B/s or a whole number of bytes") from error


def _write_byte_rate(rate: float) -> str:
    text = _write_size(round(rate)).strip('"')
    return toml(f"{text}B/s" if text.isdecimal() else f"{text}/s")


class RequestRate(float):
    """Requests a second, and the number of requests by which it was written: 100 of ``100/m``."""

    count: float

    def __new__(cls, rate: float, count: float) -> "RequestRate":
        """Make a float that knows one thing more."""
        made = super().__new__(cls, rate)
        made.count = count
        return made


def _read_rate(value: object) -> RequestRate:
    text = value.strip() if isinstance(value, str) else str(value)
    if not isinstance(value, (str, int, float)) or isinstance(value, bool) or "/" not in text:
        fix = f'Write "{text}/s", "{text}/m" or "{text}/h".' if _DIGITS.fullmatch(text) else ""
        raise Refused('requests in a time, such as "100/m"', fix)
    count = text.rpartition("/")[0]
    try:
        rate = units.parse_rate(text)
        number = units.parse_rate(count)
    except ValueError as error:
        raise Refused('requests in a time (s, m, h, d), such as "100/m"') from error
    if not 0 < rate <= MOST_A_SECOND:
        raise Refused(f"above 0, at most {MOST_A_SECOND}/s")
    return RequestRate(rate, number)


def _write_rate(rate: float) -> str:
    """Write it in the unit it was written in, or in the first that is exact."""
    counts = [(rate.count, unit) for unit in "smhd"] if isinstance(rate, RequestRate) else []
    counts += [(rate * units.parse_duration(f"1{unit}"), unit) for unit in "smhd"]
    for count, unit in counts:
        text = f"{count:.9g}/{unit}"
        if "e" not in text and count >= 1 and units.parse_rate(text) == rate:
            return toml(text)
    return toml(f"{Decimal(float(rate)):f}/s")


def _read_share(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    try:
        return units.parse_share(value if isinstance(value, str) else "")
    except ValueError as error:
        raise Refused(str(error)) from error


def _write_share(share: float) -> str:
    text = f"{share * 100:.6g}%"
    exact = "e" not in text and units.parse_share(text) == share
    return toml(text) if exact else repr(share)


# --- plain values ---


def _read_count(value: object) -> int:
    if type(value) is not int:
        raise Refused("a whole number")
    return value


def _read_switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused("true or false, without quotes")
    return value


def read_text(value: object) -> str:
    """Read text on one line."""
    if not isinstance(value, str):
        raise Refused("text in quotes")
    if not value or not value.isprintable():
        raise Refused("text of at least one character, without line breaks")
    return value


def _read_long_text(value: object) -> str:
    if not isinstance(value, str):
        raise Refused("text in quotes")
    return value


def _read_json(value: object) -> object:
    """Take anything that JSON can say; TOML's dates become text."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("a value that JSON has, which nan and inf are not", part=value)
    for item in value.values() if isinstance(value, Mapping) else _items(value):
        _read_json(item)
    return value


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _count_from_word(word: str) -> object:
    return int(word) if word.isascii() and word.isdecimal() and len(word) <= 18 else word


def _switch_from_word(word: str) -> object:
    return {"true": True, "false": False}.get(word.lower(), word)


DURATION: Final = Kind("duration", '"250ms"', _read_duration, _write_duration)
SIZE: Final = Kind("size", '"64KiB"', _read_size, _write_size)
BYTE_RATE: Final = Kind("size a second", '"500B/s"', _read_byte_rate, _write_byte_rate)
RATE: Final = Kind("rate", '"100/m"', _read_rate, _write_rate)
SHARE: Final = Kind("share", '"5%"', _read_share, _write_share)
COUNT: Final = Kind("whole number", "100", _read_count, from_word=_count_from_word)
SWITCH: Final = Kind("true or false", "true", _read_switch, from_word=_switch_from_word)
TEXT: Final = Kind("text", '"..."', read_text)
LONG_TEXT: Final = Kind("text", '"..."', _read_long_text)
JSON: Final = Kind("any value", '{message = "ERROR"}', _read_json)


# --- kinds made of others ---


def choice(*words: str) -> Kind:
    """One of a few words."""
    listed = ", ".join(map(toml, words[:-1])) + f" or {toml(words[-1])}"

    def read(value: object) -> str:
        if value in words:
            return str(value)
        meant = nearest(value, list(words)) if isinstance(value, str) else ""
        raise Refused(listed, f'Did you mean "{meant}"?' if meant else "")

    return Kind(listed, toml(words[0]), read)


def or_off(kind: Kind, *words: str) -> Kind:
    """Also ``"off"``, which is read as None, and the ``words``, each of which stays what it is."""
    listed = [toml(word) for word in words]
    others = f'{", ".join(listed)} or "off"'

    def read(value: object) -> object:
        if value == "off":
            return None
        if value in words:
            return value
        try:
            return kind.read(value)
        except Refused as error:
            if not words:
                raise
            raise Refused(f"{error.must}; or {others}", error.fix, part=error.part) from error

    def write(value: object) -> str:
        if value is None or value in words:
            return toml(value or "off")
        return kind.write(value)

    name = f'{", ".join((kind.name, *map(toml, words)))} or "off"'
    return Kind(name, kind.example, read, write, kind.from_word, names_none=True)


def list_of(kind: Kind, name: str, *, identity: Callable[[Any], Any] = _as_it_is) -> Kind:
    """At least one value of a kind, each once by its ``identity``; kept in order."""

    def read_item(item: object) -> object:
        try:
            return kind.read(item)
        except Refused as error:
            raise Refused(error.must, error.fix, part=item) from error

    def read(value: object) -> tuple[object, ...]:
        if not isinstance(value, list):
            kind.read(value)  # if that is wrong too, it is said first
            raise Refused(f"a list of {name}", f"Write it in brackets: [{toml(value)}].")
        items = tuple(map(read_item, value))
        if not items:
            raise Refused(f"a list of {name} that is not empty")
        known = [identity(item) for item in items]
        twice = next((item for item in items if known.count(identity(item)) > 1), None)
        if twice is not None:
            raise Refused(f"without {kind.write(twice)} twice", "Keep one of the two.")
        return items

    def write(values: Any) -> str:
        return f"[{', '.join(map(kind.write, values))}]"

    def from_word(word: str) -> object:
        return [kind.from_word(part.strip()) for part in word.split(",")]

    return Kind(f"list of {name}", f"[{kind.example}]", read, write, from_word)
