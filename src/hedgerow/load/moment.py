"""How a run stands, once a second: what live views and promises are shown.

A record that the run fills in and everybody may read; it decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hedgerow.load.book import Book, Frame
from hedgerow.load.totals import Pace
from hedgerow.report.document import Phase, Point, ServerPoint


@dataclass(frozen=True, slots=True)
class Moment:
    """A run so far; the books and the pace belong to the run and must not be changed."""

    elapsed: float  # seconds since the plan's beginning
    phase: Phase
    second: Frame  # the last interval, all shards together
    total: Book  # the measured part so far
    pace: Pace  # ... without what ended in the drain
    points: Sequence[Point]  # the series so far, the last one last
    server: Sequence[ServerPoint]  # of a watched server, empty where none is
    duration: float | None  # the plan's, warm-up included; None where it ends by a count
    requests: int | None  # the plan's count
