import pytest

from hedgerow.errors import ConfigError
from hedgerow.policy.loop_lag import LoopLagShedder, Stage

NOW = 1_000_000.0

#: Other than the default: these tests are about how stages come and go.
STAGES = (
    Stage(0.05, spares=3),
    Stage(0.10, spares=3, share=0.5),
    Stage(0.20, spares=3, share=0.75),
    Stage(0.40, spares=2),
    Stage(1.00, spares=0),
)


def lagging(*lags: float, every: float = 0.1) -> LoopLagShedder:
    """A shedder that saw these lags, each of them twice in a row."""
    shedder = LoopLagShedder(STAGES)
    for number, lag in enumerate(lags):
        shedder.sample(NOW + number * every, lag)
        shedder.sample(NOW + number * every, lag)
    return shedder


def shed_of_eight(shedder: LoopLagShedder) -> list[int]:
    """Of eight requests of each urgency, 0 to 7, how many are shed."""
    return [sum(shedder.sheds(urgency) for _ in range(8)) for urgency in range(8)]


class TestStage:
    @pytest.mark.parametrize(
        ("lag", "shed"),
        [
            (0.000, [0, 0, 0, 0, 0, 0, 0, 0]),
            (0.050, [0, 0, 0, 0, 0, 0, 0, 0]),
            (0.051, [0, 0, 0, 0, 8, 8, 8, 8]),
            (0.150, [0, 0, 0, 4, 8, 8, 8, 8]),
            (0.300, [0, 0, 0, 6, 8, 8, 8, 8]),
            (0.500, [0, 0, 0, 8, 8, 8, 8, 8]),
            (2.000, [0, 8, 8, 8, 8, 8, 8, 8]),
        ],
    )
    def test_sheds_the_least_urgent_first(self, lag: float, shed: list[int]) -> None:
        assert shed_of_eight(lagging(lag)) == shed

    def test_spreads_its_share_evenly(self) -> None:
        shedder = lagging(0.150)
        assert [shedder.sheds(3) for _ in range(6)] == [False, True] * 3


class TestHiccup:
    @pytest.mark.parametrize("lags", [[9.0], [0.0, 9.0, 0.0], [9.0, 0.04, 9.0, 0.04]])
    def test_is_no_lag(self, lags: list[float]) -> None:
        shedder = LoopLagShedder(STAGES)
        stages = []
        for number, lag in enumerate(lags):
            shedder.sample(NOW + number * 0.1, lag)
            stages.append(shedder.stage)
        assert set(stages) == {0}

    def test_counts_as_much_as_it_left_behind(self) -> None:
        shedder = LoopLagShedder(STAGES)
        shedder.sample(NOW, 1.5)
        shedder.sample(NOW + 0.1, 0.15)
        assert shedder.stage == 2


class TestHysteresis:
    def test_goes_up_at_once(self) -> None:
        assert lagging(0.0, 0.5).stage == 4

    def test_stays_while_the_lag_is_above_half(self) -> None:
        assert lagging(0.5, *[0.2] * 100).stage == 4

    def test_stays_until_the_lag_was_low_for_a_second(self) -> None:
        assert lagging(0.5, *[0.0] * 10).stage == 4

    def test_goes_down_one_stage_a_second(self) -> None:
        assert [lagging(0.5, *[0.0] * n).stage for n in (12, 22, 32, 42, 99)] == [3, 2, 1, 0, 0]

    def test_begins_to_wait_anew_when_the_lag_comes_back(self) -> None:
        assert lagging(0.5, *[0.0] * 9, 0.3, *[0.0] * 10).stage == 4

    def test_can_go_up_from_anywhere(self) -> None:
        assert lagging(0.06, *[0.04] * 5, 2.0).stage == 5


class TestStages:
    @pytest.mark.parametrize(
        "stages",
        [(), (Stage(0.2, spares=3), Stage(0.1, spares=2)), (Stage(0.0, spares=3),)],
    )
    def test_rise(self, stages: tuple[Stage, ...]) -> None:
        with pytest.raises(ConfigError, match="stages"):
            LoopLagShedder(stages)


class TestDefaultStages:
    def test_let_all_in_that_is_ordinary_while_nobody_feels_a_lag(self) -> None:
        shedder = LoopLagShedder()
        for _ in range(2):
            shedder.sample(NOW, 0.24)
        assert shed_of_eight(shedder) == [0, 0, 0, 0, 8, 8, 8, 8]

    def test_keep_what_matters_most_whatever_the_lag(self) -> None:
        shedder = LoopLagShedder()
        for _ in range(2):
            shedder.sample(NOW, 60.0)
        assert shed_of_eight(shedder) == [0, 8, 8, 8, 8, 8, 8, 8]
