"""A run in progress as lines of ``key=value`` on stderr, where there is no terminal.

A line a second at first, fewer as the run grows longer; each tells of the whole time since
the one before it.  Must not know how a run is carried out.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from hedgerow.cli.load_standing import book_of
from hedgerow.load.figures import BookFigures
from hedgerow.load.moment import Moment
from hedgerow.measure import Histogram
from hedgerow.report.document import Point

#: Until this many seconds have passed, a line comes every so many.
_EVERY: Final = ((10.0, 1.0), (60.0, 5.0))
_AT_LAST: Final = 10.0
_EARLY: Final = 0.05  # intervals are a second long, more or less


class Lines:
    """Writes the lines."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._next = 1.0
        self._points: list[Point] = []  # since the last line
        self._times = Histogram()

    def show(self, moment: Moment) -> None:
        """Take in an interval, and write a line when it is time."""
        self._points.extend(moment.points[-1:])
        self._times.merge(BookFigures(book_of(moment), 1.0).histogram("response", None))
        if moment.elapsed + _EARLY < self._next or not self._points:
            return
        self._tell(self._line(moment))
        while self._next <= moment.elapsed + _EARLY:
            self._next += _every(self._next)
        self._points = []
        self._times.reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Lines are whole already."""

    def _line(self, moment: Moment) -> str:
        points, last = self._points, self._points[-1]
        seconds = sum(point.seconds for point in points) or 1.0
        p50, p99 = self._times.quantiles((0.5, 0.99))
        facts: dict[str, object] = {"elapsed": f"{moment.elapsed:.0f}s", "phase": moment.phase}
        if last.asked is not None:
            asked = sum((point.asked or 0.0) * point.seconds for point in points)
            facts["asked"] = _rate(asked / seconds)
        facts |= {
            "sent": _rate(sum(point.sent for point in points) / seconds),
            "ok": _rate(sum(point.ok for point in points) / seconds),
            "failed": _rate(sum(point.failed for point in points) / seconds),
            "p50_ms": _ms(p50),
            "p99_ms": _ms(p99),
            "max_ms": _ms(self._times.max),
            "in_flight": last.in_flight,
            "backlog": last.backlog,
            "users": last.users,
            "generator_cpu": f"{max(point.generator_cpu for point in points):.2f}",
            "errors": moment.total.failed,
        }
        if last.missing_shards:
            facts["missing_shards"] = last.missing_shards
        if moment.server:
            facts |= {
                "server_cpu": f"{moment.server[-1].cpu:.2f}",
                "server_rss": moment.server[-1].rss,
            }
        return " ".join(f"{name}={value}" for name, value in facts.items())


def _every(seconds: float) -> float:
    return next((every for until, every in _EVERY if seconds < until), _AT_LAST)


def _rate(rate: float) -> str:
    return f"{rate:.1f}/s"


def _ms(microseconds: int) -> str:
    return f"{microseconds / 1000:.4g}"
