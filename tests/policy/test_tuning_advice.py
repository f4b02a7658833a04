"""What to set: the point, the budget, and how sure that is."""

import random

import pytest

from hedgerow.faults import Lognormal, Mixture
from hedgerow.measure.empirical import Empirical
from hedgerow.policy.tuning import NO_COPY, HedgePoint
from hedgerow.policy.tuning_advice import (
    LADDER,
    Goal,
    Outlook,
    Rung,
    advise,
    bootstrap,
    values_needed,
    what_if,
    worthwhile,
)
from hedgerow.policy.tuning_laws import Correlated, Independent

LAW = Mixture(((0.95, Lognormal(0.005, 0.002)), (0.05, Lognormal(0.05, 0.02))))


def drawn(count: int) -> Independent:
    randomness = random.Random(4)
    return Independent(Empirical.of(round(LAW.draw(randomness), 4) for _ in range(count)))


MANY = drawn(20_000)
FEW = drawn(500)


class TestAdvice:
    def test_beats_the_steered_delay_where_the_budget_is_small(self) -> None:
        advice = advise(MANY, Goal(0.95, 0.02))
        assert advice.helps
        assert advice.by_delay.at_target == advice.none.at_target
        assert not advice.steered_is_as_good

    def test_says_so_where_the_steered_delay_comes_as_far(self) -> None:
        assert advise(MANY, Goal(0.99, 0.10)).steered_is_as_good

    def test_knows_when_nothing_helps(self) -> None:
        advice = advise(Independent(Empirical.of([0.05] * 100)), Goal(0.99, 0.10))
        assert not advice.helps
        assert advice.best.at_target == advice.none.at_target == 0.05

    def test_of_correlated_copies_leaves_the_third_out(self) -> None:
        assert advise(FEW, Goal(0.99, 0.05)).third_copy is not None
        assert advise(Correlated(FEW.primary, 0.5), Goal(0.99, 0.05)).third_copy is None


class TestBudget:
    def test_that_is_given_is_taken(self) -> None:
        advice = advise(MANY, Goal(0.99, 0.03))
        assert (advice.budget, advice.ladder) == (0.03, ())

    def test_that_is_not_given_is_found(self) -> None:
        advice = advise(MANY, Goal(0.99))
        assert [rung.budget for rung in advice.ladder] == list(LADDER)
        assert advice.budget == 0.10  # 64 -> 20 -> 15.5 ms, and 13.8 for twice as much
        assert advice.ladder[-1].gain < advice.ladder[0].gain

    def test_may_be_worth_it_after_one_that_was_not(self) -> None:
        rungs = [rung(0.01, 100.0), rung(0.02, 100.0), rung(0.05, 30.0), rung(0.10, 29.9)]
        assert worthwhile(rungs, 100.0).budget == 0.05

    def test_is_the_least_where_none_is_worth_it(self) -> None:
        assert worthwhile([rung(0.01, 100.0), rung(0.02, 100.0)], 100.0).budget == 0.01


def rung(budget: float, time: float) -> Rung:
    return Rung(budget, Outlook(NO_COPY, budget, time, ()), 0.0)


class TestOtherWorlds:
    def test_never_cost_more_than_the_budget(self) -> None:
        cases = what_if(MANY, HedgePoint(0.0124, 0.91), 0.05, 0.99)
        assert all(case.extra <= 0.05 + 1e-9 for case in cases)
        assert all(case.with_copies <= case.without for case in cases)

    def test_show_what_a_fixed_delay_would_cost_without_a_budget(self) -> None:
        cases = {case.name: case for case in what_if(MANY, HedgePoint(0.0124), 0.05, 0.99)}
        assert cases["everything takes twice as long"].unfused > 0.15
        assert cases["half of the budget"].extra == pytest.approx(0.025)


class TestInterval:
    def test_narrows_as_the_sample_grows(self) -> None:
        widths = []
        for law in (FEW, drawn(4_000)):
            (interval,) = bootstrap(law, [NO_COPY], 0.95, random.Random(1))
            widths.append(interval.high / interval.low)
        assert widths[1] < widths[0]

    def test_holds_the_truth(self) -> None:
        law = drawn(2_000)
        (interval,) = bootstrap(law, [HedgePoint(0.01)], 0.99, random.Random(1))
        assert interval.low < 0.01684 < interval.high  # as the law itself has it

    def test_is_the_same_for_the_same_draws(self) -> None:
        law = drawn(200)
        one, other = (bootstrap(law, [NO_COPY], 0.9, random.Random(9)) for _ in range(2))
        assert one == other


def test_a_far_quantile_needs_a_long_log() -> None:
    assert [values_needed(quantile) for quantile in (0.9, 0.99, 0.999)] == [200, 2000, 20_000]
