"""Promises held against what a run counts: at its end, and each second while it goes on.

Reads books for ``measure.slo``, which knows nothing of them.  Must not know how requests are
sent, nor who is told of a broken promise.

While a run goes on a promise without a window is judged by all that was measured so far,
from the hundredth request on: before that one slow answer would end a run (k6 has
``delayAbortEval`` for this).  A promise with a window is broken when a whole window was.
``count>=1000`` cannot be broken before the end.

A window's seconds are kept as what the promise needs of them: a handful of numbers and the
buckets in use, not the books, which are megabytes each.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.load.book import Book
from hedgerow.load.moment import Moment
from hedgerow.load.totals import Pace
from hedgerow.measure.histogram import DEFAULT_LAYOUT, Histogram
from hedgerow.measure.slo import Slo, SloVerdict
from hedgerow.measure.slo_metric import Figures
from hedgerow.measure.slo_window import WindowJudge
from hedgerow.report.document import ServerPoint, SloResult

ENOUGH_SAMPLES: Final = 100  # before it a run is not ended for a broken promise
_INTERVAL: Final = 1.0  # seconds: a window is whole when less than half of one is missing


class BookFigures:
    """The figures of a book."""

    def __init__(
        self,
        book: Book,
        seconds: float,
        server_points: Sequence[ServerPoint] = (),
        pace: Pace | None = None,
    ) -> None:
        """``pace``: where requests of the book ended after those seconds, as in a drain."""
        self.seconds = seconds
        self._book = book
        self._points = server_points
        self._pace = pace
        self._histograms: dict[tuple[str, str | None], Histogram] = {}  # merged once each

    @property
    def labels(self) -> Sequence[str]:
        """The labels that were seen."""
        return list(self._book.tracks)

    def quantile(self, distribution: str, label: str | None, q: float) -> float | None:
        """Return the seconds that this share did not exceed."""
        return _quantile(self.histogram(distribution, label), q)

    def mean(self, distribution: str, label: str | None) -> float | None:
        """Return the mean in seconds."""
        return _mean(self.histogram(distribution, label))

    def samples(self, distribution: str, label: str | None) -> int:
        """Return how many times the distribution holds."""
        return self.histogram(distribution, label).count

    def count(self, label: str | None) -> int:
        """Return how many requests ended."""
        if label is None:
            return self._book.ended
        track = self._book.tracks.get(label)
        return track.ok.count + track.plain.count + track.failed.count if track else 0

    def failed(self, label: str | None, kind: str | None) -> int:
        """Return how many failed; classes are not counted by label."""
        if kind is not None:
            return self._book.errors.get(kind, 0)
        if label is None:
            return self._book.failed
        track = self._book.tracks.get(label)
        return track.failed.count if track else 0

    def rate(self, label: str | None, *, only_ok: bool) -> float | None:
        """Return how many ended a second, while requests were sent."""
        if self._pace is not None:
            return self._pace.rate(label, only_ok=only_ok)
        ended = self.count(label) - (self.failed(label, None) if only_ok else 0)
        return ended / self.seconds if self.seconds > 0 else None

    def server(self, name: str) -> float | None:
        """Return the mean CPU, or the highest of anything else."""
        values = [value for point in self._points if (value := getattr(point, name)) is not None]
        if not values:
            return None
        return float(sum(values) / len(values) if name == "cpu" else max(values))

    def histogram(self, distribution: str, label: str | None) -> Histogram:
        """Return one distribution, of one label or of all; not to be changed."""
        key = (distribution, label)
        if key not in self._histograms:
            self._histograms[key] = self._merged(distribution, label)
        return self._histograms[key]

    def _merged(self, distribution: str, label: str | None) -> Histogram:
        if distribution == "iterations":
            return self._book.iterations
        whole = Histogram()
        for name, track in self._book.tracks.items():
            if label is None or name == label:
                times = (
                    track.response()
                    if distribution == "response"
                    else track.distribution(distribution)
                )
                whole.merge(times)
        return whole


class Promises:
    """What a run has promised, and how that stands."""

    def __init__(self, slos: Sequence[Slo]) -> None:
        self._slos = tuple(slos)
        self._windows = {slo: _Window(slo) for slo in slos if slo.window is not None}
        self._moment: Moment | None = None
        self._began: float | None = None  # when the measured part did

    def second(self, moment: Moment) -> None:
        """Take in one more interval of the run."""
        self._moment = moment
        if moment.phase == "warm-up":
            return
        frame = moment.second
        if self._began is None:
            self._began = moment.elapsed - frame.seconds
        points = self._points_since(moment.elapsed - frame.seconds)
        figures = BookFigures(frame.measured, frame.seconds, points)
        for window in self._windows.values():
            window.second(moment.elapsed, figures, is_drain=moment.phase == "drain")

    def broken_now(self) -> Slo | None:
        """Return the first promise that is broken as things stand."""
        moment = self._moment
        if moment is None or self._began is None:
            return None
        enough = moment.total.ended >= ENOUGH_SAMPLES
        points = self._points_since(self._began)
        figures = BookFigures(moment.total, moment.pace.seconds, points, moment.pace)
        for slo in self._slos:
            window = self._windows.get(slo)
            if window.judge.is_broken if window else enough and _is_broken(slo, figures):
                return slo
        return None

    def results(self, figures: Figures, *, interrupted: bool = False) -> list[SloResult]:
        """Judge every promise, in their order, by the whole run and by what was seen of it."""
        results = []
        for slo in self._slos:
            window = self._windows.get(slo)
            verdict = window.judge.verdict(figures) if window else slo.judge(figures)
            results.append(_result(slo, verdict, after=figures.seconds if interrupted else None))
        return results

    def _points_since(self, begin: float) -> list[ServerPoint]:
        if self._moment is None:
            return []
        return [point for point in self._moment.server if point.t > begin]


# --- windows ---


@dataclass(frozen=True, slots=True)
class _Second:
    """What a windowed promise needs of one interval."""

    seconds: float
    ended: int
    failed: int
    times: tuple[tuple[int, int], ...]  # buckets in use, of the promised distribution
    server: float | None


class _WindowFigures:
    """The figures of some intervals together; they belong to one promise, and answer for it."""

    def __init__(self, seconds: Sequence[_Second], *, is_cpu: bool) -> None:
        self._seconds = seconds
        self._is_cpu = is_cpu
        times: Counter[int] = Counter()
        for second in seconds:
            times.update(dict(second.times))
        self._histogram = Histogram.from_indexed_counts(DEFAULT_LAYOUT, times.items())

    @property
    def seconds(self) -> float:
        return sum(second.seconds for second in self._seconds)

    @property
    def labels(self) -> Sequence[str]:
        return ()

    def quantile(self, distribution: str, label: str | None, q: float) -> float | None:
        return _quantile(self._histogram, q)

    def mean(self, distribution: str, label: str | None) -> float | None:
        return _mean(self._histogram)

    def samples(self, distribution: str, label: str | None) -> int:
        return self._histogram.count

    def count(self, label: str | None) -> int:
        return sum(second.ended for second in self._seconds)

    def failed(self, label: str | None, kind: str | None) -> int:
        return sum(second.failed for second in self._seconds)

    def rate(self, label: str | None, *, only_ok: bool) -> float | None:
        ended = self.count(label) - (self.failed(label, None) if only_ok else 0)
        return ended / self.seconds if self.seconds > 0 else None

    def server(self, name: str) -> float | None:
        values = [second.server for second in self._seconds if second.server is not None]
        if not values:
            return None
        return sum(values) / len(values) if self._is_cpu else max(values)


class _Window:
    """The last intervals, as many as a promise's window spans."""

    def __init__(self, slo: Slo) -> None:
        self.judge = WindowJudge(slo)
        self._length = slo.window or 0.0
        self._seconds: deque[_Second] = deque()

    def second(self, at: float, figures: BookFigures, *, is_drain: bool) -> None:
        """Add an interval and judge the window that ends with it."""
        metric = self.judge.slo.metric
        if is_drain and metric.is_a_pace:
            return  # nothing more is sent: a pace would fall for our own reasons
        self._seconds.append(_second(self.judge.slo, figures))
        while self._whole_without_the_oldest():
            self._seconds.popleft()
        if self._span() > self._length - _INTERVAL / 2:
            whole = _WindowFigures(self._seconds, is_cpu=metric.name == "cpu")
            self.judge.look(at, whole)

    def _span(self) -> float:
        return sum(second.seconds for second in self._seconds)

    def _whole_without_the_oldest(self) -> bool:
        return self._span() - self._seconds[0].seconds > self._length - _INTERVAL / 2


