from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.book import Book, Frame
from hedgerow.load.cluster.merging import PATIENCE, Merging
from hedgerow.load.cluster.teller import SILENT_AFTER
from tests.load.cluster.frames import PLAN, figures, frame, total

START = 1_000_000.0  # a forgotten subtraction shows at once


def merging(shards: int = 2) -> Merging:
    return Merging(PLAN, shards, START)


def summed(frames: Sequence[Frame]) -> Book:
    whole = Book()
    for one in frames:
        whole.merge(one.measured)
    return whole


def counts(frames: Sequence[Frame]) -> list[int]:
    return [one.measured.ok for one in frames]


class TestInterval:
    def test_is_closed_when_every_shard_has_told_of_it(self) -> None:
        merger = merging()
        merger.take(START + 1.1, frame(0, 0, ok=3))
        assert merger.due(START + 1.2) == []
        merger.take(START + 1.3, frame(1, 0, ok=4))
        assert counts(merger.due(START + 1.3)) == [7]

    def test_waits_for_a_slow_shard_only_so_long(self) -> None:
        merger = merging()
        merger.take(START + 1.1, frame(0, 0, ok=3))
        assert merger.due(START + 1.0 + PATIENCE) == []
        assert counts(merger.due(START + 1.1 + PATIENCE)) == [3]

    def test_is_sorted_by_time_where_a_shard_stood_still(self) -> None:
        merger = merging()
        for number in range(3):
            merger.take(START + 1 + number, frame(0, number, ok=1))
        merger.take(START + 3.0, frame(1, 0, ok=5, at=3.0, seconds=3.0))
        assert counts(merger.due(START + 3.1)) == [1, 1, 6]

    def test_comes_in_order_though_frames_did_not(self) -> None:
        merger = merging(1)
        merger.take(START + 2.0, frame(0, 1, ok=2))
        merger.take(START + 2.0, frame(0, 0, ok=1))
        closed = merger.due(START + 2.1)
        assert [(one.number, one.at, one.measured.ok) for one in closed] == [(0, 1, 1), (1, 2, 2)]

    def test_begins_where_the_one_before_ended(self) -> None:
        merger = merging()
        for number, ends in enumerate([(1.01, 1.2), (2.02, 2.0)]):
            for shard, at in enumerate(ends):
                merger.take(START + at, frame(shard, number, at=at))
        closed = merger.due(START + 2.1)
        assert [one.at for one in closed] == [1.01, 2.0]
        assert [one.seconds for one in closed] == pytest.approx([1.01, 0.99])

    def test_shows_what_all_machines_hold_and_the_worst_of_their_health(self) -> None:
        merger = merging()
        merger.take(START + 1, frame(0, 0, in_flight=2))
        merger.take(START + 1, frame(1, 0, in_flight=3))
        (closed,) = merger.due(START + 1)
        assert closed.in_flight == 5
        assert (closed.health.cpu, closed.health.idle) == ([0.1, 0.2], 0.4)
        assert closed.health.memory == 200


class TestLateFrame:
    def test_is_added_to_the_next_interval(self) -> None:
        merger = merging()
        merger.take(START + 1, frame(0, 0, ok=1))
        assert counts(merger.due(START + 4)) == [1]
        merger.take(START + 4, frame(1, 0, ok=5))
        for shard in range(2):
            merger.take(START + 4, frame(shard, 1, ok=10))
        assert counts(merger.due(START + 4)) == [25]

    def test_at_the_end_is_added_to_the_last_one(self) -> None:
        merger = merging()
        merger.take(START + 1, frame(0, 0, ok=1))
        merger.due(START + 4)
        merger.take(START + 4, frame(1, 0, ok=5, is_last=True))
        merger.take(START + 4, frame(0, 1, ok=7, is_last=True))
        assert merger.finish(START + 4).measured.ok == 12


class TestFrameThatCameTwice:
    def test_counts_once(self) -> None:
        merger = merging(1)
        merger.take(START + 1, frame(0, 0, ok=4))
        merger.take(START + 1, frame(0, 0, ok=4))
        assert counts(merger.due(START + 1)) == [4]

    def test_counts_once_though_its_interval_is_over(self) -> None:
        merger = merging(1)
        merger.take(START + 1, frame(0, 0, ok=4))
        merger.due(START + 1)
        merger.take(START + 2, frame(0, 0, ok=4))
        assert merger.finish(START + 2).measured.ok == 0


class TestLostFrame:
    def test_is_made_good_by_the_shards_sum(self) -> None:
        merger = merging(1)
        frames = [frame(0, 0, ok=1), frame(0, 1, ok=2), frame(0, 2, ok=4, is_last=True)]
        merger.take(START + 1, frames[0])
        merger.take(START + 3, frames[2])
        closed = merger.due(START + 3)
        merger.settle(0, total(*frames))
        closed.append(merger.finish(START + 3))
        assert figures(summed(closed)) == figures(total(*frames).measured)
        assert merger.missing(START + 60) == frozenset()

    def test_that_comes_after_the_sum_is_not_counted_twice(self) -> None:
        merger = merging(1)
        merger.settle(0, total(frame(0, 0, ok=4)))
        merger.take(START + 1, frame(0, 0, ok=4))
        assert merger.finish(START + 1).measured.ok == 4

    def test_makes_nothing_good_where_the_sum_is_too_small(self) -> None:
        merger = merging(1)
        merger.take(START + 1, frame(0, 0, ok=4))
        with pytest.raises(ValueError, match="must be 0 or more"):
            merger.settle(0, total(frame(0, 0, ok=3)))


