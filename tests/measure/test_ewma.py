import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.measure import Ewma, PeakEwma
from tests.measure.oracle import many_examples

START = 1_000_000.0
TAU = 10.0

# (seconds since the last sample, sample)
samples = st.lists(st.tuples(st.floats(0, 30), st.floats(0, 1000)), min_size=1, max_size=30)


def average_of(*values: float) -> Ewma:
    """All sampled at START."""
    average = Ewma(tau=TAU)
    for value in values:
        average.add(START, value)
    return average


def peak_of(value: float) -> PeakEwma:
    peak = PeakEwma(tau=TAU)
    peak.add(START, value)
    return peak


class TestAverage:
    def test_before_the_first_sample_is_none(self) -> None:
        assert Ewma(tau=TAU).value(START) is None

    def test_of_one_sample_is_that_sample(self) -> None:
        assert average_of(42.0).value(START) == 42.0

    def test_of_samples_of_one_instant_is_their_mean(self) -> None:
        assert average_of(10.0, 20.0, 60.0).value(START) == pytest.approx(30.0)

    def test_weighs_a_sample_of_age_tau_by_a_third(self) -> None:
        average = average_of(0.0)
        average.add(START + TAU, 100.0)
        assert average.value(START + TAU) == pytest.approx(100 / (1 + math.exp(-1)))

    def test_does_not_change_while_it_is_remembered(self) -> None:
        average = average_of(10.0, 20.0)
        assert average.value(START + 6 * TAU) == average.value(START)

    def test_is_none_when_its_samples_are_forgotten(self) -> None:
        assert average_of(42.0).value(START + 7 * TAU) is None

    def test_survives_a_gap_of_any_length(self) -> None:
        average = average_of(42.0)
        average.add(START + 1e12, 7.0)
        assert average.value(START + 1e12) == 7.0

    def test_takes_a_late_sample_as_of_now(self) -> None:
        average = average_of(10.0)
        average.add(START - 5.0, 20.0)
        assert average.value(START) == pytest.approx(15.0)

    @many_examples
    @given(samples)
    def test_is_the_weighted_mean_of_all_samples(self, steps: list[tuple[float, float]]) -> None:
        average, now, seen = Ewma(tau=TAU), START, list[tuple[float, float]]()
        for pause, sample in steps:
            now += pause
            average.add(now, sample)
            seen.append((now, sample))
        weights = [math.exp((at - now) / TAU) for at, _ in seen]
        mean = sum(w * s for w, (_, s) in zip(weights, seen, strict=True)) / sum(weights)
        assert average.value(now) == pytest.approx(mean)


class TestWeight:
    def test_before_the_first_sample_is_zero(self) -> None:
        assert Ewma(tau=TAU).weight(START) == 0.0

    def test_is_the_number_of_fresh_samples(self) -> None:
        assert average_of(1.0, 2.0, 3.0).weight(START) == 3.0

    def test_halves_in_the_half_life(self) -> None:
        assert average_of(1.0, 2.0).weight(START + TAU * math.log(2)) == pytest.approx(1.0)


class TestPeak:
    def test_before_the_first_sample_is_none(self) -> None:
        assert PeakEwma(tau=TAU).value(START) is None

    def test_of_one_sample_is_that_sample(self) -> None:
        assert peak_of(42.0).value(START) == 42.0

    def test_jumps_to_a_higher_sample(self) -> None:
        peak = peak_of(10.0)
        peak.add(START + 0.001, 500.0)
        assert peak.value(START + 0.001) == 500.0

    def test_comes_down_slowly_to_a_lower_sample(self) -> None:
        peak = peak_of(100.0)
        peak.add(START + TAU, 10.0)
        assert peak.value(START + TAU) == pytest.approx(10 + 90 * math.exp(-1))

    def test_fades_to_zero_without_samples(self) -> None:
        peak = peak_of(100.0)
        assert peak.value(START + TAU) == pytest.approx(100 * math.exp(-1))
        assert peak.value(START + 1e12) == 0.0

    def test_is_not_changed_by_reading(self) -> None:
        read, unread = peak_of(100.0), peak_of(100.0)
        read.value(START + 5.0)
        for peak in (read, unread):
            peak.add(START + TAU, 90.0)
        assert read.value(START + TAU) == unread.value(START + TAU)

    def test_takes_a_late_sample_as_of_now(self) -> None:
        peak = peak_of(10.0)
        peak.add(START - 5.0, 20.0)
        assert peak.value(START) == 20.0

    @many_examples
    @given(samples)
    def test_is_never_below_the_newest_sample_nor_above_the_highest(
        self, steps: list[tuple[float, float]]
    ) -> None:
        peak, now, highest = PeakEwma(tau=TAU), START, 0.0
        for pause, sample in steps:
            now, highest = now + pause, max(highest, sample)
            peak.add(now, sample)
            value = peak.value(now)
            assert value is not None
            assert sample <= value <= highest * (1 + 1e-12)


class TestMistake:
    @pytest.mark.parametrize("kind", [Ewma, PeakEwma])
    @pytest.mark.parametrize("tau", [0.0, -1.0, math.inf, math.nan])
    def test_in_tau_is_named(self, kind: type[Ewma | PeakEwma], tau: float) -> None:
        with pytest.raises(ConfigError, match=r"tau = .*: must be seconds above 0"):
            kind(tau=tau)
