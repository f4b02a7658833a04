"""Whether more is asked of a server than it answers: the slope of what waits.

A probe above capacity need not run to its end: its queue grows for as long as it lasts, and
its percentiles only tell how long that was.  Must not know promises, nor what is done next.

The test is a straight line through (backlog + in flight).  It must rise beyond doubt, by a
share of what is asked that matters, and by more than chance explains: near its capacity a
healthy server's queue wanders like a random walk, of which ``load * seconds`` arrivals and as
many answers are the steps.  (guidellm stops over-saturated runs by such a slope, too.)
"""

import math
from collections.abc import Sequence
from typing import Final

from hedgerow.report.document import Point

_SECONDS: Final = 5  # points that a judgement needs
_CERTAINTY: Final = 4.0  # slope by its standard error
_SHARE_TO_STOP: Final = 0.05  # of the asked rate that stays unanswered
_SHARE_AT_THE_END: Final = 0.02
_CHANCE: Final = 3.0  # standard deviations of the random walk


def over_saturated(points: Sequence[Point]) -> bool:
    """Judge a run by its last seconds, to end it; False in a closed model."""
    return _rises(_measured(points)[-_SECONDS:], _SHARE_TO_STOP)


def fell_behind(points: Sequence[Point]) -> bool:
    """Judge a run that has ended by all of it: a smaller slope shows over a longer time."""
    return _rises(_measured(points), _SHARE_AT_THE_END)


def _measured(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if point.phase == "measured"]


def _rises(points: Sequence[Point], share: float) -> bool:
    asked = points[-1].asked if points else None
    if len(points) < _SECONDS or not asked:
        return False
    waiting = [float(point.backlog + point.in_flight) for point in points]
    slope, error = _line([point.t for point in points], waiting)
    seconds = sum(point.seconds for point in points)
    wanders = math.sqrt(2 * asked * seconds)
    return (
        slope >= share * asked
        and slope > _CERTAINTY * error
        and slope * seconds > _CHANCE * wanders
    )


def _line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Return the slope of the least-squares line and its standard error."""
    count = len(xs)
    mean_x, mean_y = sum(xs) / count, sum(ys) / count
    spread = sum((x - mean_x) ** 2 for x in xs)
    if not spread:
        return 0.0, math.inf
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    squares = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in zip(xs, ys, strict=True))
    return slope, math.sqrt(squares / (count - 2) / spread)
