"""Curves from histograms."""

import pytest

from hedgerow.measure import Histogram, encode_hdr
from hedgerow.report.document import Distribution
from hedgerow.report.page.spectrum import Bins, bin_table, histogram_of, spectrum


def histogram(*values: int) -> Histogram:
    made = Histogram()
    made.record_all(values)
    return made


class TestHistogram:
    def test_is_read_from_its_text(self) -> None:
        text = encode_hdr(histogram(5, 7))
        assert histogram_of(Distribution(count=2, histogram=text)) == histogram(5, 7)

    @pytest.mark.parametrize(
        "distribution",
        [Distribution(), Distribution(count=2), Distribution(count=2, histogram="no such thing")],
    )
    def test_is_none_where_there_is_none(self, distribution: Distribution) -> None:
        assert histogram_of(distribution) is None


class TestSpectrum:
    def test_has_the_median_at_two_and_the_p99_at_a_hundred(self) -> None:
        xs, times = spectrum(histogram(*range(1, 1001)))
        at = dict(zip(xs, times, strict=True))
        assert at[100] == 990
        assert at[10] == 900
        median = max(x for x in xs if x is not None and x <= 2)
        assert at[median] == pytest.approx(500, abs=5)

    def test_goes_from_the_least_to_the_most(self) -> None:
        xs, times = spectrum(histogram(*range(10, 1000)))
        assert (xs[0], times[0], times[-1]) == (1, 10, 999)

    def test_ends_where_one_request_decides(self) -> None:
        xs, _ = spectrum(histogram(*range(1000)))
        assert xs[-1] == pytest.approx(2000, rel=0.06)

    def test_of_one_value_is_that_value(self) -> None:
        _, times = spectrum(histogram(42))
        assert set(times) == {42}


class TestBins:
    def test_hold_every_value_once(self) -> None:
        one = histogram(*range(3, 5000, 7))
        assert sum(Bins([one]).counts(one)) == one.count

    def test_are_of_equal_ratio_where_times_differ_much(self) -> None:
        edges = Bins([histogram(10, 10_000)]).edges
        assert edges[1] / edges[0] == pytest.approx(edges[-1] / edges[-2])

    def test_are_of_equal_width_where_they_do_not(self) -> None:
        edges = Bins([histogram(100, 200)]).edges
        assert edges[1] - edges[0] == pytest.approx(edges[-1] - edges[-2])

    def test_put_the_least_first_and_the_most_last(self) -> None:
        one = histogram(10, 10, 10_000)
        counts = Bins([one]).counts(one)
        assert (counts[0], counts[-1], sum(counts)) == (2, 1, 3)

    def test_of_several_are_the_same_for_all(self) -> None:
        low, high = histogram(10), histogram(10_000)
        bins = Bins([low, high])
        assert bins.counts(low)[0] == bins.counts(high)[-1] == 1

    def test_of_one_value_are_still_bins(self) -> None:
        one = histogram(42)
        assert sum(Bins([one]).counts(one)) == 1

    def test_are_drawn_at_their_middles(self) -> None:
        assert bin_table([3, 4]) == [[0.5, 1.5], [3, 4]]
