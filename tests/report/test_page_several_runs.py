"""The charts of several runs, each drawn over the others."""

from hedgerow.report.page import several_runs
from hedgerow.report.page.chart import Chart
from hedgerow.report.page.runs import runs_of
from tests.report.documents import document, empty

RUNS = runs_of([document(name="a"), document(name="b", slow=2.0), empty()])


def charts() -> dict[str, Chart]:
    return {chart.key: chart for chart in several_runs.charts(RUNS)}


class TestResponseTime:
    def test_has_a_line_a_run_for_each_choice(self) -> None:
        chart = charts()["response-time"]
        assert chart.picks == ["mean", "p50", "p95", "p99", "p99.9", "max"]
        means = [line.label for line in chart.series if line.pick == "mean"]
        assert means == [run.name for run in RUNS]

    def test_draws_each_run_by_its_own_times(self) -> None:
        tables = charts()["response-time"].tables
        assert [len(table[0]) for table in tables] == [24, 24, 0]


class TestEveryChart:
    def test_has_a_series_for_each_column(self) -> None:
        for chart in charts().values():
            assert sum(len(table) - 1 for table in chart.tables) == len(chart.series), chart.key

    def test_gives_a_run_the_same_colour(self) -> None:
        colours = {(s.label, s.colour) for chart in charts().values() for s in chart.series}
        assert len(colours) == len(RUNS)

    def test_is_left_out_where_no_run_has_data_for_it(self) -> None:
        assert several_runs.charts(runs_of([empty(), empty()])) == []


class TestSpectrum:
    def test_leaves_out_runs_without_a_histogram(self) -> None:
        chart = charts()["spectrum"]
        assert [(line.label, line.pick) for line in chart.series[:2]] == [
            ("a", "response time"),
            ("a", "service time"),
        ]
        assert len(chart.series) == 4


class TestDistribution:
    def test_is_a_share_of_each_runs_own_requests(self) -> None:
        for table in charts()["distribution"].tables:
            assert abs(sum(share or 0 for share in table[1]) - 1) < 1e-4


class TestServers:
    def test_that_were_watched_are_drawn(self) -> None:
        found = charts()
        assert [line.label for line in found["server-cpu"].series] == ["a", "b"]
        assert found["server-memory"].unit == "bytes"
