import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.workload.profile import RateProfile

rates = st.one_of(st.just(0.0), st.floats(0.01, 1e5))
stages = st.lists(st.tuples(st.one_of(st.just(0.0), st.floats(0.01, 1000.0)), rates), max_size=6)
profiles = st.builds(RateProfile.of, rates, stages)

#: 0 to 1 a second in 5 s, 1 s there, 5 s down to 0: the example of k6's own tests.
HILL = RateProfile.of(0.0, [(5.0, 1.0), (1.0, 1.0), (5.0, 0.0)])


class TestConstantRate:
    def test_has_no_stages(self) -> None:
        profile = RateProfile.of(50.0)
        assert profile.is_constant
        assert profile.cumulative(3.0) == 150.0
        assert profile.time_of(150) == 3.0

    @given(st.integers(0, 10**12), st.integers(1, 10**6))
    def test_has_each_time_exactly_from_its_number(self, number: int, rate: int) -> None:
        assert RateProfile.of(rate).time_of(number) == number / rate


class TestRamp:
    def test_from_nothing_goes_with_the_root(self) -> None:
        ramp = RateProfile.of(0.0, [(10.0, 100.0)])
        assert ramp.time_of(5) == pytest.approx(1.0)  # 100 * t**2 / 20
        assert ramp.time_of(125) == pytest.approx(5.0)
        assert ramp.cumulative(10.0) == pytest.approx(500.0)

    def test_keeps_its_last_rate(self) -> None:
        ramp = RateProfile.of(10.0, [(10.0, 20.0)])
        assert ramp.ends_at == 10.0
        assert ramp.time_of(150) == pytest.approx(10.0)
        assert ramp.time_of(170) == pytest.approx(11.0)

    def test_down_to_nothing_has_an_end(self) -> None:
        ramp = RateProfile.of(10.0, [(10.0, 0.0)])
        assert ramp.cumulative(math.inf) == 50.0
        assert ramp.time_of(49) == pytest.approx(10 - math.sqrt(2))
        assert ramp.time_of(50) == ramp.time_of(51) == math.inf

    def test_that_hardly_rises_is_almost_even(self) -> None:
        # The formula from school would lose ten digits here.
        ramp = RateProfile.of(1000.0, [(10.0, 1000.0 * (1 + 1e-12))])
        assert ramp.time_of(5000) == pytest.approx(5.0, rel=1e-12)

    # Arrivals 1 to 5; by hand from t**2/10, t - 2.5, and 3.5 + d - d**2/10.
    @pytest.mark.parametrize(
        ("number", "time"), [(1, 3.16228), (2, 4.47214), (3, 5.5), (4, 6.52786), (5, 7.83772)]
    )
    def test_up_and_down_is_passed_at_the_times_of_a_table(self, number: int, time: float) -> None:
        assert HILL.time_of(number) == pytest.approx(time, abs=1e-5)


class TestRate:
    @pytest.mark.parametrize(
        ("time", "rate"), [(-1.0, 0.0), (0.0, 0.0), (2.5, 0.5), (5.5, 1.0), (8.5, 0.5), (99.0, 0.0)]
    )
    def test_is_on_the_line_between_the_targets(self, time: float, rate: float) -> None:
        assert HILL.rate_at(time) == pytest.approx(rate)


class TestJump:
    def test_takes_no_time(self) -> None:
        profile = RateProfile.of(10.0, [(5.0, 10.0), (0.0, 100.0)])
        assert profile.ends_at == 5.0
        assert (profile.rate_at(4.9), profile.rate_at(5.0)) == (10.0, 100.0)
        assert profile.time_of(150) == 6.0

    def test_at_the_beginning_replaces_the_first_rate(self) -> None:
        assert RateProfile.of(10.0, [(0.0, 100.0)]).time_of(100) == 1.0


class TestPause:
    def test_is_over_before_the_next_arrival(self) -> None:
        profile = RateProfile.of(10.0, [(1.0, 10.0), (0.0, 0.0), (5.0, 0.0), (0.0, 10.0)])
        assert profile.cumulative(1.0) == profile.cumulative(6.0) == 10.0
        assert profile.time_of(9) == 0.9
        assert profile.time_of(10) == 6.0

    def test_at_the_beginning_delays_the_first_arrival(self) -> None:
        assert RateProfile.of(0.0, [(5.0, 0.0), (0.0, 10.0)]).time_of(0) == 5.0

    def test_in_two_stages_is_one(self) -> None:
        profile = RateProfile.of(0.0, [(5.0, 0.0), (2.0, 0.0), (0.0, 10.0)])
        assert profile.time_of(0) == 7.0

    def test_without_end_is_never_over(self) -> None:
        assert RateProfile.of(0.0).time_of(0) == math.inf
        assert RateProfile.of(0.0).cumulative(math.inf) == 0.0


class TestAnyProfile:
    @given(profiles, st.floats(0.0, 1.0))
    def test_finds_back_the_number_of_a_time(self, profile: RateProfile, part: float) -> None:
        number = part * min(profile.cumulative(profile.ends_at + 10.0), 1e9)
        time = profile.time_of(number)
        if time < math.inf:
            assert profile.cumulative(time) == pytest.approx(number, rel=1e-9, abs=1e-6)

    @given(profiles, st.lists(st.floats(0.0, 1e5), min_size=2, max_size=20))
    def test_counts_up_as_time_goes_by(self, profile: RateProfile, times: list[float]) -> None:
        counts = [profile.cumulative(time) for time in sorted(times)]
        assert all(b >= a - 1e-12 * a for a, b in itertools.pairwise(counts))

    @given(profiles)
    def test_has_arrivals_in_their_order(self, profile: RateProfile) -> None:
        times = [profile.time_of(number) for number in range(200)]
        assert times == sorted(times)
        assert times[0] >= 0

    @given(rates, stages, stages)
    def test_of_two_parts_goes_on_where_the_first_ends(
        self, rate: float, first: list[tuple[float, float]], second: list[tuple[float, float]]
    ) -> None:
        whole, begun = RateProfile.of(rate, [*first, *second]), RateProfile.of(rate, first)
        rest = RateProfile.of(first[-1][1] if first else rate, second)
        for passed in (0.0, 0.5, 10.0, 2000.0):
            sum_of_parts = begun.cumulative(begun.ends_at) + rest.cumulative(passed)
            assert whole.cumulative(begun.ends_at + passed) == pytest.approx(sum_of_parts)

    @given(profiles)
    def test_has_the_area_under_its_rate(self, profile: RateProfile) -> None:
        # The rate in the middle of a straight line is its mean.
        edges = [*profile._starts, profile.ends_at + 7.0]
        for start, end in itertools.pairwise(edges):
            middle = profile.rate_at((start + end) / 2)
            grown = profile.cumulative(end) - profile.cumulative(start)
            assert grown == pytest.approx(middle * (end - start), rel=1e-6, abs=1e-4)


class TestMistake:
    @pytest.mark.parametrize("rate", [-1.0, math.inf, math.nan])
    def test_in_the_rate_is_named(self, rate: float) -> None:
        with pytest.raises(ConfigError, match=r"rate = .*: must be at least 0"):
            RateProfile.of(rate)

    @pytest.mark.parametrize("stage", [(-1.0, 5.0), (math.inf, 5.0), (5.0, -1.0), (5.0, math.nan)])
    def test_in_a_stage_is_named(self, stage: tuple[float, float]) -> None:
        with pytest.raises(ConfigError, match=r"stage (seconds|target) = .*: must be at least 0"):
            RateProfile.of(1.0, [stage])
