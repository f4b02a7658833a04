import math

import pytest

from hedgerow.policy import HedgeRule
from hedgerow.policy.hedge_delay import AdaptiveDelays, DelayAim, DelayController

AIM = DelayAim(share=0.05, ceiling=2.0)


def warm(aim: DelayAim = AIM, *, usual: float = 0.010, longest: float = 0.030) -> DelayController:
    """A controller that has just ended its warm-up: the first delay is ``longest``."""
    controller = DelayController(aim)
    for _ in range(5):
        controller.ended(longest)
    while controller.delay == math.inf:
        controller.ended(usual)
    return controller


class TestWarmUp:
    def test_sends_no_hedge(self) -> None:
        assert DelayController(AIM).delay == math.inf

    def test_lasts_for_two_outlived_delays_worth_of_requests(self) -> None:
        controller = DelayController(AIM)
        for _ in range(39):
            controller.ended(0.010)
        assert controller.delay == math.inf
        controller.ended(0.010)
        assert controller.delay == 0.010

    @pytest.mark.parametrize(("share", "requests"), [(0.5, 20), (0.001, 200)])
    def test_is_never_very_short_or_very_long(self, share: float, requests: int) -> None:
        controller = DelayController(DelayAim(share=share))
        for _ in range(requests - 1):
            controller.ended(0.010)
        assert controller.delay == math.inf
        controller.ended(0.010)
        assert controller.delay < math.inf

    def test_begins_with_a_long_time_but_not_the_longest(self) -> None:
        controller = DelayController(AIM)
        for number in range(40):
            controller.ended(0.001 * (1 + number))
        assert controller.delay == pytest.approx(0.036)

    def test_finds_about_the_median(self) -> None:
        controller = DelayController(DelayAim(share=0.01))
        for number in range(200):
            controller.ended(0.001 * (1 + number * 37 % 100))
        assert controller.fast == pytest.approx(0.050, rel=0.3)

    def test_counts_no_time_twice_over_that_came_after_it(self) -> None:
        controller = warm()
        controller.ended(0.5)  # dispatched in the warm-up, so without a delay
        assert controller.statistics().outlived == 1

    def test_survives_answers_that_take_no_time(self) -> None:
        assert warm(usual=0.0, longest=0.0).delay == AIM.floor


class TestDelay:
    def test_rises_when_it_is_outlived(self) -> None:
        controller = warm()
        before = controller.delay
        controller.outlived(before)
        assert controller.delay > before

    def test_falls_a_little_when_the_primary_ended_before(self) -> None:
        controller = warm()
        before, median = controller.delay / controller.fast, controller.fast
        controller.ended(0.012)
        assert controller.delay / controller.fast < before
        assert controller.fast > median

    def test_rests_where_its_share_outlives_it(self) -> None:
        controller = warm()
        before = controller.delay
        for number in range(4000):
            if number % 20 == 0:
                controller.outlived(controller.delay)
            else:
                controller.ended((0.009, 0.011, 0.95 * controller.delay)[number % 3])
        assert controller.delay == pytest.approx(before, rel=0.2)

    def test_falls_at_once_to_the_lower_end_of_a_gap(self) -> None:
        controller = warm()
        for number in range(450):
            if number % 21 == 0:  # as often as aimed at, or a little less
                controller.outlived(controller.delay)
            else:
                controller.ended(0.009 if number % 2 else 0.011)
        assert 0.011 < controller.delay < 0.0135

    def test_does_not_fall_while_it_is_outlived_too_often(self) -> None:
        controller = warm()
        for number in range(450):
            if number % 15 == 0:
                controller.outlived(controller.delay)
            else:
                controller.ended(0.009 if number % 2 else 0.011)
        assert controller.delay > 0.025

    def test_never_falls_below_its_floor(self) -> None:
        controller = warm(DelayAim(share=0.05, floor=0.020))
        for _ in range(3000):
            controller.ended(0.001)
        assert controller.delay >= 0.020
        assert controller.delay == pytest.approx(0.020, rel=0.02)

    def test_never_rises_above_its_ceiling(self) -> None:
        controller = warm()
        for _ in range(2000):
            controller.outlived(controller.delay)
        assert controller.delay == AIM.ceiling

    def test_comes_back_from_its_ceiling_at_once(self) -> None:
        controller = warm()
        for _ in range(2000):
            controller.outlived(controller.delay)
        for _ in range(400):
            controller.ended(0.010)
        assert controller.delay < 0.5 * AIM.ceiling

    def test_is_pushed_no_higher_by_those_dispatched_with_an_old_one(self) -> None:
        controller = warm()
        old = controller.delay
        for _ in range(500):  # all in flight when everything slowed down
            controller.outlived(old)
        assert controller.delay < 2.5 * old

    def test_follows_the_median_when_everything_is_slower(self) -> None:
        controller = warm()
        before = controller.delay
        for number in range(300):
            controller.ended(0.029 + 0.002 * (number % 2))
        assert controller.fast == pytest.approx(0.030, rel=0.1)
        assert controller.delay > 2.0 * before

    def test_takes_large_steps_again_when_it_is_outlived_too_often(self) -> None:
        def steps(gap: int) -> float:
            controller = warm(DelayAim(share=0.05, ceiling=1e9))
            for number in range(1400):
                if number % gap == 0:
                    controller.outlived(controller.delay)
                else:
                    controller.ended(0.010)
            before = controller.delay / controller.fast
            controller.outlived(controller.delay)
            return controller.delay / controller.fast / before

        assert steps(20) < 1.011
        assert steps(7) > 1.015


class TestScale:
    def test_makes_the_same_share_of_outlived_delays_too_many(self) -> None:
        full, half = warm(), warm()
        half.scale(0.5)
        for number in range(1000):
            for controller in (full, half):
                if number % 20 == 0:
                    controller.outlived(controller.delay)
                else:
                    controller.ended(0.010)
        assert half.delay > 1.2 * full.delay


class TestAim:
    def test_of_one_copy_spends_the_budget_on_it(self) -> None:
        aim = DelayAim.of(HedgeRule.auto(0.05, 1), 0.05)
        assert aim.share == pytest.approx(0.05 / 0.92)

    def test_of_further_copies_leaves_them_a_reserve(self) -> None:
        rule = HedgeRule(extra=2, mode="staggered", max_attempts=3)
        assert DelayAim.of(rule, 0.05).share == pytest.approx(0.0465)

    def test_of_a_burst_shares_the_budget_among_its_copies(self) -> None:
        assert DelayAim.of(HedgeRule.of(0.1, 2), 0.1).share == pytest.approx(0.05)

    def test_keeps_its_ceiling_above_its_floor(self) -> None:
        assert DelayAim.of(HedgeRule.auto(0.05), 0.05, ceiling=0.0).ceiling == 0.001


class TestClasses:
    def test_learn_apart(self) -> None:
        delays = AdaptiveDelays(AIM)
        for _ in range(40):
            delays.of("GET").ended(0.010)
        assert delays.of("GET").delay == 0.010
        assert delays.of("HEAD").delay == math.inf

    def test_beyond_the_most_share_one_controller(self) -> None:
        delays = AdaptiveDelays(AIM, most=2)
        made = [delays.of(f"M{number}") for number in range(100)]
        assert made[2] is made[99]
        assert len({*map(id, made)}) == 3

    def test_are_all_scaled_also_those_that_come_later(self) -> None:
        delays = AdaptiveDelays(AIM)
        delays.of("GET")
        delays.scale(0.5)
        delays.of("HEAD")
        assert {one.aim for one in delays.statistics().values()} == {0.025}