def _second(slo: Slo, figures: BookFigures) -> _Second:
    metric = slo.metric
    times: tuple[tuple[int, int], ...] = ()
    if metric.distribution:
        times = tuple(figures.histogram(metric.distribution, metric.label).indexed_counts())
    return _Second(
        seconds=figures.seconds,
        ended=figures.count(metric.label),
        failed=figures.failed(metric.label, metric.kind),
        times=times,
        server=figures.server(metric.name) if metric.is_of_a_server else None,
    )


# --- within ---


def _quantile(histogram: Histogram, q: float) -> float | None:
    return histogram.quantile(q) / 1e6 if histogram.is_used else None


def _mean(histogram: Histogram) -> float | None:
    return histogram.mean / 1e6 if histogram.is_used else None


def _is_broken(slo: Slo, figures: Figures) -> bool:
    if slo.metric.is_total and not slo.is_ceiling:
        return False  # it may still be reached
    verdict = slo.judge(figures)
    return verdict.value is not None and not verdict.ok


def _result(slo: Slo, verdict: SloVerdict, *, after: float | None = None) -> SloResult:
    detail = verdict.detail
    if after is not None:
        detail += f"; the run was interrupted after {after:.1f} s"
    return SloResult(
        expr=slo.expr,
        value=verdict.value,
        limit=slo.limit,
        unit=slo.unit,
        ok=verdict.ok,
        detail=detail,
    )
