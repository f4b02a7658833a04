import pytest

from hedgerow.policy.slow_start import SlowStartRule


class TestShare:
    @pytest.mark.parametrize(
        ("age", "share"),
        [(-1.0, 0.1), (0.0, 0.1), (0.5, 0.1), (2.0, 0.2), (5.0, 0.5), (10.0, 1.0), (1e9, 1.0)],
    )
    def test_rises_in_a_straight_line_from_the_floor(self, age: float, share: float) -> None:
        assert SlowStartRule(window=10.0, floor=0.1).share(age) == pytest.approx(share)

    def test_is_whole_at_once_without_a_window(self) -> None:
        assert SlowStartRule(window=0.0).share(0.0) == 1.0

    def test_is_read_anew_before_it_has_risen_much(self) -> None:
        rule = SlowStartRule(window=10.0)
        assert rule.share(5.0 + rule.step) - rule.share(5.0) <= 0.05 + 1e-9
