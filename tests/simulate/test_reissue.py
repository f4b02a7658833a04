"""The best reissue, against exact values that were computed elsewhere."""

import pytest

from hedgerow.faults import Constant, Pareto, parse_law
from hedgerow.simulate import reissue

LAW = Pareto(1.1, 0.002)


class TestSingleR:
    @pytest.mark.parametrize(
        ("target", "budget", "milliseconds"),
        [(0.95, 0.01, 27.74), (0.95, 0.05, 21.24), (0.95, 0.2, 13.21), (0.99, 0.02, 60.30)],
    )
    def test_reaches_the_known_optimum(
        self, target: float, budget: float, milliseconds: float
    ) -> None:
        found = reissue.best(LAW, target, budget)
        assert found.quantile * 1000 == pytest.approx(milliseconds, rel=1e-3)

    def test_uses_up_the_budget(self) -> None:
        found = reissue.best(LAW, 0.95, 0.05)
        assert found.chance * (1 - LAW.cdf(found.delay)) == pytest.approx(0.05, rel=1e-6)

    def test_is_single_d_where_the_budget_is_large(self) -> None:
        assert reissue.best(LAW, 0.99, 0.1).quantile == pytest.approx(
            reissue.after_delay(LAW, 0.99, 0.1).quantile
        )


class TestSingleD:
    def test_does_nothing_for_a_quantile_beyond_the_budget(self) -> None:
        after = reissue.after_delay(LAW, 0.95, 0.05)
        assert after.quantile == pytest.approx(reissue.without(LAW, 0.95))

    def test_reaches_the_known_value(self) -> None:
        after = reissue.after_delay(LAW, 0.99, 0.05)
        assert (after.quantile * 1000, after.delay * 1000) == pytest.approx(
            (37.48, 30.46), rel=1e-3
        )


class TestCopies:
    def test_at_fixed_times_shorten_the_tail(self) -> None:
        law = parse_law("mix:95%*lognormal:5ms,2ms+5%*lognormal:50ms,20ms")
        reached = [reissue.quantile_of_copies(law, 0.999, at) for at in ((), (0.00894, 0.01788))]
        assert [round(seconds * 1000, 1) for seconds in reached] == [102.4, 23.2]

    def test_are_sent_only_while_they_are_needed(self) -> None:
        assert reissue.copies_sent(Constant(1.0), (0.5, 0.9, 1.5)) == 2
        assert reissue.copies_sent(LAW, (0.004,)) == pytest.approx(0.5**1.1)
