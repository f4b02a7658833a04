import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.policy.active_checks import ActiveCheck, CheckRule
from tests.fakes.policy import START

RULE = CheckRule(interval=5.0, fast_interval=1.0, timeout=2.0, rise=2, fall=3, jitter=0.0)


class Checked:
    """A check whose caller sends it whenever it is due; results are one letter each."""

    def __init__(self, results: str = "", rule: CheckRule = RULE) -> None:
        self.check = ActiveCheck(rule, random.Random(5))
        self.now = START
        self.ups = ""
        self.play(results)

    def play(self, results: str) -> "Checked":
        """Let checks pass (p), fail (f), be refused (r) or never come back (t)."""
        for result in results:
            self.now = max(self.now, self.check.due_at)
            assert self.check.timer_fired(self.now)
            if result == "p":
                self.check.passed(self.now)
            elif result == "t":
                self.now = self.check.due_at
                assert not self.check.timer_fired(self.now)
            else:
                self.check.failed(self.now, refused=result == "r")
            self.ups += "u" if self.check.is_up else "d"
        return self

    @property
    def wait(self) -> float:
        return self.check.due_at - self.now


class TestReplica:
    @pytest.mark.parametrize(
        ("results", "ups"),
        [
            ("p", "u"),
            ("pffpff", "uuuuuu"),
            ("pfff", "uuud"),
            ("pttt", "uuud"),
            ("pfffppp", "uuudduu"),
            ("pfffpfpp", "uuuddddu"),
            ("pr", "ud"),
            ("f", "d"),
            ("t", "d"),
            ("fpp", "ddu"),
        ],
    )
    def test_is_up_or_down_by_results_in_a_row(self, results: str, ups: str) -> None:
        assert Checked(results).ups == ups

    def test_is_up_until_the_first_result(self) -> None:
        assert ActiveCheck(RULE, random.Random(1)).is_up


class TestNextCheck:
    def test_is_due_at_once_at_the_start(self) -> None:
        check = ActiveCheck(RULE, random.Random(1))
        assert check.due_at == -math.inf
        assert check.timer_fired(START)

    def test_waits_for_the_one_that_is_out(self) -> None:
        check = ActiveCheck(RULE, random.Random(1))
        check.timer_fired(START)
        assert not check.timer_fired(START + 1.9)
        assert check.due_at == START + 2.0

    @pytest.mark.parametrize(
        ("results", "wait"), [("p", 5), ("f", 5), ("pf", 1), ("pfff", 5), ("pfffp", 1)]
    )
    def test_comes_soon_while_results_contradict_the_state(self, results: str, wait: float) -> None:
        assert Checked(results).wait == wait

    def test_comes_a_little_sooner_or_later(self) -> None:
        rule = CheckRule(interval=10.0, jitter=0.1)
        checked = Checked("p", rule)
        waits = [checked.play("p").wait for _ in range(100)]
        assert 9.0 <= min(waits) < 9.5 < 10.5 < max(waits) <= 11.0


class TestLateResult:
    def test_changes_nothing(self) -> None:
        checked = Checked("p")
        due_at = checked.check.due_at
        assert not checked.check.failed(checked.now, refused=True)
        assert not checked.check.passed(checked.now)
        assert (checked.check.is_up, checked.check.due_at) == (True, due_at)


@given(
    st.lists(
        st.tuples(st.sampled_from(["timer", "passed", "failed", "refused"]), st.floats(-1.0, 20.0))
    )
)
def test_a_check_is_always_due_again_whatever_the_order(events: list[tuple[str, float]]) -> None:
    check, now = ActiveCheck(CheckRule(), random.Random(2)), START
    for event, later in events:
        now += later
        match event:
            case "timer":
                check.timer_fired(now)
            case "passed":
                check.passed(now)
            case _:
                check.failed(now, refused=event == "refused")
        assert check.due_at <= now + 20.0 + 5.5


class TestCheckThatCouldNotBeMade:
    def test_says_nothing_and_comes_again(self) -> None:
        checked = Checked("pff")
        checked.now = checked.check.due_at
        assert checked.check.timer_fired(checked.now)
        checked.check.not_made(checked.now)
        assert (checked.check.is_up, checked.wait) == (True, 1.0)
        assert checked.play("f").ups[-1] == "d"

    def test_is_told_once(self) -> None:
        checked = Checked("p")
        before = checked.check.due_at
        checked.now += 1.0
        checked.check.not_made(checked.now)
        assert checked.check.due_at == before


class TestCheckRule:
    def test_refuses_no_time(self) -> None:
        with pytest.raises(ConfigError, match="seconds"):
            CheckRule(interval=0.0)

    def test_refuses_no_results(self) -> None:
        with pytest.raises(ConfigError, match="Rise and fall"):
            CheckRule(fall=0)
