"""How figures are worded on a page."""

import pytest

from hedgerow.report.document import Distribution, SloResult
from hedgerow.report.page import figures


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


class TestFigure:
    @pytest.mark.parametrize(
        ("shown", "expected"),
        [
            (figures.microseconds(812), "812 µs"),
            (figures.microseconds(24_300), "24.3 ms"),
            (figures.seconds(1.5), "1.5 s"),
            (figures.seconds(300), "5 min"),
            (figures.seconds(3 * 3600), "3 h"),
            (figures.size(1536), "1.5 KiB"),
            (figures.size(12), "12 B"),
            (figures.share(0.0025), "0.25 %"),
            (figures.count(1234567), "1,234,567"),
            (figures.rate(99.96), "100.0 /s"),
            (figures.rate(12345.6), "12,346 /s"),
            (figures.cores(0.5), "0.50 cores"),
        ],
    )
    def test_has_a_unit_after_a_space(self, shown: str, expected: str) -> None:
        assert plain(shown) == expected


class TestPercentile:
    def test_is_shown_where_there_are_enough_samples(self) -> None:
        assert plain(figures.percentile(Distribution(count=100, p99=2000), "p99")) == "2 ms"

    @pytest.mark.parametrize(
        ("name", "count"), [("p99", 99), ("p99_9", 999), ("p99_99", 9_999), ("max", 0)]
    )
    def test_of_too_few_samples_is_a_dash(self, name: str, count: int) -> None:
        assert figures.percentile(Distribution(count=count), name) == figures.NONE

    def test_is_named_as_people_write_it(self) -> None:
        assert figures.percentile_name("p99_9") == "p99.9"


class TestPromise:
    @pytest.mark.parametrize(
        ("unit", "value", "expected"),
        [
            ("s", 0.25, "250 ms"),
            ("share", 0.01, "1.0 %"),
            ("/s", 50.0, "50.0 /s"),
            ("B", 2.0**20, "1 MiB"),
            ("cores", 1.5, "1.50 cores"),
            ("", 7.0, "7"),
        ],
    )
    def test_is_told_in_its_unit(self, unit: str, value: float, expected: str) -> None:
        slo = SloResult(expr="x", value=value, limit=0.0, unit=unit, ok=True)
        assert plain(figures.in_unit_of(slo, value)) == expected

    def test_without_samples_has_no_value(self) -> None:
        slo = SloResult(expr="x", value=None, limit=1.0, unit="s", ok=False)
        assert figures.in_unit_of(slo, None) == figures.NONE


class TestMoment:
    def test_is_a_date_that_people_read(self) -> None:
        assert figures.moment("2026-11-05T14:03:22Z") == "5 November 2026, 14:03:22 UTC"
        assert figures.moment("2026-11-05T14:03:22+02:00").endswith("14:03:22 +0200")

    def test_that_is_none_is_shown_as_it_is(self) -> None:
        assert figures.moment("yesterday") == "yesterday"
