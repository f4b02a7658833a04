"""Formulas of queueing, against values known from elsewhere."""

import math

import pytest

from hedgerow.simulate import theory


class TestWaiting:
    def test_for_one_server_is_as_likely_as_it_is_busy(self) -> None:
        assert theory.wait_probability(1, 0.7) == pytest.approx(0.7)

    def test_for_several_is_erlangs_formula(self) -> None:
        # By its definition: a^c / c! / (1 - rho), over the sum of all terms.
        offered, servers = 3.5, 5
        term = offered**servers / math.factorial(servers) / (1 - 0.7)
        others = sum(offered**n / math.factorial(n) for n in range(servers))
        assert theory.wait_probability(5, 0.7) == pytest.approx(term / (others + term))

    def test_for_very_many_servers_can_be_computed(self) -> None:
        assert 0 < theory.wait_probability(5000, 0.99) < 1


class TestResponse:
    def test_of_one_server_is_service_by_what_is_left(self) -> None:
        assert theory.mean_response(1, 0.75, 2.0) == pytest.approx(8.0)

    def test_median_is_that_of_an_exponential_law(self) -> None:
        assert theory.response_quantile(0.5, 0.5) == pytest.approx(2 * math.log(2))

    def test_with_constant_work_waits_half(self) -> None:
        wait, half = theory.mean_response(1, 0.6) - 1, theory.mean_response_constant(0.6) - 1
        assert half == pytest.approx(wait / 2)


class TestTwoCopies:
    def test_are_as_good_as_one_at_a_third(self) -> None:
        assert theory.mean_of_two_copies(1 / 3) == pytest.approx(theory.mean_response(1, 1 / 3))

    def test_never_end_where_they_fill_the_servers(self) -> None:
        assert theory.mean_of_two_copies(0.5) == math.inf


class TestTwoCopiesOfConstantWork:
    def test_are_as_good_as_one_a_little_above_a_quarter(self) -> None:
        gains = [
            theory.mean_response_constant(load) - theory.mean_of_two_copies_constant(load)
            for load in (0.26, 0.27, 0.28)
        ]
        assert gains[0] > gains[1] > 0 > gains[2]

    def test_have_the_mean_that_a_finer_integral_gives(self) -> None:
        assert theory.mean_of_two_copies_constant(0.25) == pytest.approx(1.14583, abs=1e-4)


class TestFanOut:
    def test_over_a_hundred_leaves_makes_one_percent_sixty_three(self) -> None:
        assert theory.slower_than(0.01, 100) == pytest.approx(0.634, abs=5e-4)

    def test_over_two_thousand_makes_one_in_ten_thousand_eighteen_percent(self) -> None:
        assert theory.slower_than(0.0001, 2000) == pytest.approx(0.1813, abs=1e-4)