class TestSilentShard:
    def test_is_missing_until_it_speaks_again(self) -> None:
        merger = merging()
        merger.take(START + 1, frame(1, 0))
        assert merger.missing(START + SILENT_AFTER) == frozenset()
        assert merger.missing(START + SILENT_AFTER + 0.5) == {0}
        merger.take(START + 6, frame(0, 0))
        assert 0 not in merger.missing(START + 6)

    def test_is_not_waited_for(self) -> None:
        merger = merging()
        merger.take(START + 6, frame(1, 5, ok=2, at=6.0))
        assert counts(merger.due(START + 6)) == [2]


class TestLostShard:
    def test_is_missing_and_what_it_told_stays(self) -> None:
        merger = merging()
        merger.take(START + 1, frame(0, 0, ok=3, in_flight=9))
        merger.take(START + 1, frame(1, 0, ok=4, in_flight=1))
        merger.lose(0)
        assert merger.missing(START + 1) == {0}
        (closed,) = merger.due(START + 1)
        assert (closed.measured.ok, closed.in_flight) == (7, 1)

    def test_holds_no_other_up(self) -> None:
        merger = merging()
        merger.lose(0)
        merger.take(START + 1, frame(1, 0, ok=4))
        assert counts(merger.due(START + 1)) == [4]

    def test_stays_missing_though_it_tells_the_rest_later(self) -> None:
        merger = merging(1)
        merger.take(START + 1, frame(0, 0, ok=1))
        merger.lose(0)
        merger.take(START + 30, frame(0, 1, ok=2, is_last=True))
        assert merger.missing(START + 30) == {0}
        assert merger.finish(START + 30).measured.ok == 3

    def test_is_not_missing_when_all_that_it_did_is_here(self) -> None:
        merger = merging()
        merger.take(START + 1, frame(0, 0, is_last=True))
        merger.lose(0)
        assert merger.missing(START + 60) == {1}

    def test_is_missing_when_its_last_frame_is_here_and_another_is_not(self) -> None:
        merger = merging(1)
        merger.take(START + 2, frame(0, 1, is_last=True))
        merger.lose(0)
        assert merger.missing(START + 2) == {0}


class TestLastFrame:
    def test_is_kept_for_the_end(self) -> None:
        merger = merging()
        merger.take(START + 1, frame(0, 0, ok=1, is_last=True))
        merger.take(START + 1, frame(1, 0, ok=2, is_last=True))
        assert merger.due(START + 60) == []
        last = merger.finish(START + 60)
        assert (last.measured.ok, last.is_last, last.at) == (3, True, 1.0)

    def test_of_one_shard_is_in_the_interval_that_it_ended_in(self) -> None:
        merger = merging()
        merger.take(START + 1.4, frame(0, 0, ok=1, at=1.4, seconds=1.4, is_last=True))
        merger.take(START + 1, frame(1, 0, ok=2))
        merger.take(START + 2, frame(1, 1, ok=4))
        assert counts(merger.due(START + 2)) == [3, 4]

    def test_a_tick_after_an_interval_is_in_that_interval(self) -> None:
        merger = merging()
        merger.take(START + 10, frame(0, 9, ok=1, at=10.003, is_last=True))
        merger.take(START + 10, frame(1, 9, ok=2, at=10.001))
        merger.take(START + 10, frame(1, 10, ok=4, at=10.2, seconds=0.2, is_last=True))
        assert counts(merger.due(START + 10.2)) == [3]

    def test_has_a_length_even_where_nobody_told_anything(self) -> None:
        merger = merging()
        merger.lose(0)
        merger.lose(1)
        last = merger.finish(START + 6)
        assert (last.at, last.seconds, last.is_last) == (6, 6, True)


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[list[Frame]], list[Frame]]:
    """The frames of some shards, and how they arrive: some twice, some never, in any order."""
    shards = draw(st.integers(1, 3))
    told = []
    for shard in range(shards):
        length = draw(st.integers(1, 6))
        told.append(
            [
                frame(shard, number, ok=draw(st.integers(0, 5)), is_last=number == length - 1)
                for number in range(length)
            ]
        )
    every = [one for frames in told for one in frames]
    return told, draw(st.lists(st.sampled_from(every), max_size=20))


class TestTotals:
    @given(arrivals(), st.lists(st.floats(0.0, 3.0), min_size=20, max_size=20))
    def test_are_the_sums_of_the_shards_however_frames_arrive(
        self, given_frames: tuple[list[list[Frame]], list[Frame]], pauses: list[float]
    ) -> None:
        told, arriving = given_frames
        merger, now, closed = merging(len(told)), START, []
        for one, pause in zip(arriving, pauses, strict=False):
            now += pause
            merger.take(now, one)
            closed += merger.due(now)
        for shard, frames in enumerate(told):
            merger.settle(shard, total(*frames))
        closed += [*merger.due(now), merger.finish(now)]
        every = [one for frames in told for one in frames]
        assert figures(summed(closed)) == figures(summed(every))
        assert [one.number for one in closed] == list(range(len(closed)))
        assert all(one.seconds > 0 for one in closed)
