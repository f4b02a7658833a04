import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.measure.slo import format_value, parse_slo
from tests.measure.oracle import many_examples
from tests.measure.slo_figures import GivenFigures


def verdict_of(expr: str, figures: GivenFigures) -> bool:
    return parse_slo(expr).judge(figures).ok


class TestLimit:
    @pytest.mark.parametrize(
        ("expr", "limit", "unit"),
        [
            ("p99<250ms", 0.25, "s"),
            ("p99 < 1m30s", 90, "s"),
            ("errors<0.1%", 0.001, "share"),
            ("errors<0.05", 0.05, "share"),
            ("failures<=5", 5, ""),
            ("rps>1.2k", 1200, "/s"),
            ("count>=10k", 10_000, ""),
            ("rss(server)<512MB", 512e6, "B"),
            ("cpu(server)<150%", 1.5, "cores"),
            ("cpu(server)<1.5", 1.5, "cores"),
            ("fds(server)<100", 100, ""),
        ],
    )
    def test_has_the_unit_of_its_metric(self, expr: str, limit: float, unit: str) -> None:
        slo = parse_slo(expr)
        assert slo.limit == pytest.approx(limit)
        assert slo.unit == unit

    def test_of_a_time_without_unit_is_milliseconds_as_in_k6(self) -> None:
        assert parse_slo("p(99)<250").limit == 0.25

    @pytest.mark.parametrize("expr", ["errors<5", "errors<=1", "errors{class=timeout}<1"])
    def test_that_may_be_percent_or_number_is_refused(self, expr: str) -> None:
        with pytest.raises(ConfigError, match="failures<=5"):
            parse_slo(expr)

    @pytest.mark.parametrize(
        "expr", ["p99<250x", "rps>fast", "count>=5/s", "rss(server)<5s", "cpu(server)<5x", "p99<"]
    )
    def test_of_another_kind_is_refused_with_the_whole_promise(self, expr: str) -> None:
        with pytest.raises(ConfigError) as refusal:
            parse_slo(expr)
        assert f"'{expr}'" in str(refusal.value)


class TestForm:
    @pytest.mark.parametrize("expr", ["", "p99", "p99=1s", "p99 250ms", "<250ms", "p99<>1s"])
    def test_without_an_operator_is_refused(self, expr: str) -> None:
        with pytest.raises(ConfigError, match="--slo"):
            parse_slo(expr)

    def test_of_a_label_may_hold_operators_and_braces(self) -> None:
        slo = parse_slo("p99{label=GET /a<b{seq}}<250ms for 2m")
        assert (slo.metric.label, slo.limit, slo.window) == ("GET /a<b{seq}", 0.25, 120)

    def test_keeps_what_was_written(self) -> None:
        assert parse_slo(" p99 < 1s ").expr == "p99 < 1s"

    @given(st.text(alphabet="p9.()<>={}s for%rd", max_size=20))
    @many_examples
    def test_of_any_kind_is_read_or_refused(self, expr: str) -> None:
        with contextlib.suppress(ConfigError):
            assert parse_slo(expr).expr == expr.strip()


class TestWindow:
    def test_is_none_for_the_whole_run(self) -> None:
        assert parse_slo("p99<1s").window is None

    @pytest.mark.parametrize("window", ["0.5s", "2h", "10"])
    def test_out_of_range_is_refused(self, window: str) -> None:
        with pytest.raises(ConfigError, match="10s"):
            parse_slo(f"p99<1s for {window}")


class TestVerdict:
    @pytest.mark.parametrize(
        ("operator", "ok"), [("<", False), ("<=", True), (">", False), (">=", True), ("==", True)]
    )
    def test_at_the_limit_is_the_operators(self, operator: str, ok: bool) -> None:
        assert verdict_of(f"rps{operator}10", GivenFigures(ended=100, seconds=10)) is ok

    def test_below_a_ceiling_is_kept(self) -> None:
        assert verdict_of("p50<1s", GivenFigures(times=[0.5] * 100))

    def test_above_a_ceiling_is_broken(self) -> None:
        assert not verdict_of("p50<1s", GivenFigures(times=[1.5] * 100))

    def test_below_a_floor_is_broken(self) -> None:
        assert not verdict_of("rps>11", GivenFigures(ended=100, seconds=10))

    @pytest.mark.parametrize("expr", ["p99<1s", "errors<50%", "failures<=5", "rss(server)<1GB"])
    def test_without_samples_is_broken(self, expr: str) -> None:
        verdict = parse_slo(expr).judge(GivenFigures(ended=0))
        assert verdict.value is None
        assert not verdict.ok

    def test_tells_the_value_with_its_unit(self) -> None:
        verdict = parse_slo("p50<1s").judge(GivenFigures(times=[0.0214] * 5))
        assert verdict.detail == "p50 was 21.4ms"

    def test_tells_which_labels_there_are(self) -> None:
        figures = GivenFigures(ended=0, labels=("login", "browse"))
        detail = parse_slo("p99{label=logn}<1s").judge(figures).detail
        assert "login, browse" in detail

    def test_tells_when_nobody_watched_the_server(self) -> None:
        assert "--watch" in parse_slo("rss(server)<1GB").judge(GivenFigures()).detail

    def test_tells_when_a_percentile_rests_on_too_little(self) -> None:
        assert (
            "99 samples only (100"
            in parse_slo("p99<1s").judge(GivenFigures(times=[0.1] * 99)).detail
        )
        assert "only" not in parse_slo("p99<1s").judge(GivenFigures(times=[0.1] * 100)).detail


class TestWorse:
    @pytest.mark.parametrize(
        ("expr", "worse"), [("p99<1s", 3), ("rps>5", 2), ("rps==5", 8), ("rps>=5", 2)]
    )
    def test_is_farther_on_the_wrong_side(self, expr: str, worse: float) -> None:
        better = 5.5 if expr.startswith("rps") else 2
        slo = parse_slo(expr)
        assert slo.is_worse(worse, better)
        assert not slo.is_worse(better, worse)


class TestInWords:
    @pytest.mark.parametrize(
        ("expr", "value", "text"),
        [
            ("p99<1s", 0.25, "250ms"),
            ("errors<1%", 0.012, "1.2%"),
            ("rps>1", 12.34, "12.3/s"),
            ("rps>1", 1234.5, "1234/s"),
            ("rss(server)<1GB", 2**20, "1MiB"),
            ("cpu(server)<1", 1.5, "1.50 cores"),
            ("count>1", 12.0, "12"),
        ],
    )
    def test_a_value_has_its_unit(self, expr: str, value: float, text: str) -> None:
        assert format_value(value, parse_slo(expr).unit) == text
