"""Latency laws as people write them: ``uniform:100ms..600ms``, ``mix:85%*...+15%*...``.

Reads what ``str(law)`` writes, and a bare duration as a constant.  It must not open
files: ``replay:FILE`` calls the ``read_samples`` it was given with the name.
Without one, replaying is refused, which is what a server wants that takes laws from
its clients.

Errors are :class:`ValueError` with a text that continues "must be ...", as in
``units``: the caller knows where the text came from.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Final

from hedgerow import units
from hedgerow.faults.latency import (
    Constant,
    Law,
    Lognormal,
    Mixture,
    Pareto,
    Replayed,
    ReplayedInOrder,
    Uniform,
)
from hedgerow.faults.numerals import parse_number

#: Turns the name after ``replay:`` into latencies in seconds.
ReadSamples = Callable[[str], Sequence[float]]

# A plus joins parts only before a weight, so that file names may contain one.
_BETWEEN_PARTS: Final = re.compile(r"\+(?=\s*[\d.]+\s*%?\s*\*)")


def no_samples(name: str) -> Sequence[float]:
    """Refuse to read: the ``read_samples`` of whoever may not open files."""
    raise ValueError(f"no file: {name} cannot be read from here")


def parse_law(text: str, read_samples: ReadSamples = no_samples) -> Law:
    """Read a law, such as ``lognormal:5ms,2ms`` or ``250ms``."""
    name, colon, rest = text.strip().partition(":")
    if not colon and name not in _FORMS:
        return _bare(name)
    if name not in _FORMS:
        near = difflib.get_close_matches(name, _FORMS, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise ValueError(f"one of {', '.join(_FORMS)}, not {name!r}{hint}")
    shape, build = _FORMS[name]
    try:
        return build(rest.strip(), read_samples)
    except ValueError as error:
        raise ValueError(f"{shape}, with {error}") from error


def _bare(text: str) -> Law:
    try:
        return Constant(units.parse_duration(text))
    except ValueError as error:
        raise ValueError(f"a law ({', '.join(_FORMS)}), or {error}") from error


def _constant(text: str, _: ReadSamples) -> Law:
    return Constant(_duration(text))


def _uniform(text: str, _: ReadSamples) -> Law:
    low, high = _pair(text, "..")
    return Uniform(_duration(low), _duration(high))


def _lognormal(text: str, _: ReadSamples) -> Law:
    average, deviation = _pair(text, ",")
    return Lognormal(_duration(average), _duration(deviation))


def _pareto(text: str, _: ReadSamples) -> Law:
    shape, minimum = _pair(text, ",")
    return Pareto(parse_number(shape), _duration(minimum))


def _mixture(text: str, read_samples: ReadSamples) -> Law:
    parts = []
    for part in _BETWEEN_PARTS.split(text):
        weight, law = _pair(part, "*")
        parts.append((_share(weight), parse_law(law, read_samples)))
    return Mixture(tuple(parts))


def _replayed(text: str, read_samples: ReadSamples) -> Law:
    return Replayed(_samples(text, read_samples), text)


def _replayed_in_order(text: str, read_samples: ReadSamples) -> Law:
    return ReplayedInOrder(_samples(text, read_samples), text)


_FORMS: Final[dict[str, tuple[str, Callable[[str, ReadSamples], Law]]]] = {
    "constant": ("constant:DURATION", _constant),
    "uniform": ("uniform:LOW..HIGH", _uniform),
    "lognormal": ("lognormal:MEAN,DEVIATION", _lognormal),
    "pareto": ("pareto:SHAPE,MINIMUM", _pareto),
    "mix": ("mix:SHARE*LAW+SHARE*LAW", _mixture),
    "replay": ("replay:FILE", _replayed),
    "replay-in-order": ("replay-in-order:FILE", _replayed_in_order),
}


def _samples(name: str, read_samples: ReadSamples) -> tuple[float, ...]:
    if not name:
        raise ValueError("the name of a file")
    return tuple(read_samples(name))


def _pair(text: str, separator: str) -> tuple[str, str]:
    first, found, second = text.partition(separator)
    if not found:
        raise ValueError(f"a {separator!r} in {text!r}")
    return first.strip(), second.strip()


def _duration(text: str) -> float:
    try:
        return units.parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{text!r} written as {error}") from error


def _share(text: str) -> float:
    try:
        return units.parse_share(text)
    except ValueError as error:
        raise ValueError(f"{text!r} written as {error}") from error
