"""The charts of one run."""

import pytest

from hedgerow.report.page import one_run
from hedgerow.report.page.chart import Chart
from tests.report.documents import all_failed, document, empty


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def every_chart() -> list[Chart]:
    run = document()
    made = [
        make(run)
        for make in (
            one_run.response_time, one_run.throughput, one_run.errors, one_run.concurrency,
            one_run.traffic, one_run.send_lag, one_run.generator_cpu, one_run.latency_spectrum,
            one_run.distribution,
        )
    ]  # fmt: skip
    return [*filter(None, made), *one_run.server(run)]


class TestEveryChart:
    @pytest.mark.parametrize("chart", every_chart(), ids=lambda chart: chart.key)
    def test_has_a_series_for_each_column_and_says_what_it_shows(self, chart: Chart) -> None:
        assert sum(len(table) - 1 for table in chart.tables) == len(chart.series)
        assert all(len({len(column) for column in table}) == 1 for table in chart.tables)
        assert chart.about
        assert chart.spoken
        assert not chart.is_empty


class TestResponseTime:
    def test_shows_mean_and_percentiles_of_all_points(self) -> None:
        chart = one_run.response_time(document())
        assert [line.label for line in chart.series] == ["mean", "p50", "p95", "p99", "max"]
        assert chart.tables[0][0] == [point.t for point in document().timeseries]
        assert chart.tables[0][4] == [point.p99_us for point in document().timeseries]

    def test_greys_what_does_not_count(self) -> None:
        labels = [zone.label for zone in one_run.response_time(document()).zones]
        assert labels == ["warm-up", "drain"]

    def test_of_nothing_says_so(self) -> None:
        chart = one_run.response_time(empty())
        assert chart.is_empty
        assert chart.spoken == "No request was answered."


class TestThroughput:
    def test_shows_what_was_asked_for_in_an_open_model(self) -> None:
        labels = [line.label for line in one_run.throughput(document()).series]
        assert labels == ["asked", "sent", "ok", "failed"]

    def test_does_not_in_a_closed_one(self) -> None:
        labels = [line.label for line in one_run.throughput(document(users=30)).series]
        assert labels == ["sent", "ok", "failed"]


class TestErrors:
    def test_have_a_line_for_each_class(self) -> None:
        chart = one_run.errors(document())
        assert {line.label for line in chart.series} == {"reset", "status_5xx", "timeout"}

    def test_that_never_came_are_no_chart(self) -> None:
        assert one_run.errors(document(failing=0.0)).is_empty
        assert one_run.errors(document(failing=0.0)).spoken == "No request failed."


class TestConcurrency:
    def test_shows_what_there_was(self) -> None:
        closed = one_run.concurrency(document(users=30))
        assert [line.label for line in closed.series] == ["users", "in flight", "connections"]
        opened = one_run.concurrency(document())
        assert [line.label for line in opened.series] == ["in flight", "backlog", "connections"]


class TestSpectrum:
    def test_lays_response_time_over_service_time(self) -> None:
        chart = one_run.latency_spectrum(document())
        assert [line.label for line in chart.series] == ["response time", "service time"]
        assert chart.axis == "percentile"

    def test_of_a_closed_model_says_what_it_hides(self) -> None:
        assert one_run.latency_spectrum(document(users=30)).about.startswith("Closed model")

    def test_of_nothing_is_empty(self) -> None:
        assert one_run.latency_spectrum(empty()).is_empty


class TestDistribution:
    def test_counts_every_request_once(self) -> None:
        chart = one_run.distribution(document())
        assert chart is not None
        assert sum(count or 0 for count in chart.tables[0][1]) == document().requests.total
        assert len(chart.edges) == len(chart.tables[0][1]) + 1

    def test_of_nothing_is_none(self) -> None:
        assert one_run.distribution(empty()) is None


class TestServer:
    def test_that_was_watched_has_three_charts(self) -> None:
        keys = [chart.key for chart in one_run.server(document())]
        assert keys == ["server-cpu", "server-memory", "server-descriptors"]

    def test_that_was_not_has_none(self) -> None:
        assert one_run.server(all_failed()) == []
