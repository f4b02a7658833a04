"""What whole logs hold."""

import random
from collections.abc import Iterable

import pytest

from hedgerow.errors import ConfigError
from hedgerow.lab.logs import gather
from hedgerow.lab.logs.entry import Entry, LeftOut
from hedgerow.lab.logs.gather import MOST_ROUTES, OTHERS, Gathered, route_of
from hedgerow.lab.logs.numbers import NumbersLog
from hedgerow.measure.histogram import Histogram


def gathered(*, by_route: bool = False, methods: Iterable[str] | None = ("GET",)) -> Gathered:
    allowed = None if methods is None else frozenset(methods)
    return Gathered(by_route=by_route, methods=allowed, randomness=random.Random(1))


class TestLines:
    def test_are_counted_in_microseconds(self) -> None:
        found = gathered()
        found.take("x.log", ["1\n", "2\n"], NumbersLog())
        assert [bucket.low for bucket in found.total.seen.buckets()] == [1000, 2000]
        assert found.total.empirical().values == pytest.approx([0.001, 0.002])

    def test_of_several_logs_are_counted_together(self) -> None:
        found = gathered()
        for name in ("x.log", "y.log"):
            found.take(name, ["1", "2"], NumbersLog())
        assert found.total.count == 4

    def test_that_are_remarks_or_blank_are_passed_over(self) -> None:
        found = gathered()
        found.take("x.log", ["# 3 lines could not be written\n", "\n", "1\n"], NumbersLog())
        assert (found.lines, found.malformed) == (1, 0)


class TestMalformedLines:
    def test_are_counted_while_they_are_few(self) -> None:
        found = gathered()
        found.take("x.log", ["1", "torn\n", *["2"] * 30], NumbersLog())
        assert (found.malformed, found.total.count) == (1, 31)
        assert found.example is not None
        assert (found.example.where, found.example.text) == ("x.log line 2", "torn")

    def test_are_refused_when_they_are_many(self) -> None:
        with pytest.raises(ConfigError) as caught:
            gathered().take("x.log", ["# remark", "1", "torn", "2", "torn"], NumbersLog())
        assert "x.log line 3 = 'torn'" in str(caught.value)
        assert "2 of 4 lines" in str(caught.value)

    def test_are_judged_log_by_log(self) -> None:
        found = gathered()
        found.take("x.log", ["1"] * 100, NumbersLog())
        with pytest.raises(ConfigError):
            found.take("y.log", ["1", "torn"], NumbersLog())


class TestRequests:
    def test_of_methods_that_are_not_hedged_are_left_out(self) -> None:
        found = gathered()
        for method in ("GET", "POST", ""):
            found.add(Entry(1.0, method))
        assert (found.total.count, found.left_out) == (2, {LeftOut.METHOD: 1})

    def test_of_all_methods_count_where_asked_for(self) -> None:
        found = gathered(methods=None)
        found.add(Entry(1.0, "POST"))
        assert found.total.count == 1

    def test_that_failed_are_left_out_whatever_their_method(self) -> None:
        found = gathered()
        found.add(Entry(1.0, "POST", left_out=LeftOut.STATUS))
        assert found.left_out == {LeftOut.STATUS: 1}

    def test_that_were_given_up_are_counted_apart(self) -> None:
        found = gathered()
        found.add(Entry(1.0, is_longer=True))
        assert (found.total.seen.count, found.total.longer.count, found.total.count) == (0, 1, 1)


class TestRoutes:
    @pytest.mark.parametrize(
        ("path", "route"),
        [
            ("/users/17/posts?page=2", "GET /users/{id}/posts"),
            ("/o/0f8fad5b-d9cb-469f-a165-70867728950e", "GET /o/{id}"),
            ("/blob/9e107d9d372bb6826bd81d3542a419d6", "GET /blob/{id}"),
            ("/feed/facade/v2", "GET /feed/facade/v2"),
            ("http://shop.example/a/1", "GET /a/{id}"),
            ("/", "GET /"),
        ],
    )
    def test_are_paths_without_what_identifies(self, path: str, route: str) -> None:
        assert route_of(Entry(1.0, "GET", path)) == route

    def test_are_listed_the_busiest_first(self) -> None:
        found = gathered(by_route=True)
        for path in ("/a", "/b", "/b", "/c"):
            found.add(Entry(1.0, "GET", path))
        assert list(found.busiest(2)) == ["GET /b", "GET /a"]

    def test_are_not_without_number(self) -> None:
        found = gathered(by_route=True)
        for number in range(MOST_ROUTES + 5):
            found.add(Entry(1.0, path=f"/x{number}y"))
        assert len(found.routes) == MOST_ROUTES + 1
        assert found.routes[OTHERS].count == 5

    def test_are_left_alone_unless_asked_for(self) -> None:
        found = gathered()
        found.add(Entry(1.0, "GET", "/a"))
        assert found.routes == {}


class TestCountsOfOthers:
    def test_go_to_the_total_or_to_a_route(self) -> None:
        counts = Histogram()
        counts.record_many(1000, 5)
        found = gathered(by_route=True)
        found.add_counts("", counts)
        found.add_counts("GET /a", counts)
        assert (found.total.count, found.routes["GET /a"].count) == (5, 5)


def test_of_many_pairs_each_is_kept_with_the_same_chance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gather, "MOST_PAIRS", 1000)
    found = gathered()
    for number in range(3000):
        found.add(Entry(float(number), copy_seconds=1.0))
    assert len(found.pairs) == 1000
    late = sum(primary >= 2000 for primary, _ in found.pairs)
    assert late == pytest.approx(333, rel=0.15)
