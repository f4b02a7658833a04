import random
from array import array

import pytest

from hedgerow.load.batch import Batch, Sample, plain_times
from hedgerow.load.generator.recorder import HeadTally, Recorder, Standing
from hedgerow.wire.heads import ResponseHead

BEGAN = 1_000_000_000_000_000


def a_head(status: int = 200) -> ResponseHead:
    return ResponseHead(status, is_http11=True)


def a_recorder() -> Recorder:
    recorder = Recorder(is_warm_up=False)
    recorder.began_ns = BEGAN
    return recorder


def a_sample(began: int) -> Sample:
    return Sample("GET /", False, began, 5, 5, 5, -1, -1, -1, "ok", 200, 40, 50, 0)


def is_answered(recorder: Recorder, head: ResponseHead, time: int = 7) -> None:
    """An answer at once, counted as whoever is answered does it."""
    tally = head.plan
    assert isinstance(tally, HeadTally)
    tally.count += 1
    recorder.plain.append(time)


def batch(recorder: Recorder, now: int = BEGAN + 50, in_flight: int = 0) -> Batch:
    return recorder.batch(
        now, frame_ends=0, standing=Standing(in_flight=in_flight), opened=0, connections=0
    )


class TestPlainRequests:
    def test_add_up_over_batches_though_heads_change(self) -> None:
        recorder, randomness = a_recorder(), random.Random(1)
        heads = [a_head(200), a_head(204), a_head(200)]
        batches, answered = [], 0
        for second in range(30):
            head = heads[second % 3]
            recorder.remember(head, 40 + second % 3, 50)
            for _ in range(randomness.randrange(5)):
                is_answered(recorder, head)
                answered += 1
            batches.append(batch(recorder))
        told = [row for one in batches for row in one.plain_counts]
        assert sum(count for _, count, _ in told) == answered
        assert sum(len(plain_times(one)) for one in batches) == answered
        assert sum(one.plain_bytes_out for one in batches) == 50 * answered

    def test_of_two_heads_are_told_apart(self) -> None:
        recorder = a_recorder()
        for head, times in ((a_head(200), 3), (a_head(404), 2)):
            recorder.remember(head, 10, 20)
            for _ in range(times):
                is_answered(recorder, head)
        assert batch(recorder).plain_counts == [(200, 3, 30), (404, 2, 20)]

    def test_keep_their_list_so_that_users_may_hold_on_to_it(self) -> None:
        recorder = a_recorder()
        mine = recorder.plain
        mine.append(1)
        first = batch(recorder)
        mine.append(2)
        assert (plain_times(first), plain_times(batch(recorder))) == (
            array("Q", [1]),
            array("Q", [2]),
        )

    def test_of_other_lengths_than_the_first_are_counted_exactly(self) -> None:
        recorder, head = a_recorder(), a_head()
        recorder.remember(head, 10, 20)
        for extra in (0, 1, 2):
            is_answered(recorder, head)
            recorder.plain_ended(BEGAN, extra)
        assert (batch(recorder).plain_bytes_out, batch(recorder).plain_bytes_out) == (63, 0)


class TestHead:
    def test_that_was_not_used_is_forgotten_and_can_be_remembered_again(self) -> None:
        recorder, head = a_recorder(), a_head()
        recorder.remember(head, 10, 20)
        batch(recorder)
        assert head.plan is None
        recorder.remember(head, 10, 20)
        is_answered(recorder, head)
        assert batch(recorder).plain_counts == [(200, 1, 10)]

    def test_that_is_in_use_is_not_counted_twice(self) -> None:
        recorder, head = a_recorder(), a_head()
        recorder.remember(head, 10, 20)
        is_answered(recorder, head)
        recorder.remember(head, 10, 20)  # another user saw it for the first time, too
        is_answered(recorder, head)
        assert batch(recorder).plain_counts == [(200, 2, 20)]
        assert batch(recorder).plain_counts == []


class TestEndOfPlainRequests:
    @pytest.mark.parametrize(("in_flight", "until"), [(0, 30), (1, 50)])
    def test_is_the_last_ones_where_nothing_is_under_way(self, in_flight: int, until: int) -> None:
        recorder = a_recorder()
        recorder.plain_ended(BEGAN + 30, 0)
        assert batch(recorder, BEGAN + 50, in_flight).plain_until == until


class TestBatch:
    def test_counts_from_the_plans_beginning(self) -> None:
        recorder = a_recorder()
        recorder.sample(a_sample(BEGAN + 7))
        recorder.iteration(BEGAN + 3, BEGAN + 9)
        told = batch(recorder)
        assert (told.at, told.samples[0].began, told.iterations) == (50, 7, [(3, 6)])

    def test_tells_everything_once(self) -> None:
        recorder = a_recorder()
        recorder.sample(a_sample(BEGAN))
        recorder.loop_lag.append(4)
        recorder.gc_pause = 5
        first, second = batch(recorder), batch(recorder)
        assert (len(first.samples), first.loop_lag, first.gc_pause) == (1, [4], 5)
        assert (second.samples, second.loop_lag, second.gc_pause) == ([], [], 0)
