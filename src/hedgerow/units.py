"""Durations, sizes, rates and shares as people write them, both ways.

Inside Hedgerow time is seconds (float), sizes are bytes (int), rates are per
second (float) and shares are 0 to 1 (float).  Only this module and JSON speak
anything else.  Each parser raises :class:`ValueError` with a text that says what
would have been right; the caller knows where the text came from and adds that.

One table per kind, used to read and to print (the idea of wrk's ``units.c``).
"""

import math
import re
from typing import Final

_TIME: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE: Final = {
    "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
}  # fmt: skip
_RATE_SCALE: Final = {"": 1.0, "k": 1e3, "M": 1e6}
_NUMBER: Final = r"(\d+(?:\.\d+)?|\.\d+)"
_TIME_PART: Final = re.compile(_NUMBER + r"\s*(us|ms|s|m|h|d)")
_SIZE_FORM: Final = re.compile(_NUMBER + r"\s*([A-Za-z]*)")
_RATE_FORM: Final = re.compile(_NUMBER + r"([kM]?)(?:/(s|m|h|d))?")
_SHARE_FORM: Final = re.compile(_NUMBER + r"\s*(%?)")


def parse_duration(text: str) -> float:
    """Seconds from ``250ms``, ``1.5s``, ``2m`` or ``1m30s``; the unit is required."""
    total, end = 0.0, 0
    stripped = text.strip()
    while match := _TIME_PART.match(stripped, end):
        total += float(match[1]) * _TIME[match[2]]
        end = match.end()
    if end == 0 or end != len(stripped):
        raise ValueError(f"a duration with its unit ({', '.join(_TIME)}), such as 250ms or 1m30s")
    return total


def parse_size(text: str) -> int:
    """Bytes from ``64KiB``, ``5MB`` or ``4096``; a bare number is bytes."""
    match = _SIZE_FORM.fullmatch(text.strip())
    unit = match and _SIZE_SPELLINGS.get((match[2] or "B").lower())
    if match is None or unit is None:
        raise ValueError(f"a size in bytes or with its unit ({', '.join(_SIZE)}), such as 64KiB")
    return round(float(match[1]) * _SIZE[unit])


def parse_rate(text: str) -> float:
    """Events a second from ``200``, ``1.2k``, ``100/m``."""
    match = _RATE_FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError("a rate a second (200, 1.2k) or with its unit (100/m)")
    return float(match[1]) * _RATE_SCALE[match[2]] / _TIME[match[3] or "s"]


def parse_share(text: str) -> float:
    """A share from ``5%`` or ``0.05``, between 0 and 1."""
    match = _SHARE_FORM.fullmatch(text.strip())
    share = float(match[1]) / (100 if match[2] else 1) if match else math.nan
    if not 0 <= share <= 1:
        raise ValueError("a share between 0 and 1, such as 5% or 0.05")
    return share


def format_duration(seconds: float) -> str:
    """Three significant digits in the unit that fits: ``812us``, ``24.3ms``, ``1.5s``."""
    size = abs(seconds)
    for limit, scale, unit in ((1e-3, 1e6, "us"), (1.0, 1e3, "ms"), (120.0, 1.0, "s")):
        if size < limit * 0.9995:
            return f"{_three_digits(seconds * scale)}{unit}"
    minutes = seconds / 60
    return f"{_three_digits(minutes)}m" if minutes < 120 else f"{_three_digits(minutes / 60)}h"


def format_size(size: float) -> str:
    """Three significant digits in the binary unit that fits: ``1.5KiB``."""
    for unit in ("GiB", "MiB", "KiB"):
        if size >= _SIZE[unit]:
            return f"{_three_digits(size / _SIZE[unit])}{unit}"
    return f"{round(size)}B"


def format_share(share: float) -> str:
    """A percentage with the digits that matter: ``98.9%``, ``0.25%``."""
    percent = share * 100
    return f"{percent:.2f}%" if 0 < percent < 1 else f"{percent:.1f}%"


def _three_digits(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


_SIZE_SPELLINGS: Final = {unit.lower(): unit for unit in _SIZE} | {
    "k": "KiB", "m": "MiB", "g": "GiB", "kb": "KB",
}  # fmt: skip
