import random
from collections import Counter
from collections.abc import Sequence

import pytest

from hedgerow.policy import Replica
from hedgerow.policy.lottery import Lottery


def lottery(*weights: float) -> tuple[list[Replica], Lottery[Replica]]:
    tickets = [Replica(f"r{number}", weight=weight) for number, weight in enumerate(weights, 1)]
    return tickets, Lottery(tickets, random.Random(1))


def first_draws(draw: Lottery[Replica], without: Sequence[Replica], times: int) -> Counter[str]:
    found = (draw.two(without)[0] for _ in range(times))
    return Counter(one.name for one in found if one is not None)


class TestTwo:
    def test_are_never_the_same(self) -> None:
        _, draw = lottery(100, 1, 1)
        pairs = [draw.two(()) for _ in range(500)]
        assert all(one is not None and other is not None and one is not other
                   for one, other in pairs)  # fmt: skip

    def test_are_none_of_those_left_out(self) -> None:
        tickets, draw = lottery(*[1] * 6)
        found = {one for _ in range(200) for one in draw.two(tickets[:3])}
        assert found == set(tickets[3:])

    @pytest.mark.parametrize("left_out", [0, 1, 2])
    def test_is_one_and_none_where_only_one_is_left(self, left_out: int) -> None:
        tickets, draw = lottery(*[1] * (left_out + 1))
        assert draw.two(tickets[:left_out]) == (tickets[left_out], None)

    def test_are_none_where_nothing_is_left(self) -> None:
        tickets, draw = lottery(1, 1)
        assert draw.two(tickets) == (None, None)
        assert lottery()[1].two(()) == (None, None)


class TestWeights:
    def test_decide_how_often_each_comes_first(self) -> None:
        _, draw = lottery(6, 3, 1)
        counts = first_draws(draw, (), 10_000)
        assert counts["r1"] == pytest.approx(6000, rel=0.05)
        assert counts["r3"] == pytest.approx(1000, rel=0.15)

    def test_decide_among_those_that_are_left_too(self) -> None:
        tickets, draw = lottery(90, 6, 3, 1)
        counts = first_draws(draw, tickets[:1], 10_000)
        assert counts["r2"] == pytest.approx(6000, rel=0.05)
        assert counts["r4"] == pytest.approx(1000, rel=0.15)

    def test_are_read_again_when_told_to(self) -> None:
        tickets, draw = lottery(1, 1)
        tickets[0].weight = 3
        draw.use(tickets)
        assert first_draws(draw, (), 4000)["r1"] == pytest.approx(3000, rel=0.05)
