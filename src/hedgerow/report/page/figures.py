"""How figures are worded on a page: three digits, a space, the unit.

Takes the document's units (microseconds, seconds, bytes, shares) and gives text.  Must not
know where on the page a figure stands.
"""

import re
from datetime import datetime
from typing import Final

from hedgerow.report.document import SAMPLES_NEEDED, Distribution, SloResult
from hedgerow.units import format_duration, format_share, format_size

#: What is shown where there is no figure.
NONE: Final = "\N{EN DASH}"

_NARROW: Final = "\N{NO-BREAK SPACE}"
_NUMBER_AND_UNIT: Final = re.compile(r"(-?[\d.e+]+)([A-Za-z]+)")


def seconds(value: float) -> str:
    """A duration, such as ``24.3 ms``."""
    return _spaced(format_duration(value))


def microseconds(value: float) -> str:
    """A duration that a histogram holds."""
    return seconds(value / 1e6)


def size(value: float) -> str:
    """Bytes, such as ``1.5 KiB``."""
    return _spaced(format_size(value))


def share(value: float) -> str:
    """A percentage, such as ``0.25 %``."""
    return format_share(value).replace("%", _NARROW + "%")


def count(value: float) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,.0f}"


def number(value: float) -> str:
    """Three significant digits, whole from 1,000 on."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def rate(value: float) -> str:
    """Events a second."""
    shown = f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}"
    return f"{shown}{_NARROW}/s"


def cores(value: float) -> str:
    """CPU time a second of time."""
    return f"{value:.2f}{_NARROW}cores"


def percentile(distribution: Distribution, name: str) -> str:
    """One of a distribution's figures; a dash where there are too few samples for it."""
    if distribution.count < SAMPLES_NEEDED.get(name, 1):
        return NONE
    return microseconds(getattr(distribution, name))


def percentile_name(name: str) -> str:
    """``p99_9`` as people write it: p99.9."""
    return name.replace("_", ".")


def in_unit_of(slo: SloResult, value: float | None) -> str:
    """A promise's figure or limit, in the promise's unit."""
    if value is None:
        return NONE
    match slo.unit:
        case "s":
            return seconds(value)
        case "share":
            return share(value)
        case "/s":
            return rate(value)
        case "B":
            return size(value)
        case "cores":
            return cores(value)
        case _:
            return f"{number(value)}{_NARROW}{slo.unit}".rstrip()


def moment(iso: str) -> str:
    """A time that people read, from ISO 8601; what is not that is shown as it is."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    zone = " UTC" if when.utcoffset() is not None and not when.utcoffset() else ""
    return f"{when.day} {when:%B %Y, %H:%M:%S}{zone or when.strftime(' %z').rstrip()}"


def _spaced(text: str) -> str:
    spaced = _NUMBER_AND_UNIT.sub(rf"\1{_NARROW}\2", text)
    spaced = spaced.replace(f"{_NARROW}us", f"{_NARROW}\N{MICRO SIGN}s")
    return f"{spaced}in" if spaced.endswith(f"{_NARROW}m") else spaced
