"""Single values of load flags: from the text after a flag to a number, or a helpful refusal.

Must not know which flags there are, nor what becomes of the values.
"""

import re
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.load.plan import Stage, ThinkTime
from hedgerow.units import parse_duration, parse_rate

_COUNT: Final = re.compile(r"(\d+(?:\.\d+)?)([kM]?)")
_SCALE: Final = {"": 1, "k": 10**3, "M": 10**6}
_BARE_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


def duration(flag: str, text: str, *, least: float = 0.0, example: str = "10s") -> float:
    """Seconds from a duration with its unit, above or equal to ``least``."""
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise ConfigError(flag, got=text, must=str(error), fix=f"Write {flag} {example}.") from None
    if seconds < least:
        raise ConfigError(
            flag, got=text, must=f"at least {least:g}s", fix=f"Write {flag} {example}."
        )
    return seconds


def positive_duration(flag: str, text: str, *, example: str = "10s") -> float:
    """Seconds from a duration with its unit, above 0."""
    return duration(flag, text, least=0.001, example=example)


def run_duration(text: str) -> float:
    """How long to run; a bare number is seconds, as in wrk, and other text was meant as a body."""
    if _BARE_NUMBER.fullmatch(text.strip()):
        text = f"{text.strip()}s"
    try:
        parse_duration(text)
    except ValueError:
        raise ConfigError(
            "-d",
            got=text,
            must="how long to run, such as 30s or 2m",
            fix=f"Did you mean -b (body)? Write -b {text!r}.",
        ) from None
    return positive_duration("-d", text, example="30s")


def request_timeout(text: str) -> float:
    """Read ``-t``, which must carry a unit: in four other tools it counts threads."""
    if _BARE_NUMBER.fullmatch(text.strip()):
        raise ConfigError(
            "-t",
            got=text,
            must="a duration with its unit",
            fix=f"Threads? Use -w {text}. Timeout? Use -t {text}s.",
        )
    return positive_duration("-t", text)


def count(flag: str, text: str, *, least: int = 1) -> int:
    """Read a whole number; ``10k`` and ``1.5M`` are fine."""
    found = _COUNT.fullmatch(text.strip())
    number = float(found[1]) * _SCALE[found[2]] if found else -1.0
    if number < least or number != int(number):
        raise ConfigError(
            flag,
            got=text,
            must=f"a whole number from {least}, such as 500, 10k or 1M",
            fix=f"Write {flag} {max(least, 100)}.",
        )
    return int(number)


def rates(text: str) -> tuple[float, float | None]:
    """Read ``200`` or the ramp ``100:500``; without a ramp the second is None."""
    first, colon, last = text.partition(":")
    try:
        return parse_rate(first), parse_rate(last) if colon else None
    except ValueError as error:
        raise ConfigError(
            "-R", got=text, must=f"{error}, or A:B", fix="Write -R 200, or -R 100:500 for a ramp."
        ) from None


def think_time(text: str) -> ThinkTime:
    """Read ``1s`` or ``1s..3s``."""
    low, dots, high = text.partition("..")
    first = duration("--think", low, example="1s..3s")
    last = duration("--think", high, example="1s..3s") if dots else first
    if last < first:
        raise ConfigError(
            "--think", got=text, must="the shorter time first", fix=f"Write {high}..{low}."
        )
    return ThinkTime(low=first, high=last)


def stages(texts: tuple[str, ...]) -> tuple[tuple[Stage, ...], bool]:
    """Read ``30s:100`` or ``30s:100/s``; the second is True where they are rates."""
    kinds = {"/" in text for text in texts}
    if len(kinds) == 2:
        users = next(text for text in texts if "/" not in text)
        raise ConfigError(
            "-s",
            got=", ".join(texts),
            must="all of users, or all of rates",
            fix=f"Write {users}/s where a rate was meant.",
        )
    return tuple(_stage(text) for text in texts), kinds == {True}


def _stage(text: str) -> Stage:
    seconds, _, target = text.partition(":")
    try:
        stage = Stage(seconds=parse_duration(seconds), target=parse_rate(target))
    except ValueError:
        stage = None
    if stage is None or ("/" not in target and stage.target != int(stage.target)):
        raise ConfigError(
            "-s",
            got=text,
            must="a duration with its unit, and a target",
            fix="Write -s 30s:100 for users, or -s 30s:100/s for requests a second.",
        )
    return stage
