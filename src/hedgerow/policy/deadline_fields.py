"""Header fields that say how long there is: read from clients, written for upstreams.

Decides what a field's text means in seconds, and how the same is said again with less time.
Must not know what the route grants, nor whose request it is; a clock that knows the time of
day comes in, for the one form that needs it.

There is no standard, so the form follows from the name, in any case:

    grpc-timeout                  1 to 8 digits and a unit: H M S m u n (gRPC over HTTP/2)
    ...-ms                        milliseconds; 0 says nothing (Envoy: "no timeout")
    ...-deadline                  a time of day: Unix seconds, Unix milliseconds, or RFC 3339
    any other                     a number in the route's unit, or a duration such as 250ms

What cannot be read says nothing: whoever wrote it is far away, and may have meant others.

A relative time shrinks on its way, and needs no agreement of clocks; a time of day stays true
on its way, and is worth as much as the clocks agree.
"""

import datetime
import math
import re
from collections.abc import Callable
from typing import Final, Protocol

from typing_extensions import override

from hedgerow import units

_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_GRPC: Final = re.compile(r"([0-9]{1,8})([HMSmun])")
_GRPC_UNITS: Final = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "S": 1.0, "M": 60.0, "H": 3600.0}
#: Written in the first of these in which it has 8 digits; nanoseconds are noise.
_GRPC_WRITTEN: Final = ("u", "m", "S", "M", "H")
_GRPC_LARGEST: Final = 10**8 - 1
_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
#: As seconds it would be the year 5138, as milliseconds it is 1973.
_MILLISECONDS_FROM: Final = 1e11
#: Seconds by which a time may seem to be shortened that is not: a request is read some milliseconds
#: after it came. It goes on as it came, or in whole seconds it would lose one.
_SAME: Final = 0.02


class Tell(Protocol):
    """Tells an upstream how much time is left."""

    def line(self, seconds: float) -> bytes:
        """Return the whole line, with its end: finite seconds, rounded down, but never to 0."""


class DeadlineField(Protocol):
    """One field in which a client may say how long it waits."""

    @property
    def name(self) -> bytes:
        """In lower case."""

    @property
    def is_dated(self) -> bool:
        """Whether the same text means less and less: it names a time of day."""

    def read(self, text: str) -> float | None:
        """Seconds that are left, 0 or less if none are; None where the text says nothing."""

    def tell(self, text: str) -> Tell:
        """Return how to say the same again, as the client has said it with ``text``."""


class NumberTell:
    """A whole number of some unit, and at least 1: 0 would be taken for no limit."""

    __slots__ = ("_form", "_per_second")

    def __init__(self, name: str, *, unit: str = "ms", suffix: str = "") -> None:
        self._form = f"{name}: %d{suffix}\r\n".encode()
        self._per_second = 1.0 / _UNITS[unit]

    def line(self, seconds: float) -> bytes:
        return self._form % max(1, int(seconds * self._per_second))


class NumberField:
    """A number in a fixed unit; 0 says nothing."""

    __slots__ = ("_tell", "_unit", "name")
    is_dated = False

    def __init__(self, name: str, unit: str) -> None:
        self.name = name.lower().encode()
        self._unit = _UNITS[unit]
        self._tell = NumberTell(name, unit=unit)

    def read(self, text: str) -> float | None:
        return float(text) * self._unit or None if _NUMBER.fullmatch(text) else None

    def tell(self, text: str) -> Tell:
        return self._tell


class DurationField(NumberField):
    """A number in the route's unit, or a duration with its own."""

    __slots__ = ("_in_words",)

    def __init__(self, name: str, unit: str) -> None:
        super().__init__(name, unit)
        self._in_words = NumberTell(name, suffix="ms")

    @override
    def read(self, text: str) -> float | None:
        if _NUMBER.fullmatch(text):
            return super().read(text)
        try:
            return units.parse_duration(text) or None
        except ValueError:
            return None

    @override
    def tell(self, text: str) -> Tell:
        return self._tell if _NUMBER.fullmatch(text) else self._in_words


class GrpcField:
    """``grpc-timeout``, its own tell; 0 is no time at all."""

    __slots__ = ("_name", "name")
    is_dated = False

    def __init__(self, name: str) -> None:
        self.name = name.lower().encode()
        self._name = name.encode()

    def read(self, text: str) -> float | None:
        found = _GRPC.fullmatch(text)
        return int(found[1]) * _GRPC_UNITS[found[2]] if found else None

    def tell(self, text: str) -> Tell:
        return self

    def line(self, seconds: float) -> bytes:
        fits = (unit for unit in _GRPC_WRITTEN if seconds / _GRPC_UNITS[unit] <= _GRPC_LARGEST)
        unit = next(fits, "H")
        number = min(_GRPC_LARGEST, max(1, int(seconds / _GRPC_UNITS[unit])))
        return b"%b: %d%b\r\n" % (self._name, number, unit.encode())


class TimeOfDayField:
    """A time of day; told on as it came, unless we end sooner."""

    __slots__ = ("_clock", "_name", "name")
    is_dated = True

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        """``clock``: the time of day, in Unix seconds."""
        self.name = name.lower().encode()
        self._name = name.encode()
        self._clock = clock

    def read(self, text: str) -> float | None:
        until = _time_of_day(text)
        return None if until is None else until - self._clock()

    def tell(self, text: str) -> Tell:
        return _TimeOfDayTell(self._name, text, self._clock)


class _TimeOfDayTell:
    """In the form in which the client has told it, rounded down."""

    __slots__ = ("_clock", "_name", "_text", "_until")

    def __init__(self, name: bytes, text: str, clock: Callable[[], float]) -> None:
        self._name = name
        self._text = text
        until = _time_of_day(text)
        self._until = math.inf if until is None else until
        self._clock = clock

    def line(self, seconds: float) -> bytes:
        until = self._clock() + seconds
        text = self._text if until > self._until - _SAME else self._written(until)
        return b"%b: %b\r\n" % (self._name, text.encode("latin-1"))

    def _written(self, until: float) -> str:
        if _NUMBER.fullmatch(self._text) is None:
            when = datetime.datetime.fromtimestamp(int(until * 1000) / 1000, datetime.UTC)
            return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if float(self._text) >= _MILLISECONDS_FROM:
            return str(int(until * 1000))
        return f"{int(until * 1000) / 1000:.3f}" if "." in self._text else str(int(until))


def deadline_field(name: str, unit: str, clock: Callable[[], float]) -> DeadlineField:
    """Return what reads and tells the field with this name.

    ``unit`` (us, ms or s) is the route's own; ``clock`` is the time of day in Unix seconds.
    """
    lower = name.lower()
    if lower == "grpc-timeout":
        return GrpcField(name)
    if lower.endswith("-ms"):
        return NumberField(name, "ms")
    if lower == "deadline" or lower.endswith("-deadline"):
        return TimeOfDayField(name, clock)
    return DurationField(name, unit)


def _time_of_day(text: str) -> float | None:
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number / 1000 if number >= _MILLISECONDS_FROM else number
    try:
        when = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return when.timestamp() if when.tzinfo is not None else None  # whose midnight?
