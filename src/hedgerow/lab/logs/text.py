"""Access logs of text lines: nginx's, Envoy's, and our own.

Must not know how a format is written (``patterns``), nor which of them a log is
(``detect``).  Where a log has both the whole time and the upstream's, the upstream's is
used: that is what a copy can shorten, while the whole also holds a slow client's download.
"""

import math
import re
from collections.abc import Sequence
from typing import Final, Literal

from hedgerow.lab.logs.entry import Entry, LeftOut, first_of_several, judged
from hedgerow.lab.logs.patterns import COMBINED, Pattern, pattern_of

Which = Literal["upstream", "total"]


class FormattedLog:
    """Lines in a format that was given, or that is known."""

    def __init__(self, name: str, form: str, *, which: Which = "upstream", whole: bool) -> None:
        """``whole``: the format describes all of a line, not only its beginning."""
        self.name = name
        self.pattern: Pattern = pattern_of(form)
        self._match = self.pattern.expression.fullmatch if whole else self.pattern.expression.match
        has_upstream = "upstream" in self.pattern.roles
        self._time = "upstream" if has_upstream and which == "upstream" else "total"
        if self._time not in self.pattern.roles:
            self._time = "upstream"

    @property
    def has_time(self) -> bool:
        """Say whether the format logs how long a request took."""
        return self._time in self.pattern.roles

    def read(self, line: str) -> Entry | None:
        found = self._match(line)
        if found is None:
            return None
        fields = found.groupdict()
        return entry_of(fields, fields[self._time], self.pattern.second)


class CombinedLog:
    """nginx's *combined* with times after it, in whatever form: people write many.

    Labelled ones (``rt=0.120 urt="0.118"``) are known by their names.  Of two without names
    the shorter is the upstream's, which cannot take longer than the whole.
    """

    name = "nginx, combined with times"
    _TOTALS: Final = ("rt", "request_time", "req_time", "time")
    _UPSTREAMS: Final = ("urt", "upstream_response_time", "upstream_time", "uprt")
    _LABELLED: Final = re.compile(
        r"(?<![\w.])([a-z_]+)[=:] ?\"?((?:\d+\.\d+|-)(?:(?:, | : )(?:\d+\.\d+|-))*)"
    )
    _BARE: Final = re.compile(r"(?<![\w.:=\-])(\d+\.\d{3})(?![\w.])")

    def __init__(self, which: Which = "upstream") -> None:
        self._which = which
        self._match = pattern_of(COMBINED).expression.match

    def is_combined(self, line: str) -> bool:
        """Say whether a line begins as nginx's combined does, with times or without."""
        return self._match(line) is not None

    def read(self, line: str) -> Entry | None:
        found = self._match(line)
        if found is None:
            return None
        time = self._time(line[found.end() :])
        return None if time is None else entry_of(found.groupdict(), time, 1.0)

    def _time(self, rest: str) -> str | None:
        labelled = dict(self._LABELLED.findall(rest))
        names = (*self._UPSTREAMS, *self._TOTALS)
        for name in names if self._which == "upstream" else reversed(names):
            if name in labelled:
                return str(labelled[name])
        bare = self._BARE.findall(rest)
        if not 1 <= len(bare) <= 2:
            return None  # of three nobody can tell which is which
        return str((min if self._which == "upstream" else max)(bare, key=float))


class OwnLog:
    """What ``hedgerow serve`` writes: the time of a request, and the fate of each attempt.

    Where a copy won, the primary was cancelled: it would have taken longer than the
    request did.  So a log of a service that hedges already can be used too.
    """

    name = "hedgerow"
    _LINE: Final = re.compile(
        r'\S+ \S+ "(?P<method>\S+) (?P<path>\S*)" (?P<status>\d{3}) \d+ '
        r"(?P<ms>\d+(?:\.\d+)?)ms \S+ (?P<fates>.+)"
    )

    def read(self, line: str) -> Entry | None:
        found = self._LINE.fullmatch(line)
        if found is None:
            return None
        fates = [] if found["fates"] == "-" else found["fates"].split(",")
        entry = Entry(float(found["ms"]) / 1000, found["method"], found["path"])
        return with_fates(entry, int(found["status"]), fates)


_UNFINISHED: Final = ("cancelled", "in flight")


def with_fates(entry: Entry, status: int, fates: Sequence[str]) -> Entry:
    """Judge a request by what became of its first attempt."""
    if not fates:
        entry.left_out = LeftOut.NO_UPSTREAM
    elif fates[0] in _UNFINISHED or list(fates) == ["timeout"]:
        entry.is_longer = True
    elif len(fates) > 1 and not (fates[0].isdecimal() and int(fates[0]) < 400):
        entry.left_out = LeftOut.RETRIED
    else:
        judged(entry, status)
    return entry


def entry_of(fields: dict[str, str], time: str, second: float) -> Entry | None:
    """Make an entry of a line's fields, its time being in units of ``second``."""
    taken, is_retried = first_of_several(time)
    if taken is not None and not math.isfinite(taken):
        return None
    method, path = fields.get("method", ""), fields.get("path", "")
    if "request" in fields:
        words = fields["request"].split(" ")
        method, path = (words[0], words[1]) if len(words) > 1 else ("", "")
    entry = Entry((taken or 0.0) * second, method, path)
    status = fields.get("status")
    if status is not None and not (status.isdecimal() or status == "-"):
        return None
    if is_retried:
        entry.left_out = LeftOut.RETRIED
    elif taken is None:
        entry.left_out = LeftOut.NO_UPSTREAM
    else:
        judged(entry, None if status is None else int(status.replace("-", "0")))
    return entry
