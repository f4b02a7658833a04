import math
from typing import Literal

import pytest

from hedgerow.policy import DeadlineRule, Situation

ARABIC_500 = "\u0665\u0660\u0660"  # a number to int(), not to HTTP
NOT_WHOLE_NUMBERS = [
    *("", "abc", "1.5", "1e3", "0x10", " 500", "500 ", "5_00", "--5", "inf", "nan"),
    ARABIC_500,
]
RULE = DeadlineRule(default=5.0, minimum=0.3, maximum=60.0)


class TestRequestWithoutADeadline:
    def test_gets_the_default(self) -> None:
        assert RULE.read(None) == 5.0


class TestRequestWithADeadline:
    @pytest.mark.parametrize(
        ("unit", "seconds"), [("us", 0.0015), ("ms", 1.5), ("s", 1500.0)], ids=["us", "ms", "s"]
    )
    def test_is_read_in_the_routes_unit(
        self, unit: Literal["us", "ms", "s"], seconds: float
    ) -> None:
        assert DeadlineRule(default=5.0, unit=unit).read("1500") == pytest.approx(seconds)

    def test_gets_what_it_asks_for(self) -> None:
        assert RULE.read("1000") == pytest.approx(1.0)

    def test_may_ask_for_the_minimum_itself(self) -> None:
        assert RULE.read("300") == pytest.approx(0.3)

    def test_never_gets_more_than_the_maximum(self) -> None:
        assert RULE.read("60001") == 60.0

    def test_may_ask_for_anything_where_there_is_no_maximum(self) -> None:
        assert DeadlineRule(default=5.0).read("9" * 18) == pytest.approx(1e15)

    def test_may_write_a_sign(self) -> None:
        assert RULE.read("+500") == pytest.approx(0.5)

    def test_is_never_refused_the_minimum_by_rounding(self) -> None:
        rules = {ms: DeadlineRule(default=5.0, minimum=ms / 1000) for ms in range(1, 3000)}
        refused = [ms for ms, rule in rules.items() if isinstance(rule.read(str(ms)), Situation)]
        assert refused == []


class TestRefusal:
    @pytest.mark.parametrize("text", ["299", "1", "0", "-1", "-300"])
    def test_of_too_little_time(self, text: str) -> None:
        assert RULE.read(text) is Situation.DEADLINE_TOO_SHORT

    @pytest.mark.parametrize("text", ["0", "-5"])
    def test_of_no_time_at_all_where_the_route_sets_no_minimum(self, text: str) -> None:
        assert DeadlineRule(default=5.0).read(text) is Situation.DEADLINE_TOO_SHORT

    @pytest.mark.parametrize("text", NOT_WHOLE_NUMBERS, ids=ascii)
    def test_of_what_is_not_a_whole_number(self, text: str) -> None:
        assert RULE.read(text) is Situation.DEADLINE_MALFORMED

    def test_of_a_number_too_long_to_be_meant(self) -> None:
        assert RULE.read("9" * 5000) is Situation.DEADLINE_MALFORMED


class TestRequestThatTellsHowLongItWaits:
    def test_gets_no_more_than_that(self) -> None:
        assert RULE.shortened(5.0, 1.0) == 1.0

    def test_gets_no_more_than_its_route_gives(self) -> None:
        """Not the maximum either: that is for those who ask where the route says so."""
        assert RULE.shortened(5.0, 50.0) == 5.0

    @pytest.mark.parametrize("asked", [0.0, -1.0, 1e-9, 0.2999])
    def test_has_expired_where_too_little_is_left(self, asked: float) -> None:
        assert RULE.shortened(5.0, asked) is Situation.EXPIRED

    @pytest.mark.parametrize("asked", [0.0, -1.0])
    def test_has_expired_where_nothing_is_left(self, asked: float) -> None:
        assert DeadlineRule(default=5.0).shortened(5.0, asked) is Situation.EXPIRED

    def test_may_tell_anything_above_nothing_where_there_is_no_minimum(self) -> None:
        assert DeadlineRule(default=5.0).shortened(5.0, 1e-9) == 1e-9


class TestDefaults:
    def test_bound_neither_an_attempt_nor_the_client(self) -> None:
        rule = DeadlineRule(default=5.0)
        assert (rule.per_try, rule.maximum, rule.minimum) == (math.inf, math.inf, 0.0)

    def test_cover_the_whole_answer(self) -> None:
        assert DeadlineRule(default=5.0).covers == "answer"
