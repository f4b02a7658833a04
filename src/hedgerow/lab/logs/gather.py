"""What whole logs hold: latencies in all and by route, and what was left out.

Counts lines as they come, in memory that does not grow with them: a histogram of three
digits in all and for each route (190 KiB at most), of which there are at most a thousand.
Must not know what a line looks like, nor where it comes from.

Why a histogram and not a sample of the values: a tail is rare, and a sample of some
thousands would hold a handful of it, where the histogram holds all, to 0.1 %.  Only pairs
(primary and copy) are sampled, because a histogram of pairs would need both axes.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.lab.logs.detect import is_content
from hedgerow.lab.logs.entry import Entry, LeftOut, LineReader
from hedgerow.measure.empirical import Empirical
from hedgerow.measure.histogram import Histogram

MOST_ROUTES: Final = 1000
MOST_PAIRS: Final = 10_000
OTHERS: Final = "(others)"
#: Lines that cannot be read are common (a crash, a rotation in mid-line); many are a mistake.
MOST_MALFORMED: Final = 0.05

_ID: Final = re.compile(
    r"\d+|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}|(?=\D*\d)[A-Za-z0-9_-]{20,}"
)


@dataclass(slots=True)
class Times:
    """The latencies of one route, or of all."""

    seen: Histogram = field(default_factory=Histogram)
    longer: Histogram = field(default_factory=Histogram)  # somebody gave up after so long

    @property
    def count(self) -> int:
        """How many requests they are of."""
        return self.seen.count + self.longer.count

    def add(self, entry: Entry) -> None:
        histogram = self.longer if entry.is_longer else self.seen
        histogram.record(round(entry.seconds * 1e6))

    def empirical(self) -> Empirical:
        """Return them as a distribution of seconds; ValueError where there are none."""
        return Empirical.from_histograms(self.seen, self.longer)


@dataclass(slots=True)
class Malformed:
    """A line that could not be read."""

    where: str
    text: str


class Gathered:
    """All that was read so far."""

    def __init__(
        self, *, by_route: bool, methods: frozenset[str] | None, randomness: random.Random
    ) -> None:
        """``methods``: those that count, None for all; a log without methods counts whole."""
        self.total = Times()
        self.routes: dict[str, Times] = {}
        self.left_out: Counter[LeftOut] = Counter()
        self.malformed = 0
        self.example: Malformed | None = None
        self.lines = 0
        self.pairs: list[tuple[float, float]] = []
        self._by_route = by_route
        self._methods = methods
        self._random = randomness
        self._paired = 0

    def take(self, name: str, lines: Iterable[str], reader: LineReader) -> None:
        """Count the lines of one log; ConfigError where too many of them cannot be read."""
        malformed, before = 0, self.lines
        example: Malformed | None = None
        for number, line in enumerate(lines, 1):
            if not is_content(line):
                continue
            self.lines += 1
            entry = reader.read(line.rstrip("\r\n"))
            if entry is None or not entry.is_possible:
                malformed += 1
                example = example or Malformed(f"{name} line {number}", line.strip()[:200])
            else:
                self.add(entry)
        self.malformed += malformed
        self.example = self.example or example
        if example is not None and malformed > MOST_MALFORMED * (self.lines - before):
            raise ConfigError(
                example.where,
                got=example.text,
                must=f"of the form that was read ({reader.name}), as {malformed} of "
                f"{self.lines - before} lines are not",
                fix="Give the form with --format; see hedgerow tune --help.",
            )

    def add(self, entry: Entry) -> None:
        """Count one request."""
        if entry.left_out is None and not self._counts(entry.method):
            entry.left_out = LeftOut.METHOD
        if entry.left_out is not None:
            self.left_out[entry.left_out] += 1
            return
        self.total.add(entry)
        if entry.copy_seconds is not None:
            self._pair(entry.seconds, entry.copy_seconds)
        if self._by_route:
            self._times_of(route_of(entry)).add(entry)

    def add_counts(self, route: str, counts: Histogram) -> None:
        """Count what somebody else has counted, in microseconds."""
        if self._by_route and route:
            self._times_of(route).seen.merge(counts)
        elif not route:
            self.total.seen.merge(counts)

    def busiest(self, count: int) -> Mapping[str, Times]:
        """Return the routes with the most requests."""
        ordered = sorted(self.routes.items(), key=lambda item: (-item[1].count, item[0]))
        return dict(ordered[:count])

    def _counts(self, method: str) -> bool:
        return not method or self._methods is None or method in self._methods

    def _times_of(self, route: str) -> Times:
        if route not in self.routes and len(self.routes) >= MOST_ROUTES:
            route = OTHERS
        return self.routes.setdefault(route, Times())

    def _pair(self, primary: float, copy: float) -> None:
        """Keep each pair with the same chance (Vitter's algorithm R)."""
        self._paired += 1
        if len(self.pairs) < MOST_PAIRS:
            self.pairs.append((primary, copy))
        elif (place := self._random.randrange(self._paired)) < MOST_PAIRS:
            self.pairs[place] = (primary, copy)


def route_of(entry: Entry) -> str:
    """Return the method and the path, with what looks like an identifier as ``{id}``."""
    path = entry.path.partition("?")[0].partition("#")[0]
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    segments = ("{id}" if _ID.fullmatch(segment) else segment for segment in path.split("/"))
    return f"{entry.method} {'/'.join(segments)}".strip() or "(no path)"
