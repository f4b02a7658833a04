import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.workload.users import UserPlan

stages = st.lists(
    st.tuples(st.one_of(st.just(0.0), st.floats(0.01, 100.0)), st.integers(0, 12).map(float)),
    min_size=1,
    max_size=6,
).filter(lambda stages: any(target for _, target in stages))
durations = st.one_of(st.none(), st.floats(0.1, 500.0))
staged_plans = st.builds(UserPlan, stages=stages.map(tuple), duration=durations)
ramps = st.builds(
    UserPlan, users=st.integers(1, 20), ramp_up=st.floats(0.0, 100.0), duration=durations
)

#: 4 at once, then the swings, plateaus and jumps of the example in k6's own tests.
SWINGS = UserPlan(
    stages=(
        (0.0, 4.0), (2.0, 6.0), (5.0, 1.0), (4.0, 5.0), (4.0, 1.0), (3.0, 4.0), (2.0, 4.0),
        (0.0, 1.0), (3.0, 1.0), (0.0, 5.0), (3.0, 5.0), (0.0, 0.0), (2.0, 2.0), (2.0, 0.0),
        (4.0, 4.0),
    )
)  # fmt: skip


def present(plan: UserPlan, time: float) -> int:
    spans = (span for number in range(plan.most) for span in plan.spans(number))
    return sum(start <= time < stop for start, stop in spans)


class TestRampUp:
    def test_starts_the_tenth_of_ten_in_100_s_at_90_s(self) -> None:
        plan = UserPlan(users=10, ramp_up=100.0)
        assert list(plan.spans(9)) == [(90.0, math.inf)]
        assert [span[0] for _, span in plan.starts()] == [10.0 * i for i in range(10)]

    def test_of_no_time_starts_all_at_once(self) -> None:
        plan = UserPlan(users=3)
        assert list(plan.starts()) == [(number, (0.0, math.inf)) for number in range(3)]

    def test_knows_how_many_have_started(self) -> None:
        plan = UserPlan(users=10, ramp_up=100.0)
        assert [plan.how_many(t) for t in (-1.0, 0.0, 9.9, 10.0, 1000.0)] == [0, 1, 1, 2, 10]

    def test_is_over_for_all_at_the_end_of_the_duration(self) -> None:
        plan = UserPlan(users=10, ramp_up=100.0, duration=30.0)
        assert list(plan.starts()) == [(0, (0.0, 30.0)), (1, (10.0, 30.0)), (2, (20.0, 30.0))]
        assert plan.how_many(30.0) == 0

    def test_has_no_other_users(self) -> None:
        assert list(UserPlan(users=2).spans(2)) == []
        assert UserPlan(users=2).most == 2


class TestStages:
    def test_bring_a_user_when_the_line_has_climbed_to_it_and_take_it_when_it_has_sunk(
        self,
    ) -> None:
        plan = UserPlan(stages=((3.0, 3.0), (1.0, 3.0), (3.0, 0.0)))
        assert [list(plan.spans(number)) for number in range(4)] == [
            [(1.0, 7.0)], [(2.0, 6.0)], [(3.0, 5.0)], [],
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("time", "users"),
        [
            (0, 4), (0.9, 4), (1, 5), (2, 6), (2.5, 6), (3, 5), (4, 4), (5, 3), (6, 2), (6.9, 2),
            (7, 1), (7.9, 1), (8, 2), (11, 5), (12, 4), (15, 1), (16, 2), (18, 4), (19.9, 4),
            (20, 1), (22.9, 1), (23, 5), (25.9, 5), (26, 0), (27, 1), (28, 2), (28.5, 2), (29, 1),
            (30, 0), (31, 1), (33.9, 3), (34, 0),
        ],
    )  # fmt: skip
    def test_have_as_many_users_as_k6_says(self, time: float, users: int) -> None:
        assert SWINGS.how_many(time) == users == present(SWINGS, time)

    def test_let_a_user_come_back(self) -> None:
        assert list(SWINGS.spans(4)) == [(1.0, 4.0), (11.0, 12.0), (23.0, 26.0)]

    def test_start_users_in_the_order_of_time(self) -> None:
        starts = [span[0] for _, span in SWINGS.starts()]
        assert starts == sorted(starts)
        assert len(starts) == sum(len(list(SWINGS.spans(number))) for number in range(6))

    def test_end_for_all_with_the_last_one(self) -> None:
        plan = UserPlan(stages=((0.0, 2.0), (5.0, 2.0)))
        assert plan.ends_at == 5.0
        assert list(plan.spans(1)) == [(0.0, 5.0)]

    def test_keep_their_last_users_in_a_longer_plan(self) -> None:
        plan = UserPlan(stages=((2.0, 2.0),), duration=60.0)
        assert [list(plan.spans(number)) for number in range(2)] == [[(1.0, 60.0)], [(2.0, 60.0)]]

    def test_are_cut_short_by_the_duration(self) -> None:
        plan = UserPlan(stages=((10.0, 10.0), (10.0, 0.0)), duration=5.0)
        assert [span for _, span in plan.starts()] == [(s, 5.0) for s in (1.0, 2.0, 3.0, 4.0)]


class TestAnyPlan:
    @given(st.one_of(staged_plans, ramps), st.floats(0.0, 600.0))
    def test_has_as_many_users_as_are_present(self, plan: UserPlan, time: float) -> None:
        assert plan.how_many(time) == present(plan, time) <= plan.most

    @given(st.one_of(staged_plans, ramps))
    def test_agrees_with_itself_where_users_come_and_go(self, plan: UserPlan) -> None:
        edges = {
            edge for number in range(plan.most) for span in plan.spans(number) for edge in span
        }
        for edge in edges - {math.inf}:
            for time in (math.nextafter(edge, -1), edge, math.nextafter(edge, math.inf)):
                assert plan.how_many(time) == present(plan, time)

    @given(staged_plans)
    def test_meets_every_target_at_its_time(self, plan: UserPlan) -> None:
        at = 0.0
        for (seconds, target), following in itertools.pairwise([*plan.stages, (1.0, 0.0)]):
            at += seconds
            if following[0] > 0 and at < plan.ends_at:
                assert plan.how_many(at) == target

    @given(st.one_of(staged_plans, ramps))
    def test_has_spans_that_do_not_touch(self, plan: UserPlan) -> None:
        for number in range(plan.most):
            edges = [edge for span in plan.spans(number) for edge in span]
            assert all(early < late for early, late in itertools.pairwise(edges))

    @given(st.one_of(staged_plans, ramps), st.integers(1, 5))
    def test_is_dealt_out_whole(self, plan: UserPlan, shares: int) -> None:
        dealt = [start for index in range(shares) for start in plan.starts(index, shares)]
        assert sorted(dealt) == sorted(plan.starts())


class TestMistake:
    @pytest.mark.parametrize(
        ("plan", "message"),
        [
            ({"users": 0}, r"users = 0: must be at least 1"),
            ({"ramp_up": -1.0}, r"ramp-up = -1.0: must be at least 0"),
            ({"duration": 0.0}, r"duration = 0.0: must be above 0"),
            ({"stages": ((-1.0, 5.0),)}, r"stage seconds = -1.0: must be at least 0"),
            ({"stages": ((1.0, 2.5),)}, r"stage target = 2.5: must be a whole number of users"),
            ({"stages": ((1.0, math.nan),)}, r"stage target = nan: must be a whole number"),
            ({"stages": ((1.0, 0.0),)}, r"stages = 0: must be above 0 users"),
        ],
    )
    def test_is_named(self, plan: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            UserPlan(**plan)
