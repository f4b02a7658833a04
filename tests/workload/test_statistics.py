import random

import pytest

from tests.workload.statistics import exponential, kolmogorov_q, kolmogorov_smirnov_p


class TestKolmogorovsLaw:
    # Critical values as they stand in every table of the test.
    @pytest.mark.parametrize(("distance", "p"), [(1.224, 0.1), (1.358, 0.05), (1.628, 0.01)])
    def test_is_the_one_in_the_tables(self, distance: float, p: float) -> None:
        assert kolmogorov_q(distance) == pytest.approx(p, rel=0.01)


class TestSample:
    def test_of_the_law_is_probable(self) -> None:
        even = [(index + 0.5) / 1000 for index in range(1000)]
        assert kolmogorov_smirnov_p(even, lambda value: value) == 1.0

    def test_of_a_law_near_it_is_found_out(self) -> None:
        draw = random.Random(7)
        slower = [draw.expovariate(0.9) for _ in range(5000)]
        assert kolmogorov_smirnov_p(slower, exponential) < 1e-6

    def test_of_equal_gaps_is_not_exponential(self) -> None:
        assert kolmogorov_smirnov_p([1.0] * 100, exponential) < 1e-6
