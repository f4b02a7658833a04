import math

import pytest

from hedgerow.policy.pushback import LONGEST, Pushback
from tests.fakes.policy import START, replicas

ONE, OTHER = replicas(2)


def pushback(*seconds: float) -> Pushback:
    made = Pushback()
    for wait in seconds:
        made.note(START, ONE, wait)
    return made


class TestPushback:
    def test_holds_back_the_replica_that_said_so(self) -> None:
        assert pushback(0.5).held_back(START + 0.4) == (ONE,)

    def test_ends_when_it_said(self) -> None:
        assert pushback(0.5).held_back(START + 0.5) == ()

    def test_counts_the_latest_end(self) -> None:
        assert pushback(0.5, 0.1).next_end(START) == START + 0.5

    def test_of_nothing_holds_back_nobody(self) -> None:
        assert pushback(0.0).held_back(START) == ()

    @pytest.mark.parametrize("seconds", [-1.0, math.nan, -0.001])
    def test_that_is_negative_or_none_means_never(self, seconds: float) -> None:
        assert pushback(seconds).held_back(START + 1e9) == (ONE,)
        assert pushback(seconds).next_end(START) == math.inf

    def test_is_capped(self) -> None:
        assert pushback(86_400.0).next_end(START) == START + LONGEST

    def test_ends_for_one_replica_before_the_other(self) -> None:
        made = pushback(0.5)
        made.note(START, OTHER, 0.2)
        assert made.next_end(START) == START + 0.2
        assert made.next_end(START + 0.3) == START + 0.5
