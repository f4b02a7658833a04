"""Columns over time, from a document's points."""

from hedgerow.report.document import Document, Phase, Point, ServerPoint
from hedgerow.report.page import series
from hedgerow.report.page.chart import Zone


def point(
    t: float, *, phase: Phase = "measured", seconds: float = 1.0, ok: int = 0, p99_us: int = 0
) -> Point:
    return Point(t=t, seconds=seconds, phase=phase, ok=ok, sent=ok, p99_us=p99_us)


def run_of(*phases: Phase) -> Document:
    return Document(timeseries=[point(float(t), phase=p) for t, p in enumerate(phases, 1)])


class TestTable:
    def test_is_in_order_and_has_each_time_once(self) -> None:
        points = [point(2.0, ok=4), point(1.0, ok=3), point(2.0, ok=5)]
        assert series.table(points, [series.state("ok")]) == [[1, 2], [3, 5]]

    def test_counts_by_the_second(self) -> None:
        points = [point(0.5, seconds=0.5, ok=10)]
        assert series.table(points, [series.per_second("ok")]) == [[0.5], [20]]

    def test_has_a_gap_where_nothing_was_answered(self) -> None:
        points = [point(1.0, ok=1, p99_us=700), point(2.0)]
        times, lags = series.time_of("p99_us"), series.lag_of("lag_p99_us")
        assert series.table(points, [times, lags]) == [[1, 2], [700, None], [0, None]]

    def test_of_a_server_has_what_the_kernel_does_not_tell_as_a_gap(self) -> None:
        points = [ServerPoint(t=1.0, cpu=0.5, rss=10), ServerPoint(t=2.0, cpu=1, rss=1, pss=7)]
        assert series.server_table(points, [lambda p: p.pss]) == [[1, 2], [None, 7]]


class TestZones:
    def test_are_the_stretches_that_do_not_count(self) -> None:
        assert series.zones(run_of("warm-up", "warm-up", "measured", "drain")) == [
            Zone(begins=0.0, ends=2.0, label="warm-up"),
            Zone(begins=3.0, ends=4.0, label="drain"),
        ]

    def test_of_several_runs_are_where_none_of_them_counts(self) -> None:
        runs = [
            run_of("warm-up", "warm-up", "measured", "drain", "drain"),
            run_of("warm-up", "measured", "measured", "measured", "drain"),
        ]
        assert series.common_zones(runs) == [
            Zone(begins=0.0, ends=1.0, label="warm-up"),
            Zone(begins=4.0, ends=5.0, label="drain"),
        ]

    def test_of_runs_without_points_are_none(self) -> None:
        assert series.common_zones([Document(), Document()]) == []


class TestWorstPoint:
    def test_is_a_measured_one(self) -> None:
        points = [point(1.0, phase="warm-up", ok=1, p99_us=9), point(2.0, ok=1, p99_us=5)]
        worst = series.worst(points, "p99_us")
        assert worst is not None
        assert worst.t == 2.0

    def test_is_none_where_nothing_was_answered(self) -> None:
        assert series.worst([point(1.0)], "p99_us") is None


class TestErrorKinds:
    def test_come_with_the_most_frequent_first(self) -> None:
        points = [
            Point(t=1.0, seconds=1.0, phase="measured", errors={"reset": 1, "timeout": 2}),
            Point(t=2.0, seconds=1.0, phase="measured", errors={"reset": 3}),
        ]
        assert series.error_kinds(Document(timeseries=points)) == ["reset", "timeout"]
        kinds = [series.errors_per_second("reset")]
        assert series.table(points, kinds) == [[1, 2], [1, 3]]
