import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.accounts import Accounts
from hedgerow.load.batch import Batch, Sample
from hedgerow.load.book import DISTRIBUTIONS, Book, Frame, Health, decode_frame, encode_frame
from tests.load.counted import LABEL, SECOND, a_batch, a_sample, frames_of, random_samples


def figures(book: Book) -> dict[str, Any]:
    """Everything in a book that must not depend on how it was put together."""
    tracks = {
        label: [
            *(dict(getattr(track, name).indexed_counts()) for name in ("plain", *DISTRIBUTIONS)),
            track.tally.as_list(),
            (track.bytes_in, track.bytes_out),
        ]
        for label, track in sorted(book.tracks.items())
    }
    names = ("status_codes", "errors", "sent", "shed", "ok", "failed", "unfinished")
    return {"tracks": tracks} | {name: getattr(book, name) for name in names}


def merged(frames: list[Frame]) -> Book:
    total = Book()
    for frame in frames:
        total.merge(frame.measured)
    return total


def taken(*batches: Batch) -> Frame:
    return frames_of([(0, batch) for batch in batches], set())[0]


class TestTotals:
    @given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 6), st.integers(1, 3))
    def test_do_not_depend_on_how_requests_are_dealt_out(
        self, seed: int, processes: int, batches: int, shards: int
    ) -> None:
        randomness = random.Random(seed)
        samples = random_samples(randomness, 40)
        plain = [randomness.randrange(100, 50_000) for _ in range(40)]
        one = merged(frames_of([(0, a_batch(10, *samples, plain_us=tuple(plain)))], set()))
        frames = []
        for shard in range(shards):
            told = []
            for number in range(processes * batches):
                place = shard * processes * batches + number
                step = shards * processes * batches
                told.append(
                    (
                        number % processes,
                        a_batch(10, *samples[place::step], plain_us=tuple(plain[place::step])),
                    )
                )
            closings = {place for place in range(len(told)) if randomness.random() < 0.4}
            frames += frames_of(told, closings, shard)
        again = merged([decode_frame(encode_frame(frame)) for frame in frames])
        assert figures(again) == figures(one)

    def test_are_of_each_phase(self) -> None:
        warm, measured = a_sample(is_warm_up=True), a_sample()
        frame = taken(
            a_batch(1, warm, plain_us=(5, 6), is_warm_up=True), a_batch(2, warm, measured)
        )
        assert (frame.warm_up.ok, frame.measured.ok) == (4, 1)


class TestSample:
    def test_is_sorted_by_how_it_ended(self) -> None:
        ends = ("ok", "timeout", "timeout", "status_5xx", "unfinished")
        book = taken(a_batch(1, *(a_sample(outcome=outcome) for outcome in ends))).measured
        assert (book.ok, book.failed, book.unfinished, book.ended) == (1, 4, 1, 5)
        assert book.errors == {"timeout": 2, "status_5xx": 1, "unfinished": 1}
        assert book.error_samples["timeout"] == f"{LABEL}: because of timeout"

    def test_that_failed_is_in_no_distribution_of_good_ones(self) -> None:
        book = taken(a_batch(1, a_sample(), a_sample(outcome="timeout"))).measured
        track = book.tracks[LABEL]
        assert (track.ok.count, track.failed.count, track.response().count) == (1, 1, 2)
        assert (track.tally.count, track.tally.errors) == (2, 1)

    @pytest.mark.parametrize(
        ("outcome", "shed"), [("deadline", 1), ("unfinished", 1), ("connect_refused", 0)]
    )
    def test_that_was_never_sent_is_not_among_the_sent(self, outcome: str, shed: int) -> None:
        sample = msgspec.structs.replace(a_sample(outcome=outcome), service=-1, ttfb=-1)
        book = taken(a_batch(1, sample)).measured
        assert (book.sent, book.shed, book.failed) == (0, shed, 1)
        assert not book.tracks[LABEL].service.is_used

    def test_tells_its_parts(self) -> None:
        track = taken(a_batch(1, a_sample(response_us=2000))).measured.tracks[LABEL]
        parts = [getattr(track, name).max for name in ("service", "ttfb", "lateness", "backlog")]
        assert (parts, track.send_lag.max) == ([1900, 1000, 70, 30], 100)

    def test_is_heard_when_it_is_measured(self) -> None:
        heard: list[Sample] = []
        accounts = Accounts(0, LABEL, heard.append)
        accounts.take(0, a_batch(1, a_sample(is_warm_up=True), a_sample(status=204)))
        assert [sample.status for sample in heard] == [204]


