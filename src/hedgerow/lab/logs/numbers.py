"""One latency a line, or two: of the primary and of its copy.

``12.5`` in the unit that was given, or with its own (``12.5ms``).  Two on a line, with
blanks, a comma or a tab between them, are both latencies of one request, for those who let
the loser of a race finish now and then.  Must not know anything else about requests.
"""

import re
from typing import Final

from hedgerow.lab.logs.entry import Entry

UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_NUMBER: Final = r"(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+) ?(us|ms|s)?"
_LINE: Final = re.compile(rf"\s*{_NUMBER}(?:(?:\s*[,;]\s*|\s+){_NUMBER})?\s*")


class NumbersLog:
    """Lines of numbers; ``unit`` is that of a number without one."""

    name = "numbers"

    def __init__(self, unit: str = "ms") -> None:
        self._unit = UNITS[unit]

    def read(self, line: str) -> Entry | None:
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        entry = Entry(self._seconds(found[1], found[2]))
        if found[3] is not None:
            entry.copy_seconds = self._seconds(found[3], found[4])
        return entry

    def _seconds(self, number: str, unit: str | None) -> float:
        return float(number) * (self._unit if unit is None else UNITS[unit])
