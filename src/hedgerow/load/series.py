"""The run over time: a point a second, in bounded memory however long it lasts.

When there are too many points each two become one, and later ones cover as much; their
percentiles come from their histograms put together, not from percentiles.  What is kept
for that is told to 1 % (a kilobyte a point); a point of one frame is exact.  Must not know
who draws them.
"""

import itertools
from collections.abc import Sequence
from typing import Final

import msgspec

from hedgerow.load.book import Book, Frame
from hedgerow.load.plan import LoadPlan
from hedgerow.measure import BucketLayout, Histogram, decode_hdr, encode_hdr
from hedgerow.report.document import Phase, Point

#: Half an hour by the second; then two seconds, and so on.
_MOST_POINTS: Final = 1800
_KEPT: Final = BucketLayout(digits=2)


class Series:
    """Points, added one a frame."""

    def __init__(self, plan: LoadPlan, most: int = _MOST_POINTS) -> None:
        self.points: list[Point] = []
        self._plan = plan
        self._most = most
        self._times: list[tuple[str, str, str]] = []  # each point's histograms, as HDR V2
        self._frames_a_point = 1
        self._gathered: list[tuple[Point, tuple[Histogram, Histogram, Histogram]]] = []
        self._in_flight = 0  # at the end of the last frame

    def add(self, frame: Frame, *, asked: float | None, missing_shards: int = 0) -> Point:
        """Add a frame, and return its own point; ``asked`` is arrivals a second."""
        both = Book()
        both.merge(frame.warm_up)
        both.merge(frame.measured)
        whole = both.whole()
        times = (whole.response(), whole.distribution("service"), whole.send_lag)
        started = both.sent + frame.in_flight - self._in_flight
        self._in_flight = frame.in_flight
        point = with_times(
            Point(
                t=round(frame.at, 3),
                seconds=round(frame.seconds, 3),
                phase=phase_at(self._plan, frame.at, frame.seconds),
                asked=asked,
                sent=max(0, started),
                ok=both.ok,
                failed=both.failed,
                errors=dict(both.errors),
                users=frame.users,
                in_flight=frame.in_flight,
                backlog=frame.backlog,
                connections=frame.connections,
                bytes_in=whole.bytes_in,
                bytes_out=whole.bytes_out,
                generator_cpu=round(max(frame.health.cpu, default=0.0), 3),
                missing_shards=missing_shards,
            ),
            times,
        )
        self._keep(point, times)
        return point

    def finish(self) -> None:
        """Add what was gathered for a point that is not full."""
        if self._gathered:
            self._flush()

    def _keep(self, point: Point, times: tuple[Histogram, Histogram, Histogram]) -> None:
        self._gathered.append((point, times))
        phase_ends = len(self._gathered) > 1 and self._gathered[0][0].phase != point.phase
        if phase_ends:
            last = self._gathered.pop()
            self._flush()
            self._gathered.append(last)
        if len(self._gathered) >= self._frames_a_point:
            self._flush()

    def _flush(self) -> None:
        points = [point for point, _ in self._gathered]
        times = [times for _, times in self._gathered]
        merged = tuple(_merged(column) for column in zip(*times, strict=True))
        first, second, third = merged
        self.points.append(together(points, (first, second, third)))
        self._times.append((_packed(first), _packed(second), _packed(third)))
        self._gathered = []
        if len(self.points) >= self._most:
            self._halve()

    def _halve(self) -> None:
        self._frames_a_point *= 2
        points, times, at = [], [], 0
        while at < len(self.points):
            pair = 2 if self._is_pair(at) else 1
            decoded = [[decode_hdr(text) for text in row] for row in self._times[at : at + pair]]
            first, second, third = (_merged(column) for column in zip(*decoded, strict=True))
            points.append(together(self.points[at : at + pair], (first, second, third)))
            times.append((_packed(first), _packed(second), _packed(third)))
            at += pair
        self.points[:] = points  # the same list: views hold on to it
        self._times = times

    def _is_pair(self, at: int) -> bool:
        return at + 1 < len(self.points) and self.points[at].phase == self.points[at + 1].phase


def phase_at(plan: LoadPlan, at: float, seconds: float) -> Phase:
    """The phase of a frame that ends at this time and is so long.

    Its middle says so: a frame ends a tick after the moment that it is named for, and on a
    busy machine later still.
    """
    middle = at - seconds / 2
    if middle <= plan.warm_up:
        return "warm-up" if plan.warm_up else "measured"
    if plan.duration is not None and middle > plan.warm_up + plan.duration:
        return "drain"
    return "measured"


def with_times(point: Point, times: tuple[Histogram, Histogram, Histogram]) -> Point:
    """Fill in the figures of response time, service time and send lag."""
    response, service, lag = times
    p50, p95, p99, p999 = response.quantiles((0.5, 0.95, 0.99, 0.999))
    service_p50, service_p99 = service.quantiles((0.5, 0.99))
    return msgspec.structs.replace(
        point,
        mean_us=round(response.mean, 1),
        p50_us=p50,
        p95_us=p95,
        p99_us=p99,
        p99_9_us=p999,
        max_us=response.max,
        service_p50_us=service_p50,
        service_p99_us=service_p99,
        lag_p99_us=lag.quantile(0.99),
        lag_max_us=lag.max,
    )


def together(points: list[Point], times: tuple[Histogram, Histogram, Histogram]) -> Point:
    """Make one point of several that follow each other."""
    last = points[-1]
    seconds = sum(one.seconds for one in points)
    errors: dict[str, int] = {}
    for kind, count in itertools.chain.from_iterable(one.errors.items() for one in points):
        errors[kind] = errors.get(kind, 0) + count
    asked = (
        None
        if last.asked is None
        else sum((one.asked or 0.0) * one.seconds for one in points) / (seconds or 1.0)
    )
    point = with_times(
        msgspec.structs.replace(
            last,
            seconds=round(seconds, 3),
            asked=asked,
            sent=sum(one.sent for one in points),
            ok=sum(one.ok for one in points),
            failed=sum(one.failed for one in points),
            errors=errors,
            bytes_in=sum(one.bytes_in for one in points),
            bytes_out=sum(one.bytes_out for one in points),
            generator_cpu=max(one.generator_cpu for one in points),
            missing_shards=max(one.missing_shards for one in points),
        ),
        times,
    )
    # These are known better than from the histograms.
    ended = sum(one.ok + one.failed for one in points)
    total = sum(one.mean_us * (one.ok + one.failed) for one in points)
    return msgspec.structs.replace(
        point,
        mean_us=round(total / ended, 1) if ended else 0.0,
        max_us=max(one.max_us for one in points),
        lag_max_us=max(one.lag_max_us for one in points),
    )


def _merged(histograms: Sequence[Histogram]) -> Histogram:
    whole = Histogram(histograms[0].layout)
    for histogram in histograms:
        whole.merge(histogram)
    return whole


def _packed(histogram: Histogram) -> str:
    """Keep a histogram in little room."""
    kept = Histogram(_KEPT)
    kept.merge(histogram)
    return encode_hdr(kept)