class TestPlainRequests:
    def test_are_good_ones_with_one_time(self) -> None:
        book = taken(a_batch(1, plain_us=(1500, 2500))).measured
        track = book.tracks[LABEL]
        assert (book.ok, book.sent, book.status_codes) == (2, 2, {200: 2})
        assert (track.bytes_in, track.bytes_out) == (80, 100)
        for name in ("ok", "service", "ttfb"):
            assert track.distribution(name).count == 2

    def test_are_in_the_tally_in_whole_milliseconds(self) -> None:
        tally = taken(a_batch(1, plain_us=(1500, 2500, 2999))).measured.tracks[LABEL].tally
        assert (tally.count, tally.total, tally.minimum, tally.maximum) == (3, 5, 1, 2)

    def test_began_after_the_batch_before(self) -> None:
        # Fifty milliseconds of work must not be told as one: the rate would be absurd.
        frame = taken(
            a_batch(1.0, plain_us=(900,), is_warm_up=True),
            a_batch(1.05, plain_us=(1000,) * 50),
        )
        assert frame.measured.tracks[LABEL].tally.span == pytest.approx(0.05)

    def test_ended_when_the_last_of_them_did(self) -> None:
        batch = a_batch(1.0, a_sample(began=0.5), plain_us=(1000,))
        batch.plain_until = round(0.75 * SECOND)
        assert taken(batch).measured.tracks[LABEL].tally.last_end == 0.75


class TestFrame:
    def test_is_from_the_one_before_to_the_last_batch(self) -> None:
        frames = frames_of([(0, a_batch(1.01)), (0, a_batch(2.03))], {0})
        assert [(round(frame.at, 6), round(frame.seconds, 6)) for frame in frames] == [
            (1.01, 1.01),
            (2.03, 1.02),
        ]
        assert [(frame.number, frame.is_last) for frame in frames] == [(0, False), (1, True)]

    def test_never_goes_back_though_processes_take_turns(self) -> None:
        frames = frames_of([(0, a_batch(1.03)), (1, a_batch(1.01)), (1, a_batch(1.02))], {0, 1})
        assert [frame.seconds >= 0 for frame in frames] == [True] * 3

    def test_tells_how_all_processes_stand(self) -> None:
        first = a_batch(1.0, users=3, in_flight=2, backlog=1, connections=5)
        second = a_batch(1.0, users=4, in_flight=3, backlog=2, connections=6)
        (frame,) = frames_of([(0, a_batch(0.5, users=99)), (0, first), (1, second)], set())
        assert (frame.users, frame.in_flight, frame.backlog, frame.connections) == (7, 5, 3, 11)

    def test_tells_nothing_of_a_process_that_is_lost(self) -> None:
        accounts = Accounts(0, LABEL)
        accounts.take(0, a_batch(1.0, users=3))
        accounts.take(1, a_batch(1.0, users=4))
        accounts.forget(1)
        assert accounts.close(Health()).users == 3

    def test_holds_nothing_of_the_one_before(self) -> None:
        batch = a_batch(1.0, a_sample())
        batch.loop_lag, batch.gc_pause = [7], SECOND
        first, second = frames_of([(0, batch)], {0})
        assert (first.health.loop_lag.count, first.health.gc_pause) == (1, 1.0)
        assert (second.health.loop_lag.count, second.health.gc_pause) == (0, 0.0)
        assert second.measured.ended == 0

    def test_counts_the_connections_opened_and_the_iterations(self) -> None:
        batch = a_batch(1.0, opened=4)
        batch.iterations = [(0, 5_000_000)]
        book = taken(batch).measured
        assert book.connections_opened == 4
        assert book.iterations.max == pytest.approx(5000, rel=0.01)


class TestComplaint:
    def test_is_the_first_one(self) -> None:
        accounts = Accounts(0, LABEL)
        for text in ("", "first", "second"):
            batch = a_batch(1.0)
            batch.complaint = text
            accounts.take(0, batch)
        assert accounts.complaint == "first"
