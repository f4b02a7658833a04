import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.faults import (
    Constant,
    Expectation,
    Law,
    Mixture,
    Pareto,
    Replayed,
    Uniform,
    success_of_burst_hedge,
)
from tests.faults.samples import laws, lognormal_with_stragglers, work_server

#: Requests of the rule played out; deviations shrink with its square root.
PLAYED = 20_000


def expected(
    law: Law, errors: float = 0.1, delay: float = 0.3, extra: int = 2, deadline: float = 1.0
) -> Expectation:
    return success_of_burst_hedge(
        law, error_share=errors, delay=delay, extra=extra, deadline=deadline
    )


def measured(law: Law, errors: float, delay: float, extra: int, deadline: float) -> Expectation:
    """The rule played out request by request, with a fixed seed."""
    randomness = random.Random(7)
    answered = attempts = 0
    for _ in range(PLAYED):
        primary, failed = law.draw(randomness), randomness.random() < errors
        good_at = [] if failed else [primary]
        trigger = min(delay, primary) if failed else delay
        attempts += 1
        if trigger < deadline and (failed or primary > delay):
            attempts += extra
            copies = [trigger + law.draw(randomness) for _ in range(extra)]
            good_at += [at for at in copies if randomness.random() >= errors]
        answered += min(good_at, default=deadline + 1) <= deadline
    return Expectation(answered / PLAYED, attempts / PLAYED)


class TestWorkServer:
    def test_without_hedging_answers_four_in_five(self) -> None:
        # Without error (0.9), and fast (0.85) or early among the slow (0.15 * 0.4 / 2.4).
        assert expected(work_server(), extra=0).success == pytest.approx(0.7875)

    def test_with_two_copies_answers_nearly_all(self) -> None:
        assert round(expected(work_server()).success, 3) == 0.989

    def test_with_two_copies_agrees_with_a_fine_sum(self) -> None:
        # 400 000 rectangles, computed apart from this code.
        assert expected(work_server()).success == pytest.approx(0.9889060623, abs=1e-9)

    def test_with_two_copies_sends_more_than_twice_as_much(self) -> None:
        # 1 + 2 * (0.66 late + 0.1 * 0.34 failed early)
        assert expected(work_server()).attempts == pytest.approx(2.388)


class TestByHand:
    def test_a_constant_law_leaves_errors_only(self) -> None:
        # All three attempts fail with 0.1 each; the copies go out when the primary has failed.
        result = expected(Constant(0.1))
        assert result == pytest.approx((1 - 0.1**3, 1 + 2 * 0.1))

    def test_copies_that_cannot_finish_in_time_do_not_help(self) -> None:
        result = expected(Constant(0.6), delay=0.5)
        assert result == pytest.approx((0.9, 3.0))

    def test_a_uniform_law_with_one_copy(self) -> None:
        # U(0, 2): 3/4 are late at 0.5, when a copy goes out.  Of all primaries 1/2 miss the
        # deadline of 1, and 3/4 of the copies miss the half second that they have.
        result = expected(Uniform(0.0, 2.0), errors=0.0, delay=0.5, extra=1)
        assert result == pytest.approx((1 - 0.5 * 0.75, 1.75))

    def test_early_failures_are_integrated_over_their_time(self) -> None:
        # The copy of a primary that failed at t misses with 1 - (1 - t) / 2: 3/4 on average.
        result = expected(Uniform(0.0, 1.0), errors=0.5, delay=9.0, extra=1)
        assert result == pytest.approx((1 - 0.5 * 0.75, 1.5))

    def test_recorded_samples_are_summed(self) -> None:
        # An error (1/2) at 0.25 leaves 0.75 to the copy, in which both samples fit; one at
        # 0.75 leaves 0.25, in which one fits; and half of the copies are errors.
        law = Replayed((0.25, 0.75), "two.txt")
        result = expected(law, errors=0.5, delay=9.0, extra=1)
        assert result.success == pytest.approx(0.5 + 0.5 * (0.5 * 0.5 * 1 + 0.5 * 0.5 * 0.5))


class TestPublishedBenchmark:
    """Percentiles of four million draws, hedged, from a public benchmark's law."""

    @pytest.mark.parametrize(
        ("delay", "extra", "percentiles", "extra_load"),
        [
            pytest.param(0.00894, 1, (0.01192, 0.01580, 0.0451), 0.0924, id="one copy at p90"),
            pytest.param(0.01, 1, (0.01271, 0.01684, 0.0455), 0.0720, id="one copy at 10 ms"),
            pytest.param(0.05, 1, (0.01709, 0.05436, 0.0597), 0.0212, id="one copy at 50 ms"),
            pytest.param(0.00894, 2, (0.01161, 0.01401, 0.0166), 0.1848, id="two copies at p90"),
        ],
    )
    def test_is_predicted(
        self, delay: float, extra: int, percentiles: tuple[float, ...], extra_load: float
    ) -> None:
        law = lognormal_with_stragglers()
        results = [expected(law, 0.0, delay, extra, deadline) for deadline in percentiles]
        assert [r.success for r in results] == pytest.approx([0.95, 0.99, 0.999], abs=2e-4)
        assert results[-1].attempts - 1 == pytest.approx(extra_load, abs=5e-4)


class TestPlayedOut:
    @pytest.mark.parametrize(
        ("law", "errors", "delay", "extra", "deadline"),
        [
            pytest.param(work_server(), 0.1, 0.3, 2, 1.0, id="work-server"),
            pytest.param(lognormal_with_stragglers(), 0.3, 0.02, 1, 0.06, id="stragglers"),
            pytest.param(Pareto(1.1, 0.002), 0.2, 0.005, 3, 0.02, id="heavy-tail"),
            pytest.param(Uniform(0.0, 1.0), 0.4, 2.0, 2, 0.9, id="failures-only"),
            pytest.param(
                Mixture(((0.5, Constant(0.2)), (0.5, Uniform(0.0, 1.0)))), 0.5, 0.4, 3, 0.7,
                id="a-law-with-a-step",
            ),
        ],
    )  # fmt: skip
    @pytest.mark.unhurried(reason="draws 20 000 requests")
    def test_the_rule_gives_what_was_computed(
        self, law: Law, errors: float, delay: float, extra: int, deadline: float
    ) -> None:
        result = measured(law, errors, delay, extra, deadline)
        computed = expected(law, errors, delay, extra, deadline)
        noise = math.sqrt(computed.success * (1 - computed.success) / PLAYED)
        assert result.success == pytest.approx(computed.success, abs=4 * noise)
        noise = extra * 0.5 / math.sqrt(PLAYED)  # at most: the copies are sent or not
        assert result.attempts == pytest.approx(computed.attempts, abs=4 * noise)


class TestAlways:
    @pytest.mark.unhurried(reason="many examples")
    @given(laws, st.floats(0, 1), st.floats(0.001, 10), st.integers(0, 3))
    def test_success_is_a_probability_and_copies_only_help(
        self, law: Law, errors: float, delay: float, extra: int
    ) -> None:
        fewer, more = (expected(law, errors, delay, n, 1.0) for n in (extra, extra + 1))
        assert -1e-9 <= fewer.success <= more.success + 1e-6 <= 1 + 2e-6
        assert 1 <= fewer.attempts <= 1 + extra + 1e-9
