"""A curve in a terminal: load to the right, what was promised upwards, both by powers.

Every probe is a mark, kept or broken, and the limit a line across.  Must not know what the
figures mean; it is given texts for its axes.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

_WIDEST: Final = 60
_NARROWEST: Final = 10
_HEIGHT: Final = 12


@dataclass(frozen=True, slots=True)
class Mark:
    """One probe."""

    x: float
    y: float
    kept: bool


@dataclass(frozen=True, slots=True)
class Signs:
    """What the plot is drawn with."""

    kept: str = "●"
    broken: str = "✗"
    limit: str = "┄"
    side: str = "│"
    corner: str = "└"
    floor: str = "─"


ASCII: Final = Signs(kept="o", broken="x", limit="-", side="|", corner="+", floor="-")
UNICODE: Final = Signs()


def plot(
    marks: Sequence[Mark],
    limit: float,
    *,
    show_x: Callable[[float], str],
    show_y: Callable[[float], str],
    signs: Signs = UNICODE,
    columns: int = 100,
) -> list[str]:
    """Draw in at most ``columns``; empty when there are fewer than two different loads."""
    usable = [mark for mark in marks if mark.x > 0 and mark.y > 0]
    if len({mark.x for mark in usable}) < 2:
        return []
    heights = [mark.y for mark in usable] + ([limit] if limit > 0 else [])
    upwards = _Scale(heights, _HEIGHT)
    names = _names(upwards, limit, show_y)
    margin = max(len(name) for name in names.values())
    width = max(_NARROWEST, min(_WIDEST, columns - margin - 2))
    across = _Scale([mark.x for mark in usable], width)
    rows = [[" "] * width for _ in range(_HEIGHT)]
    if limit > 0:
        rows[upwards.cell(limit)] = [signs.limit] * width
    for mark in sorted(usable, key=lambda mark: mark.kept):
        rows[upwards.cell(mark.y)][across.cell(mark.x)] = signs.kept if mark.kept else signs.broken
    drawn = [
        f"{names.get(number, ''):>{margin}} {signs.side}{''.join(rows[number]).rstrip()}"
        for number in reversed(range(_HEIGHT))
    ]
    first, last = show_x(across.low), show_x(across.high)
    floor = f"{'':>{margin}} {signs.corner}{signs.floor * width}"
    feet = f"{'':>{margin}}  {first}{last:>{max(1, width - len(first))}}"
    return [*drawn, floor, feet]


def _names(scale: "_Scale", limit: float, show: Callable[[float], str]) -> dict[int, str]:
    names = {0: show(scale.low), _HEIGHT - 1: show(scale.high)}
    if limit > 0:
        names[scale.cell(limit)] = show(limit)
    return names


class _Scale:
    """Which cell a value falls into, by its logarithm."""

    def __init__(self, values: Sequence[float], cells: int) -> None:
        self.low, self.high = min(values), max(values)
        self._cells = cells
        self._span = math.log(self.high / self.low) or 1.0

    def cell(self, value: float) -> int:
        return round(math.log(value / self.low) / self._span * (self._cells - 1))
