"""How a run stands at a moment, in the figures that are shown while it goes on.

Takes in a moment a second; must not know where anything is drawn.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from hedgerow.load.book import Book
from hedgerow.load.figures import BookFigures, Promises
from hedgerow.load.moment import Moment
from hedgerow.load.order import Order
from hedgerow.measure import Histogram
from hedgerow.report.document import Config, Point, SloResult
from hedgerow.units import format_duration

#: The percentiles that are shown, with max after them.
QUANTILES: Final = (0.5, 0.9, 0.99, 0.999)
QUANTILE_NAMES: Final = ("p50", "p90", "p99", "p99.9", "max")
_STEPS: Final = "▁▂▃▄▅▆▇█"
_ASCII_STEPS: Final = "_.-=+*%#"


class Standing:
    """The last moment, and what follows from all of them."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._promises = Promises(order.slos)
        self.asked = 0.0  # requests that were due in the measured part
        self._figures = BookFigures(Book(), 0.0)

    def take(self, moment: Moment) -> None:
        """Go on to the next moment."""
        self._promises.second(moment)
        if moment.phase == "measured":
            self.asked += sum((p.asked or 0.0) * p.seconds for p in moment.points[-1:])
        pace, warm_up = moment.pace, self.order.plan.warm_up
        server = [point for point in moment.server if point.t > warm_up]
        self._figures = BookFigures(moment.total, pace.seconds, server, pace)
        self.moment = moment

    @property
    def last(self) -> Point:
        """The last interval of the series."""
        return (
            self.moment.points[-1] if self.moment.points else Point(t=0, seconds=1, phase="drain")
        )

    @property
    def second(self) -> Histogram:
        """Response times of the last interval."""
        return BookFigures(book_of(self.moment), 1.0).histogram("response", None)

    def run(self, distribution: str) -> Histogram:
        """Return a distribution of the measured part so far; not to be changed."""
        return self._figures.histogram(distribution, None)

    def promises(self) -> list[SloResult]:
        """Judge every promise as things stand; none before there is anything to judge."""
        return self._promises.results(self._figures) if self.moment.total.ended else []

    def progress(self) -> tuple[float, float] | None:
        """How much is done of how much: seconds or requests, whichever ends first; else None."""
        moment = self.moment
        parts = []
        if moment.duration:
            parts.append((min(moment.elapsed, moment.duration), moment.duration))
        if moment.requests:
            parts.append((float(moment.total.ended), float(moment.requests)))
        return max(parts, key=lambda part: part[0] / part[1], default=None)


def book_of(moment: Moment) -> Book:
    """The part of the last interval that its phase fills."""
    return moment.second.warm_up if moment.phase == "warm-up" else moment.second.measured


def times(histogram: Histogram) -> list[str]:
    """The shown percentiles in words, ``-`` where there were no requests."""
    if not histogram.is_used:
        return ["-"] * len(QUANTILE_NAMES)
    values = (*histogram.quantiles(QUANTILES), histogram.max)
    return [format_duration(value / 1e6) for value in values]


def per_second(count: int, point: Point) -> float:
    """Make a count of an interval into a rate."""
    return count / point.seconds if point.seconds else 0.0


def model_in_words(config: Config) -> str:
    """Who sends: ``200/s, evenly spaced``, ``100 users, ramp-up 30s``."""
    if config.model == "open":
        spaced = "evenly spaced" if config.arrivals == "even" else "Poisson arrivals"
        stages = f", stages {config.stages}" if " " in config.stages else ""
        return f"open model: {config.rate}/s{stages}, {spaced}"
    words = [f"closed model: {config.users} {'user' if config.users == 1 else 'users'}"]
    if config.stages:
        words.append(f"stages {config.stages}")
    if config.ramp_up_s:
        words.append(f"ramp-up {format_duration(config.ramp_up_s)}")
    if config.iterations:
        words.append(f"{config.iterations} iterations each")
    if config.think_time:
        words.append(f"think {config.think_time}")
    return ", ".join(words)


def sparkline(values: Sequence[float], width: int, *, ascii_only: bool = False) -> str:
    """Draw the last values, from 0 to the highest of them."""
    shown = values[-width:] if width > 0 else ()
    steps = _ASCII_STEPS if ascii_only else _STEPS
    most = max(shown, default=0.0)
    if most <= 0:
        return steps[0] * len(shown)
    return "".join(steps[round(value / most * (len(steps) - 1))] for value in shown)


def most_frequent(errors: Iterable[tuple[str, int]], limit: int) -> list[tuple[str, int]]:
    """Return the classes of errors with the highest counts."""
    return sorted(errors, key=lambda one: (-one[1], one[0]))[:limit]
