import io

import pytest
from hypothesis import given

from hedgerow.errors import ConfigError
from hedgerow.measure import BucketLayout, Histogram, encode_hdr
from hedgerow.report.document import Distribution
from hedgerow.report.percentiles import histogram_of, levels, percentile_text
from tests.measure.oracle import many_examples, ours, recordings, theirs

Recording = tuple[BucketLayout, list[int]]

SMALL = BucketLayout(highest=100_000, digits=2)


def of(*values: int) -> Histogram:
    histogram = Histogram(SMALL)
    histogram.record_all(values)
    return histogram


def body(text: str) -> list[list[str]]:
    """The words of the lines between header and footer."""
    return [line.split() for line in text.splitlines()[2:] if not line.startswith("#")]


class TestText:
    def test_looks_as_wrk2_prints_it(self) -> None:
        assert percentile_text(of(100, 200), ticks=1).splitlines() == [
            "       Value     Percentile TotalCount 1/(1-Percentile)",
            "",
            "       0.100 0.000000000000          1           1.00",
            "       0.100 0.500000000000          1           2.00",
            "       0.200 0.750000000000          2           4.00",
            "       0.200 1.000000000000          2",
            "#[Mean    =        0.150, StdDeviation   =        0.050]",
            "#[Max     =        0.200, Total count    =            2]",
            "#[Buckets =           10, SubBuckets     =          256]",
        ]

    def test_has_as_many_buckets_as_hdrhistogram_says(self) -> None:
        out = io.BytesIO()
        theirs(SMALL, [1]).output_percentile_distribution(out, 1000.0)
        judges = out.getvalue().decode().splitlines()[-1]
        assert percentile_text(of(1)).splitlines()[-1] == judges

    def test_of_nothing_has_no_lines(self) -> None:
        assert body(percentile_text(of())) == []

    def test_ends_its_last_line(self) -> None:
        assert percentile_text(of(1)).endswith("]\n")


class TestLevels:
    def test_halve_their_steps_as_wrk2s_do(self) -> None:
        shares = [level.share for level in levels(of(*range(1000)))]
        assert shares[:14] == pytest.approx(
            [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.775, 0.8, 0.825]
        )

    @many_examples
    @given(recordings())
    def test_tell_how_many_values_are_no_greater(self, recording: Recording) -> None:
        judge = theirs(*recording)
        for level in levels(ours(*recording)):
            end = judge.get_counts_array_index(level.value) + 1
            assert level.total == sum(judge.get_count_at_index(index) for index in range(end))

    @many_examples
    @given(recordings())
    def test_are_the_first_values_that_reach_their_share(self, recording: Recording) -> None:
        histogram = ours(*recording)
        spectrum = list(levels(histogram))
        for bucket in histogram.buckets():
            reached = [level for level in spectrum if level.value == bucket.high]
            before = sum(b.count for b in histogram.buckets() if b.high < bucket.high)
            assert all(level.share * histogram.count > before - 1e-6 for level in reached)
            assert all(level.total >= level.share * histogram.count - 1e-6 for level in reached)

    def test_end_with_all_values(self) -> None:
        *_, last = levels(of(1, 2, 50))
        assert last == (50, 1.0, 3)


class TestHistogramOfADistribution:
    def test_is_the_encoded_one(self) -> None:
        assert histogram_of(Distribution(histogram=encode_hdr(of(1, 2)))) == of(1, 2)

    def test_may_be_missing(self) -> None:
        assert histogram_of(Distribution()) is None

    def test_that_is_broken_is_an_error(self) -> None:
        with pytest.raises(ConfigError, match="histogram = 'nonsense!'"):
            histogram_of(Distribution(histogram="nonsense!"))
