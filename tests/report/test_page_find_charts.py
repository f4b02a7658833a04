from msgspec.structs import replace

from hedgerow.report.find_document import Scalability
from hedgerow.report.page.find_charts import curves, scaling
from tests.report.find_documents import FOUND, probe, result, searched, varied

LAW = Scalability(lam=100, sigma=0.1, kappa=0.01, r2=0.99, peak_n=9.5, peak_x=321.0)


class TestResponseTime:
    def chart(self) -> tuple[list[str], list[list[float | None]]]:
        chart, _ = curves(searched(), searched().variants[0])
        return [line.label for line in chart.series if line.pick == "p99"], chart.tables[0]

    def test_has_a_mark_for_each_probe_by_how_it_came_out(self) -> None:
        labels, (loads, kept, broken, *_) = self.chart()
        assert labels == ["kept", "broken", "p99<250ms"]
        assert loads == [10, 100, 103, 103, 200]
        assert kept == [100_000, 100_000, None, None, None]
        assert broken == [None, None, 260_000, 270_000, 900_000]

    def test_has_the_promise_across(self) -> None:
        assert self.chart()[1][3] == [250_000.0] * 5

    def test_can_show_any_time_that_was_promised(self) -> None:
        document = replace(searched(), promises=["p90<250ms", "p50<9ms", "errors<1%"])
        chart, _ = curves(document, document.variants[0])
        assert chart.picks == ["p90<250ms", "p50", "p99", "p95"]
        assert chart.tables[0][1] == [100_000, 100_000, None, None, None]

    def test_marks_differ_by_colour_and_shape(self) -> None:
        document = result(FOUND, probe(1), probe(2, came="broken"), probe(3, came="invalid"))
        chart, _ = curves(document, document.variants[0])
        marks = [(line.colour, line.kind) for line in chart.series if line.pick == "p50"]
        assert marks == [("good", "dots"), ("bad", "crosses"), ("warn", "rings")]

    def test_greys_what_lies_beyond_the_capacity(self) -> None:
        chart, _ = curves(searched(), searched().variants[0])
        assert [(zone.begins, zone.ends) for zone in chart.zones] == [(103, 200)]

    def test_is_drawn_by_powers_when_loads_are_far_apart(self) -> None:
        near = result(FOUND, probe(100), probe(200))
        assert curves(searched(), searched().variants[0])[0].x_log
        assert not curves(near, near.variants[0])[0].x_log


class TestThroughput:
    def test_is_compared_with_what_was_asked(self) -> None:
        _, chart = curves(searched(), searched().variants[0])
        assert chart.series[-1].label == "as asked"
        assert chart.tables[0][-1] == chart.tables[0][0]

    def test_by_users_has_nothing_to_compare_with(self) -> None:
        document = replace(searched(), by="users")
        _, chart = curves(document, document.variants[0])
        assert [line.label for line in chart.series] == ["kept", "broken"]
        assert (chart.x_name, chart.x_unit) == ("users", "count")


class TestSeveral:
    def test_have_charts_of_their_own(self) -> None:
        keys = [c.key for n, one in enumerate(varied().variants) for c in curves(varied(), one, n)]
        assert len(set(keys)) == 4


class TestScaling:
    def test_has_the_capacities_and_the_law_beyond_them(self) -> None:
        chart = scaling(varied(LAW, "1", "2", "4"))
        xs, capacities, law, straight = chart.tables[0]
        measured = {x: y for x, y in zip(xs, capacities, strict=True) if y is not None}
        assert measured == {1: 100, 2: 200, 4: 300}
        assert (xs[0], xs[-1]) == (1, 9.5 * 1.2)
        assert None not in law
        assert straight[-1] is None

    def test_without_a_law_has_the_capacities(self) -> None:
        chart = scaling(varied())
        assert chart.tables == [[[1, 2], [100, 200]]]

    def test_of_words_is_empty(self) -> None:
        assert scaling(varied(None, "uvloop", "asyncio")).is_empty
