"""Whether a result agrees with an expectation."""

from hedgerow.simulate.agreement import FORMULA, differing
from hedgerow.simulate.figures import Estimate, Figures

FOUND = Figures(
    requests=1000,
    attempts=1100,
    hedges=100,
    extra=0.1,
    times={"p99": Estimate(value=0.1, error=0.002)},
    utilisation=0.5,
)


class TestFigure:
    def test_agrees_within_four_errors_and_rounding(self) -> None:
        assert differing(FOUND, {"p99": 0.108}, FORMULA) == []

    def test_differs_beyond(self) -> None:
        assert differing(FOUND, {"p99": 0.111}, FORMULA) == ["p99"]

    def test_may_be_further_from_one_that_was_measured_itself(self) -> None:
        assert differing(FOUND, {"p99": 0.111}, "another simulation") == []

    def test_of_extra_load_has_the_error_of_a_share(self) -> None:
        assert differing(FOUND, {"extra": 0.13}, FORMULA) == []
        assert differing(FOUND, {"extra": 0.15}, FORMULA) == ["extra"]

    def test_that_there_is_none_of_differs(self) -> None:
        assert differing(FOUND, {"p50": 0.1, "slow_share": 0.1}, FORMULA) == ["p50", "slow_share"]

    def test_of_utilisation_agrees_to_its_rounding(self) -> None:
        assert differing(FOUND, {"utilisation": 0.51}, FORMULA) == []
        assert differing(FOUND, {"utilisation": 0.6}, FORMULA) == ["utilisation"]
