"""``hedgerow simulate workers``: a load that doubles and halves, and the workers that follow.

A chart for a terminal; must not know when a worker is started.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from hedgerow.report.text_look import safe
from hedgerow.simulate.workers import DOUBLES_AND_HALVES, Moment, follow

NAME: Final = "workers"
TITLE: Final = "How workers follow a load that doubles and halves, with workers = 2..8"

_LEAST: Final = 2
_MOST: Final = 8
_COLUMN: Final = 20  # seconds
_MARK: Final = 15  # columns between two times on the axis: 5 minutes


def print_workers(seed: int) -> None:
    """Simulate, and print the chart and each change."""
    moments = list(follow(DOUBLES_AND_HALVES, least=_LEAST, most=_MOST, seed=seed))
    lines = [TITLE, "", *chart(moments), "", *changes(moments)]
    sys.stdout.writelines(f"{safe(line)}\n" for line in lines)


def chart(moments: Sequence[Moment]) -> Iterator[str]:
    """Draw the load as full blocks, and what the workers have left above it as light ones."""
    columns = [moments[at : at + _COLUMN] for at in range(0, len(moments), _COLUMN)]
    loads = [sum(moment.demand for moment in column) / len(column) for column in columns]
    workers = [column[-1].workers for column in columns]
    for row in range(_MOST, 0, -1):
        cells = (
            "█" if load > row - 0.5 else "░" if count >= row else " "
            for load, count in zip(loads, workers, strict=True)
        )
        yield f"{row} │{''.join(cells).rstrip()}"
    yield f"  └{'─' * len(columns)}"
    times = (f"{at * _COLUMN // 60} min" for at in range(0, len(columns), _MARK))
    yield f"   {''.join(f'{time:<{_MARK}}' for time in times).rstrip()}"
    yield "█ load, in workers' worth of work   ░ workers"


def changes(moments: Sequence[Moment]) -> Iterator[str]:
    """Tell each change of the number, and when the load had changed before it."""
    before = moments[0].workers
    for moment in moments:
        if moment.workers != before:
            time = f"{moment.at // 60:2d} min {moment.at % 60:02d} s"
            since = moment.at - _level_began(moment.at)
            change = f"{before} -> {moment.workers} workers"
            yield f"{time}  {change}, {since} s after the load changed"
            before = moment.workers


def _level_began(at: int) -> int:
    began = 0
    for seconds, _ in DOUBLES_AND_HALVES:
        if at < began + seconds:
            return began
        began += seconds
    return began
