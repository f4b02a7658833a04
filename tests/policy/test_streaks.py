import math
import random

import pytest

from hedgerow.policy.streaks import LEARNING, streak_needed

FIVE = 5


class TestStreak:
    @pytest.mark.parametrize(
        ("others", "needed"),
        [(0.0, 5), (0.05, 5), (0.2, 9), (0.45, 18), (0.5, math.inf), (1.0, math.inf)],
    )
    def test_is_the_longer_the_more_the_others_fail(self, others: float, needed: float) -> None:
        found = streak_needed([others], FIVE)
        assert (math.ceil(found) if found < math.inf else found) == needed

    def test_is_what_the_rule_says_where_nobody_fails(self) -> None:
        assert streak_needed([0.0, 0.0], FIVE) == FIVE

    def test_is_not_longer_for_another_replica_that_is_dead(self) -> None:
        assert streak_needed([1.0, 0.0], FIVE) == FIVE
        assert streak_needed([1.0, 0.0, 0.0], FIVE) == FIVE

    def test_is_what_the_rule_says_where_there_is_nobody_else(self) -> None:
        assert streak_needed([], FIVE) == FIVE

    def test_runs_ahead_where_all_begin_to_fail_at_once(self) -> None:
        """Of three replicas none is ever out of the ordinary, however the load is spread."""
        rng = random.Random(1)
        rows, failing = [0, 0, 0], [0.0, 0.0, 0.0]
        for _ in range(3000):
            one = rng.randrange(3)
            rows[one] += 1
            failing[one] += LEARNING * (1.0 - failing[one])
            others = failing[:one] + failing[one + 1 :]
            assert rows[one] < streak_needed(others, FIVE)
