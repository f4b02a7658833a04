"""Quantities with a unit, as options take them: ``1s``, ``250ms``, ``64MiB``, ``1GB``."""

import argparse
import re
from collections.abc import Mapping
from typing import Final

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}
_BYTES: Final = {
    "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
}  # fmt: skip


def duration(text: str) -> float:
    """Give seconds; a type for argparse."""
    return _quantity(text, _SECONDS, "a duration such as 250ms or 1s")


def size(text: str) -> int:
    """Give bytes; a type for argparse."""
    return round(_quantity(text, _BYTES, "a size such as 64MiB or 1GiB"))


def count(text: str) -> int:
    """Give a whole number of at least one; a type for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number of at least 1")
    return int(text)


def _quantity(text: str, units: Mapping[str, float], must: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", text)
    if match is None or match[2] not in units or not float(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r}: must be {must}")
    return float(match[1]) * units[match[2]]
