"""Reads single values of a scenario's ``options``: durations, counts, rates, stages.

Each reader takes where the value stands and the value, and raises a ConfigError that names
the place, the limit and the fix.  Must not know which words there are, nor what they mean
for a plan.

Why a bare number is no duration: k6 means milliseconds by it, most others seconds.
"""

import difflib
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NoReturn

from hedgerow.errors import ConfigError
from hedgerow.load.plan import Stage, ThinkTime
from hedgerow.units import parse_duration, parse_rate

#: Takes where the value stands, and the value.
Reader = Callable[[str, Any], Any]

_MUST_BE_A_RATE: Final = "a rate a second above 0, such as 200, '1.2k' or '100/m'"


def count(where: str, value: Any) -> int:
    """A whole number from 1."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ConfigError(where, got=value, must="a whole number from 1", fix="Write 50.")


def count_or_none(where: str, value: Any) -> int:
    """A whole number from 0."""
    return 0 if value == 0 and not isinstance(value, bool) else count(where, value)


def duration(where: str, value: Any) -> float:
    """Seconds from ``'30s'``."""
    return _with_unit(where, value)


def duration_above_none(where: str, value: Any) -> float:
    """Seconds from ``'30s'``, more than none."""
    seconds = _with_unit(where, value)
    if seconds == 0:
        raise ConfigError(where, got=value, must="longer than 0s", fix="Write '30s'.")
    return seconds


def rate(where: str, value: Any) -> float:
    """Arrivals a second from ``200``, ``'1.2k'`` or ``'100/m'``."""
    try:
        found = parse_rate(value) if isinstance(value, str) else number(where, value)
    except ValueError as error:
        raise ConfigError(where, got=value, must=_MUST_BE_A_RATE, fix="Write 200.") from error
    if found <= 0:
        raise ConfigError(where, got=value, must=_MUST_BE_A_RATE, fix="Write 200.")
    return found


def number(where: str, value: Any) -> float:
    """A number from 0."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12:
        return float(value)
    raise ConfigError(where, got=value, must="a number from 0", fix="Write 100.")


def yes_or_no(where: str, value: Any) -> bool:
    """True or False."""
    if isinstance(value, bool):
        return value
    raise ConfigError(where, got=value, must="True or False", fix="Write it without quotes.")


def text(where: str, value: Any) -> str:
    """A text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise ConfigError(where, got=value, must="a text", fix="Write it in quotes.")


def texts(where: str, value: Any) -> tuple[str, ...]:
    """One text, or a list of them."""
    if isinstance(value, list | tuple):
        return tuple(text(f"{where}[{place}]", one) for place, one in enumerate(value))
    return (text(where, value),)


def think_time(where: str, value: Any) -> ThinkTime:
    """``'1s'`` or ``'1s..3s'``."""
    low_text, dots, high_text = text(where, value).partition("..")
    low = duration(where, low_text)
    high = duration(where, high_text) if dots else low
    if high < low:
        raise ConfigError(where, got=value, must="SHORTEST..LONGEST", fix="Write '1s..3s'.")
    return ThinkTime(low=low, high=high)


def stages(where: str, value: Any) -> tuple[Stage, ...]:
    """``['30s:100', ...]`` or, in k6's form, ``[{"duration": "30s", "target": 100}, ...]``."""
    if not isinstance(value, list | tuple) or not value:
        raise ConfigError(where, got=value, must="a list of stages", fix="Write ['30s:100'].")
    if 0 < sum(is_of_a_rate(one) for one in value) < len(value):
        raise ConfigError(
            where, got=value, must="all of users, or all of rates", fix="Write '30s:100/s'."
        )
    return tuple(_stage(f"{where}[{place}]", one) for place, one in enumerate(value))


def is_of_a_rate(stage: object) -> bool:
    """True for ``'30s:100/s'``: arrivals; without a unit of time they are users."""
    return isinstance(stage, str) and "/" in stage


def mapping(where: str, value: Any) -> Mapping[str, Any]:
    """A dict with texts as keys."""
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return value
    raise ConfigError(where, got=value, must="a dict with names as keys", fix='Write {"...": ...}.')


def one_of(*words: str) -> Reader:
    """Make a reader for one of these words."""

    def read(where: str, value: Any) -> str:
        if value in words:
            return str(value)
        shown = " or ".join(repr(word) for word in words)
        raise ConfigError(where, got=value, must=shown, fix=f"Write {words[0]!r}.")

    return read


def refuse_word(where: str, word: str, value: Any, known: Collection[str]) -> NoReturn:
    """Refuse a word that is not known, with the one that was probably meant."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    fix = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(sorted(known))}."
    raise ConfigError(f"{where}[{word!r}]", got=value, must="a known word", fix=fix)


def _with_unit(where: str, value: Any) -> float:
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError as error:
            raise ConfigError(where, got=value, must=str(error), fix="Write '30s'.") from error
    raise ConfigError(
        where, got=value, must="a text with a unit", fix=f"Write '{value}s' or '{value}ms'."
    )


def _stage(where: str, value: Any) -> Stage:
    if isinstance(value, str):
        seconds, colon, target = value.rpartition(":")
        if not colon:
            raise ConfigError(where, got=value, must="DURATION:TARGET", fix="Write '30s:100'.")
        try:
            return Stage(seconds=duration(where, seconds), target=parse_rate(target))
        except ValueError as error:
            raise ConfigError(where, got=value, must=_TARGET, fix="Write '30s:100'.") from error
    given = mapping(where, value)
    for word, part in given.items():
        if word not in ("duration", "target"):
            refuse_word(where, word, part, ("duration", "target"))
    for word in ("duration", "target"):
        if word not in given:
            raise ConfigError(where, got=dict(given), must=f"given a {word}", fix="Add it.")
    return Stage(
        seconds=duration(f"{where}['duration']", given["duration"]),
        target=number(f"{where}['target']", given["target"]),
    )


_TARGET: Final = "DURATION:TARGET with a number of users, or arrivals a second, as target"
