import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.plan import Closed, LoadPlan, RequestPlan, Share, frame_ends

WORK = RequestPlan(url="http://a.example/", label="x")


def ends(count: int, *, warm_up: float = 0.0, duration: float | None = None) -> list[float]:
    plan = LoadPlan(work=WORK, model=Closed(users=1), warm_up=warm_up, duration=duration)
    return [round(end, 6) for end in itertools.islice(frame_ends(plan), count)]


class TestShare:
    @given(st.integers(0, 1000), st.integers(1, 20))
    def test_with_all_the_others_is_the_whole(self, total: int, of: int) -> None:
        shares = Share().split(of)
        assert sum(share.count(total) for share in shares) == total
        assert max(share.count(total) for share in shares) <= total // of + 1

    @given(st.integers(0, 500), st.integers(1, 5), st.integers(1, 5))
    def test_may_be_dealt_out_again(self, total: int, machines: int, processes: int) -> None:
        parts = [part for share in Share().split(machines) for part in share.split(processes)]
        numbers = [set(range(part.index, total, part.of)) for part in parts]
        assert sorted(itertools.chain(*numbers)) == list(range(total))
        assert [len(mine) for mine in numbers] == [part.count(total) for part in parts]


class TestFrameEnds:
    def test_are_every_second(self) -> None:
        assert ends(3) == [1, 2, 3]

    def test_are_also_the_warm_ups_and_the_plans(self) -> None:
        assert ends(6, warm_up=1.25, duration=2.5) == [0.25, 1.25, 2.25, 3.25, 3.75, 4.75]

    def test_are_the_plans_alone_where_a_frame_would_be_very_short(self) -> None:
        assert ends(4, duration=2.02) == [1, 2.02, 3.02, 4.02]
        assert ends(3, duration=2.0) == [1, 2, 3]

    @pytest.mark.parametrize(("warm_up", "duration"), [(0.1, 0.2), (0.3, 86_400.0), (2.7, 0.5)])
    def test_meet_both_ends_exactly(self, warm_up: float, duration: float) -> None:
        seconds = int(warm_up + duration) + 3
        found = ends(seconds + 2, warm_up=warm_up, duration=duration)
        assert round(warm_up, 6) in found
        assert round(warm_up + duration, 6) in found
        assert found == sorted(found)
