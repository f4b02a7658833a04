"""The columns of charts over time, from a document's points.

A second without an answer has no response time: it is a gap, not a zero.  Must not know how
charts look.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from hedgerow.report.document import Document, Point, ServerPoint
from hedgerow.report.page.chart import Column, Zone, compact, thinned

PointValue = Callable[[Point], float | None]


def table(points: Sequence[Point], values: Iterable[PointValue]) -> list[Column]:
    """Time and one column for each of ``values``, thinned where they are too many to draw."""
    ordered = _in_order(points)
    columns = [compact(p.t for p in ordered)]
    columns += [compact(value(p) for p in ordered) for value in values]
    return thinned(columns)


def server_table(
    points: Sequence[ServerPoint], values: Iterable[Callable[[ServerPoint], float | None]]
) -> list[Column]:
    """The same of a watched server."""
    unique = {p.t: p for p in sorted(points, key=lambda p: p.t)}
    ordered = list(unique.values())
    columns = [compact(p.t for p in ordered)]
    columns += [compact(value(p) for p in ordered) for value in values]
    return thinned(columns)


def time_of(name: str) -> PointValue:
    """The response time of this name, in microseconds; None where nothing was answered."""

    def value(point: Point) -> float | None:
        return float(getattr(point, name)) if point.ok + point.failed else None

    return value


def lag_of(name: str) -> PointValue:
    """The send lag of this name; None where nothing was sent."""

    def value(point: Point) -> float | None:
        return float(getattr(point, name)) if point.sent else None

    return value


def per_second(name: str) -> PointValue:
    """How often a second that happened."""
    return lambda point: getattr(point, name) / (point.seconds or 1.0)


def errors_per_second(kind: str) -> PointValue:
    """How many requests a second failed in this way."""
    return lambda point: point.errors.get(kind, 0) / (point.seconds or 1.0)


def state(name: str) -> PointValue:
    """What there was at an interval's end."""
    return lambda point: getattr(point, name)


def zones(document: Document) -> list[Zone]:
    """The stretches that do not count: the warm-up and the drain."""
    found = []
    for phase, group in groupby(_in_order(document.timeseries), key=lambda p: p.phase):
        if phase != "measured":
            points = list(group)
            begins = points[0].t - points[0].seconds
            found.append(Zone(begins=begins, ends=points[-1].t, label=phase))
    return found


def common_zones(documents: Sequence[Document]) -> list[Zone]:
    """The stretches in which none of several runs was being measured."""
    spans = [
        (measured[0].t - measured[0].seconds, measured[-1].t, last)
        for document in documents
        if (measured := [p for p in _in_order(document.timeseries) if p.phase == "measured"])
        for last in [max(p.t for p in document.timeseries)]
    ]
    if not spans:
        return []
    begins, ends = min(span[0] for span in spans), max(span[1] for span in spans)
    last = max(span[2] for span in spans)
    found = [Zone(begins=0.0, ends=begins, label="warm-up")] if begins > 0 else []
    return [*found, Zone(begins=ends, ends=last, label="drain")] if last > ends else found


def worst(points: Sequence[Point], name: str) -> Point | None:
    """The measured point at which this was highest."""
    measured = [p for p in points if p.phase == "measured" and p.ok + p.failed]
    return max(measured, key=lambda p: getattr(p, name), default=None)


def error_kinds(document: Document) -> list[str]:
    """Every class of error that a point tells of, the most frequent first."""
    counts: dict[str, int] = {}
    for point in document.timeseries:
        for kind, count in point.errors.items():
            counts[kind] = counts.get(kind, 0) + count
    return sorted(counts, key=lambda kind: (-counts[kind], kind))


def _in_order(points: Sequence[Point]) -> list[Point]:
    """By time, each time once: what a line can be drawn through."""
    return list({p.t: p for p in sorted(points, key=lambda p: p.t)}.values())
