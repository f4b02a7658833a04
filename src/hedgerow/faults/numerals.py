"""Numbers written so that reading them gives the same number again.

``units`` prints for people: three digits, rounded.  A latency law that is printed,
stored in a file and read again must be the same law, so this module writes the
shortest digits that ``units`` reads back exactly.  It must not know what the
numbers mean.
"""

import re
from decimal import Decimal

from hedgerow import units


def parse_number(text: str) -> float:
    """Read a plain number: digits, perhaps a point, no sign and no exponent."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) is None:
        raise ValueError(f"{text!r} written as a number, such as 1.5")
    return float(text)


def write_number(value: float) -> str:
    """``1.1``, ``3``; never an exponent, which the parsers do not take."""
    return _digits(Decimal(repr(value)))


def write_duration(seconds: float) -> str:
    """``100ms``, ``2.5s``; microseconds and milliseconds only where they are exact."""
    if 0 < seconds < 1:
        shift, unit = (3, "ms") if seconds >= 1e-3 else (6, "us")
        text = f"{_digits(Decimal(repr(seconds)).scaleb(shift))}{unit}"
        if units.parse_duration(text) == seconds:
            return text
    return f"{write_number(seconds)}s"


def write_share(share: float) -> str:
    """``85%``, ``0.5%``; a bare number where a percentage would not be exact."""
    text = f"{_digits(Decimal(repr(share)).scaleb(2))}%"
    return text if units.parse_share(text) == share else write_number(share)


def _digits(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
