from typing import Any

import pytest

from hedgerow.load.generator.answer import Answer
from hedgerow.load.scenario import Task, check, task
from tests.load.generator.fake_exchanger import answered


async def browse(user: Any) -> str:
    return f"{user} browses"


class TestTask:
    def test_has_a_weight_of_one(self) -> None:
        assert task(browse) == task()(browse) == Task(browse, 1, "browse")

    def test_has_the_weight_that_it_is_given(self) -> None:
        assert task(3)(browse).weight == task(weight=3)(browse).weight == 3

    @pytest.mark.parametrize("weight", [0, -1, float("nan")])
    def test_has_a_weight_above_0(self, weight: float) -> None:
        with pytest.raises(ValueError, match="above 0"):
            task(weight)

    def test_can_be_a_part_of_another_one(self) -> None:
        part = task(browse)("Ann").__await__()
        with pytest.raises(StopIteration, match="Ann browses"):
            next(part)


class TestCheck:
    def test_leaves_a_good_answer_as_it_is(self) -> None:
        answer = Answer(answered(), "x")
        assert check(answer, {"is there": 1})
        assert answer.ok

    def test_fails_the_request_with_the_names_of_what_does_not_hold(self) -> None:
        answer = Answer(answered(), "x")
        assert not check(answer, {"is there": True, "is short": False, "is new": None})
        assert answer.detail == "is short, is new"
