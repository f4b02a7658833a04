import pytest

from hedgerow.measure import BucketLayout, Histogram, encode_hdr
from hedgerow.report.document import Config, Distribution, Document, Latencies
from hedgerow.report.text_latency import bars, latency_lines
from hedgerow.report.text_look import look

SMALL = BucketLayout(highest=100_000, digits=2)
LOOK = look(width=100, unicode=False)


def of(*values: int) -> Histogram:
    histogram = Histogram(SMALL)
    histogram.record_all(values)
    return histogram


def times(count: int, p50: int = 2000) -> Distribution:
    return Distribution(
        count=count, min=1000, mean=2500.0, stdev=500.0, p50=p50, p75=3000, p90=4000, p95=5000,
        p99=6000, p99_9=7000, p99_99=8000, max=9000,
    )  # fmt: skip


def lines(latencies: Latencies, *, closed: bool = False, full: bool = False) -> list[str]:
    config = Config(model="closed" if closed else "open")
    document = Document(config=config, latency_us=latencies)
    return [told.plain for told in latency_lines(document, LOOK, full=full)]


def row(name: str, found: list[str]) -> list[str]:
    """The cells of the line that begins with this."""
    (cells,) = (told.split()[1:] for told in found if told.split()[:1] == [name])
    return cells


def names(found: list[str]) -> list[str]:
    """The percentiles that are shown."""
    return [told.split()[0] for told in found if "%" in told and "needs" not in told]


class TestPercentiles:
    @pytest.mark.parametrize(
        ("count", "last"),
        [
            (2, "50%"), (9, "75%"), (10, "90%"), (19, "90%"), (20, "95%"), (99, "95%"),
            (100, "99%"), (999, "99%"), (1000, "99.9%"), (9999, "99.9%"), (10_000, "99.99%"),
        ],
    )  # fmt: skip
    def test_are_those_that_the_count_can_carry(self, count: int, last: str) -> None:
        assert names(lines(Latencies(response=times(count))))[-1] == last

    def test_that_lack_samples_are_told(self) -> None:
        found = lines(Latencies(response=times(99)))
        assert "  99% needs 100 requests, there were 99" in found

    def test_are_response_times_first(self) -> None:
        assert row("99%", lines(Latencies(response=times(100)))) == ["6ms"]

    def test_have_the_service_time_beside_them_in_an_open_model(self) -> None:
        found = lines(Latencies(response=times(100), service=times(100, p50=500)))
        assert row("50%", found) == ["2ms", "500us"]

    def test_have_it_not_in_a_closed_one(self) -> None:
        found = lines(Latencies(response=times(100), service=times(100, p50=500)), closed=True)
        assert row("50%", found) == ["2ms"]

    def test_tell_good_and_failed_ones_apart_where_both_are(self) -> None:
        latencies = Latencies(
            response=times(100), response_ok=times(95, p50=1000), response_failed=times(5, p50=9)
        )
        found = lines(latencies)
        assert row("50%", found) == ["2ms", "1ms", "9us"]

    def test_of_a_part_with_fewer_samples_are_left_out(self) -> None:
        latencies = Latencies(response=times(100), response_ok=times(99), response_failed=times(1))
        assert row("99%", lines(latencies)) == ["6ms", "-", "-"]

    def test_end_with_the_extremes(self) -> None:
        found = lines(Latencies(response=times(100)))
        assert [row(name, found) for name in ("max", "mean")] == [["9ms"], ["2.5ms"]]

    def test_of_nothing_are_nothing(self) -> None:
        assert lines(Latencies()) == []


class TestModel:
    def test_that_is_closed_says_what_its_times_mean(self) -> None:
        found = lines(Latencies(response=times(1)), closed=True)
        assert any("a slow server slows its own measurement" in told for told in found)

    def test_that_is_open_tells_the_send_lag_by_cause(self) -> None:
        latencies = Latencies(
            response=times(100), send_lag=times(100), lateness=times(100), backlog=times(100)
        )
        assert (
            "  send lag: p99 6ms, max 9ms (generator late p99 6ms, no free connection p99 6ms)"
        ) in lines(latencies)

    def test_that_is_open_with_few_requests_tells_the_most(self) -> None:
        latencies = Latencies(response=times(9), send_lag=times(9))
        assert any(told.startswith("  send lag: max 9ms (") for told in lines(latencies))


class TestBars:
    def test_are_eleven(self) -> None:
        assert len(bars(of(*range(100)), LOOK)) == 11

    def test_begin_with_the_least_value_alone(self) -> None:
        assert bars(of(10, 20, 110), LOOK)[:2] == [
            f"      10us [1] |{'#' * 40}",
            f"      20us [1] |{'#' * 40}",
        ]

    def test_count_every_value_once(self) -> None:
        drawn = bars(of(*range(0, 5000, 7)), LOOK)
        counts = [int(told[told.index("[") + 1 : told.index("]")]) for told in drawn]
        assert sum(counts) == len(range(0, 5000, 7))

    def test_are_as_long_as_their_share_of_the_highest(self) -> None:
        drawn = bars(of(*[10] * 40, *[110] * 10), LOOK)
        assert [told.count("#") for told in drawn] == [40, *[0] * 9, 10]

    def test_of_one_value_are_one(self) -> None:
        assert bars(of(10, 10), LOOK) == [f"      10us [2] |{'#' * 40}"]

    def test_fit_into_a_narrow_terminal(self) -> None:
        narrow = look(width=40, unicode=True)
        assert max(map(len, bars(of(*range(100)), narrow))) <= 40

    def test_are_drawn_where_there_is_a_histogram(self) -> None:
        response = Distribution(count=2, p50=10, max=20, histogram=encode_hdr(of(10, 20)))
        assert "Response time histogram:" in lines(Latencies(response=response))


class TestSpectrum:
    RESPONSE = Distribution(count=1, p50=10, max=10, histogram=encode_hdr(of(10)))

    def test_is_shown_when_asked_for(self) -> None:
        found = lines(Latencies(response=self.RESPONSE), full=True)
        assert "       0.010 1.000000000000          1" in found

    def test_is_left_out_otherwise(self) -> None:
        assert not any("spectrum" in told for told in lines(Latencies(response=self.RESPONSE)))

    def test_is_that_of_the_service_time_too_in_an_open_model(self) -> None:
        latencies = Latencies(response=self.RESPONSE, service=self.RESPONSE)
        headings = [told for told in lines(latencies, full=True) if "spectrum" in told]
        assert len(headings) == 2
