import re

import pytest

from hedgerow.measure.slo_metric import Metric, parse_metric
from tests.measure.slo_figures import GivenFigures


class TestPercentile:
    @pytest.mark.parametrize(
        ("name", "quantile"),
        [("p99", 0.99), ("p99.9", 0.999), ("p(95)", 0.95), ("p(99.99)", 0.9999), ("med", 0.5)],
    )
    def test_is_of_the_response_time(self, name: str, quantile: float) -> None:
        assert parse_metric(name, None) == Metric(name, "s", "response", quantile)

    @pytest.mark.parametrize("name", ["p0", "p100", "p(100)", "p999"])
    def test_must_lie_within_0_and_100(self, name: str) -> None:
        with pytest.raises(ValueError, match="between 0 and 100"):
            parse_metric(name, None)


class TestTime:
    @pytest.mark.parametrize(
        ("name", "distribution"),
        [
            ("service.p99", "service"),
            ("lag.p99", "send_lag"),
            ("ttfb.p99", "ttfb"),
            ("connect.p99", "connect"),
            ("backlog.p99", "backlog"),
            ("iterations.p99", "iterations"),
        ],
    )
    def test_may_be_of_another_distribution(self, name: str, distribution: str) -> None:
        assert parse_metric(name, None).distribution == distribution

    @pytest.mark.parametrize("name", ["mean", "avg"])
    def test_mean_has_no_quantile(self, name: str) -> None:
        assert parse_metric(name, None).quantile is None

    def test_least_and_most_are_the_ends(self) -> None:
        assert parse_metric("min", None).quantile == 0
        assert parse_metric("max", None).quantile == 1


class TestBraces:
    def test_select_a_label(self) -> None:
        assert parse_metric("p95", "label=GET /a{seq}").label == "GET /a{seq}"

    def test_take_quotes_off(self) -> None:
        assert parse_metric("p95", 'label="log in"').label == "log in"

    def test_select_a_class_of_errors(self) -> None:
        assert parse_metric("errors", "class=timeout").kind == "timeout"

    @pytest.mark.parametrize(
        ("name", "selector"),
        [
            ("p99", "class=timeout"),
            ("rps", "class=timeout"),
            ("p99", "user=7"),
            ("p99", "label="),
            ("rss(server)", "label=a"),
            ("iterations.p99", "label=a"),
        ],
    )
    def test_refuse_what_nobody_counts(self, name: str, selector: str) -> None:
        with pytest.raises(ValueError, match=r"class|braces|server|label"):
            parse_metric(name, selector)


class TestUnknownWord:
    @pytest.mark.parametrize(
        ("name", "instead"),
        [
            ("pp99", "p99"),
            ("eror", "errors"),
            ("servce.p99", "service.p99"),
            ("rate", "rps"),
            ("http_req_failed", "errors<1%"),
            ("rss", "rss(server)"),
            ("rss(client)", "rss(server)"),
            ("heap(server)", "rss(server)"),
        ],
    )
    def test_is_answered_with_the_nearest(self, name: str, instead: str) -> None:
        with pytest.raises(ValueError, match=re.escape(instead)):
            parse_metric(name, None)


class TestValue:
    def test_of_errors_is_their_share(self) -> None:
        assert parse_metric("errors", None).value(GivenFigures(ended=200, failures=3)) == 0.015

    def test_of_failures_is_their_number(self) -> None:
        assert parse_metric("failure", None).value(GivenFigures(failures=3)) == 3

    def test_of_rps_is_what_ended_a_second(self) -> None:
        assert parse_metric("rps", None).value(GivenFigures(ended=100, seconds=4)) == 25

    def test_of_ok_rps_leaves_failures_out(self) -> None:
        figures = GivenFigures(ended=100, failures=20, seconds=4)
        assert parse_metric("ok_rps", None).value(figures) == 20

    def test_of_a_server_is_what_it_used(self) -> None:
        figures = GivenFigures(used={"rss": 5e6, "cpu": 0.5})
        assert parse_metric("rss(server)", None).value(figures) == 5e6

    def test_of_a_mean_is_the_mean(self) -> None:
        assert parse_metric("mean", None).value(GivenFigures(times=[1, 2, 6])) == 3

    @pytest.mark.parametrize("name", ["p99", "mean", "errors", "failures", "cpu(server)"])
    def test_without_samples_is_none(self, name: str) -> None:
        assert parse_metric(name, None).value(GivenFigures(ended=0)) is None

    @pytest.mark.parametrize("name", ["rps", "ok_rps"])
    def test_of_a_pace_over_no_time_is_none(self, name: str) -> None:
        assert parse_metric(name, None).value(GivenFigures(seconds=0)) is None

    def test_of_count_is_known_even_when_0(self) -> None:
        assert parse_metric("count", None).value(GivenFigures(ended=0)) == 0
