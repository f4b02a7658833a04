"""The exponential law, and reading laws."""

import math
import random

import pytest

from hedgerow.faults import Constant
from hedgerow.simulate.laws import Exponential, read_law
from tests.workload.statistics import kolmogorov_smirnov_p


class TestExponential:
    def test_draws_follow_its_distribution(self) -> None:
        law, randomness = Exponential(0.02), random.Random(3)
        samples = [law.draw(randomness) for _ in range(2000)]
        assert kolmogorov_smirnov_p(samples, law.cdf) > 0.01

    def test_has_its_mean_and_no_draws_below_zero(self) -> None:
        law = Exponential(0.02)
        assert law.mean() == 0.02
        assert (law.cdf(-1.0), law.cdf(0.0)) == (0.0, 0.0)
        assert law.cdf(0.02) == pytest.approx(1 - math.exp(-1))

    def test_is_read_back_from_its_text(self) -> None:
        law = Exponential(0.0125)
        assert read_law(str(law)) == law

    @pytest.mark.parametrize("average", [0.0, -1.0, math.inf])
    def test_needs_a_finite_mean_above_zero(self, average: float) -> None:
        with pytest.raises(ValueError, match="above 0"):
            Exponential(average)


class TestText:
    def test_of_other_laws_is_read_too(self) -> None:
        assert read_law("constant:10ms") == Constant(0.01)

    def test_without_a_unit_is_refused_with_the_form(self) -> None:
        with pytest.raises(ValueError, match="exponential:DURATION, with a duration"):
            read_law("exponential:10")
