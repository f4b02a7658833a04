"""A chart as data: what the page's script draws, and what is said where nothing is drawn.

Says nothing of pixels and colours: a series names a role, and the style sheet gives each role
its colour in light and in dark.  Must not know documents.  Numbers that would only make the
page longer are cut to six significant digits.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

Column: TypeAlias = "list[float | None]"
Axis = Literal["time", "percentile", "bins", "amount"]
Unit = Literal["us", "rate", "count", "bytes", "cores", "share"]
Kind = Literal["line", "area", "bars", "steps", "curve", "dots", "crosses", "rings"]

#: More points than this cannot be told apart on a screen.
MOST_POINTS: Final = 2_000


class Series(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line; ``colour`` is a role, or the number of a run."""

    label: str
    colour: str
    kind: Kind = "line"
    dashed: bool = False
    bold: bool = False
    pick: str = ""  # the choice with which it is shown; empty: with each


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the time axis that is greyed."""

    begins: float
    ends: float
    label: str


class Chart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tables of columns, the first of each its x; ``series`` names the others in their order."""

    key: str
    title: str
    axis: Axis
    unit: Unit
    series: list[Series]
    tables: list[list[Column]]
    log: bool | None = None  # of the y axis; None: there is no choice
    picks: list[str] = []
    zones: list[Zone] = []
    edges: list[float] = []  # of the bins, in microseconds
    x_name: str = ""  # of an axis of amounts, like the next two
    x_unit: Unit = "count"
    x_log: bool = False
    about: str = ""  # one sentence: how to read it
    spoken: str = ""  # what it shows, for those who do not see it
    wide: bool = False  # takes the whole width

    @property
    def is_empty(self) -> bool:
        """True where there is nothing to draw."""
        return all(value is None for table in self.tables for ys in table[1:] for value in ys)


def compact(values: Iterable[float | None]) -> Column:
    """The same numbers in fewer characters."""
    return [None if value is None else _short(value) for value in values]


def thinned(table: Sequence[Column], limit: int = MOST_POINTS) -> list[Column]:
    """At most about ``limit`` of the rows, all of them real ones: the extremes of each bucket.

    The first and the last stay, and so does the least and the most that each column has in
    each bucket: a single bad second of a day is still to be seen.
    """
    length = len(table[0])
    if length <= limit:
        return [list(column) for column in table]
    width = math.ceil(length * 2 * max(1, len(table) - 1) / limit)
    kept = {0, length - 1}
    for begin in range(0, length, width):
        rows = range(begin, min(begin + width, length))
        for column in table[1:]:
            kept.update(_extremes(column, rows))
    chosen = sorted(kept)
    return [[column[row] for row in chosen] for column in table]


def _extremes(column: Column, rows: range) -> tuple[int, ...]:
    known = [(value, row) for row in rows if (value := column[row]) is not None]
    return (min(known)[1], max(known)[1]) if known else (rows[0],)


def _short(value: float) -> float:
    if not math.isfinite(value):
        return 0.0
    if value == int(value):
        return int(value)
    return float(f"{value:.6g}")
