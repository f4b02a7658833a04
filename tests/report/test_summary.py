import math
from collections import Counter
from collections.abc import Iterable

import pytest

from hedgerow.measure import Tally
from hedgerow.report.document import SummaryRow
from hedgerow.report.summary import (
    HEADER,
    TOTAL,
    cells,
    csv_cells,
    summary_row,
    throughput_text,
)

START = 1_000_000.0


def tally_of(times: Iterable[int], *, failed: int = 0, span: float = 10.0) -> Tally:
    tally = Tally()
    tally.add_counted(Counter(times), first_start=START, last_end=START + span)
    tally.errors = failed
    return tally


def row_of(
    times: Iterable[int], *, failed: int = 0, span: float = 10.0, received: int = 0, sent: int = 0
) -> SummaryRow:
    tally = tally_of(times, failed=failed, span=span)
    return summary_row("GET /", tally, bytes_in=received, bytes_out=sent)


def shown(row: SummaryRow) -> dict[str, str]:
    return dict(zip(HEADER, cells(row), strict=True))


def exported(row: SummaryRow) -> dict[str, str]:
    return dict(zip(HEADER, csv_cells(row), strict=True))


class TestColumns:
    def test_are_jmeters_own(self) -> None:
        assert ",".join(HEADER) == (
            "Label,# Samples,Average,Min,Max,Std. Dev.,Error %,Throughput,"
            "Received KB/sec,Sent KB/sec,Avg. Bytes"
        )

    def test_end_with_the_total(self) -> None:
        assert TOTAL == "TOTAL"


class TestAverage:
    def test_is_cut_and_not_rounded(self) -> None:
        assert shown(row_of([1, 2, 2, 2]))["Average"] == "1"  # 1.75

    def test_is_exact_within(self) -> None:
        assert row_of([1, 2, 2, 2]).average_ms == 1.75


class TestDeviation:
    # 40, 42 and 43 are the samples of JMeter's own CalculatorTest.
    def test_of_one_sample_is_nothing(self) -> None:
        assert row_of([40]).stdev_ms == 0.0

    def test_is_that_of_the_population(self) -> None:
        assert row_of([40, 42]).stdev_ms == 1.0  # of a sample it would be 1.41

    def test_of_three(self) -> None:
        wanted = math.sqrt((40**2 + 42**2 + 43**2) / 3 - (125 / 3) ** 2)
        assert row_of([40, 42, 43]).stdev_ms == pytest.approx(wanted, abs=1e-9)

    def test_has_two_places(self) -> None:
        assert shown(row_of([40, 42, 43]))["Std. Dev."] == "1.25"

    def test_survives_where_floats_would_lose_it(self) -> None:
        hour = 3_600_000_000  # its square leaves a float no digits for a difference of 1
        assert row_of([hour, hour + 2]).stdev_ms == 1.0


class TestExtremes:
    def test_are_whole_milliseconds(self) -> None:
        row = shown(row_of([42, 40, 50]))
        assert (row["Min"], row["Max"]) == ("40", "50")


class TestErrors:
    def test_are_a_share_of_all_samples(self) -> None:
        assert shown(row_of([1, 1, 1], failed=2))["Error %"] == "66.67%"

    def test_have_three_places_in_the_export(self) -> None:
        assert exported(row_of([1, 1, 1], failed=2))["Error %"] == "66.667%"

    def test_are_shown_where_there_are_none(self) -> None:
        assert shown(row_of([1]))["Error %"] == "0.00%"


class TestThroughput:
    def test_counts_over_the_labels_own_span(self) -> None:
        assert row_of([10] * 386, span=10.0).throughput == 38.6

    def test_of_an_epochs_clock_has_no_noise_of_its_floats(self) -> None:
        tally = Tally()
        tally.add(300, start=1_551_783_627.191, end=1_551_783_627.491)
        assert summary_row("", tally, bytes_in=0, bytes_out=0).throughput == 1 / 0.3

    def test_of_no_time_is_nothing(self) -> None:
        row = row_of([0], span=0.0, received=1024, sent=1024)
        assert (row.throughput, row.received_kb_s, row.sent_kb_s) == (0.0, 0.0, 0.0)

    @pytest.mark.parametrize(
        ("rate", "text"),
        [
            (38.6, "38.6/sec"),
            (1.0, "1.0/sec"),
            (0.999, "59.9/min"),
            (1 / 60, "1.0/min"),
            (0.01, "36.0/hour"),
            (1 / 3600, "1.0/hour"),
            (0.0001, ".4/hour"),
            (0.0, ".0/hour"),
            (12345.67, "12345.7/sec"),
        ],
    )
    def test_is_shown_in_the_unit_that_makes_it_one_or_more(self, rate: float, text: str) -> None:
        assert throughput_text(rate) == text

    @pytest.mark.parametrize(("span", "text"), [(10.0, ".10000"), (0.5, "2.00000")])
    def test_is_exported_per_second(self, span: float, text: str) -> None:
        assert exported(row_of([1], span=span))["Throughput"] == text


class TestBytes:
    # As in JMeter's CalculatorTest: 50 and 70 bytes between 10 ms and 60 ms.
    def test_are_a_rate_in_kb_of_1024(self) -> None:
        row = row_of([30, 20], span=0.05, received=120, sent=240)
        rates = (row.received_kb_s * 1024, row.sent_kb_s * 1024)
        assert rates == pytest.approx((2400.0, 4800.0))

    def test_are_shown_with_two_places(self) -> None:
        row = shown(row_of([1], span=1.0, received=1024, sent=512))
        assert (row["Received KB/sec"], row["Sent KB/sec"]) == ("1.00", "0.50")

    def test_are_averaged_over_the_received_ones(self) -> None:
        assert shown(row_of([1, 1], received=5, sent=100))["Avg. Bytes"] == "2.5"

    def test_that_are_none_have_no_digit_before_the_point(self) -> None:
        assert shown(row_of([1]))["Avg. Bytes"] == ".0"


class TestNoSamples:
    def test_show_what_jmeter_shows(self) -> None:
        empty = summary_row(TOTAL, Tally(), bytes_in=0, bytes_out=0)
        wanted = "TOTAL|0|0|#N/A|#N/A|0.00|0.00%|.0/hour|0.00|0.00|.0"
        assert "|".join(cells(empty)) == wanted

    def test_are_exported_as_numbers(self) -> None:
        empty = summary_row(TOTAL, Tally(), bytes_in=0, bytes_out=0)
        assert "|".join(csv_cells(empty)) == "TOTAL|0|0|0|0|0.00|0.000%|.00000|0.00|0.00|.0"


class TestWholeRow:
    def test_is_as_on_jmeters_screen(self) -> None:
        row = row_of([100, 200, 301], failed=1, span=2.0, received=3000, sent=600)
        wanted = "GET /|3|200|100|301|82.06|33.33%|1.5/sec|1.46|0.29|1000.0"
        assert "|".join(cells(row)) == wanted

    def test_is_as_in_jmeters_export(self) -> None:
        row = row_of([100, 200, 301], failed=1, span=2.0, received=3000, sent=600)
        wanted = "GET /|3|200|100|301|82.06|33.333%|1.50000|1.46|0.29|1000.0"
        assert "|".join(csv_cells(row)) == wanted
