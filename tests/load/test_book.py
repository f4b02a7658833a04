import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.book import Book, Frame, Health, Track, decode_frame, encode_frame
from hedgerow.measure import Histogram
from tests.load.counted import a_batch, frames_of, random_samples


def a_frame(seed: int = 1) -> Frame:
    randomness = random.Random(seed)
    samples = random_samples(randomness, 50)
    batch = a_batch(3.25, *samples, plain_us=(800, 900), users=3, in_flight=2, connections=4)
    (frame,) = frames_of([(0, batch)], set(), shard=7)
    frame.health.cpu, frame.health.idle, frame.lost_processes = [0.25, 1.0], 0.5, 1
    frame.health.loop_lag.record(30)
    return frame


class TestFrameAsBytes:
    @given(st.integers(0, 2**32))
    def test_says_the_same_again(self, seed: int) -> None:
        frame = a_frame(seed)
        again = decode_frame(encode_frame(frame))
        assert encode_frame(again) == encode_frame(frame)

    def test_keeps_every_part(self) -> None:
        frame = a_frame()
        again = decode_frame(encode_frame(frame))
        for name in ("shard", "number", "at", "users", "in_flight", "lost_processes", "is_last"):
            assert getattr(again, name) == getattr(frame, name)
        assert again.health == frame.health
        assert again.measured.status_codes == frame.measured.status_codes
        for label, track in frame.measured.tracks.items():
            for name in Track.__slots__:
                assert getattr(again.measured.tracks[label], name) == getattr(track, name)

    def test_of_an_empty_frame_is_empty(self) -> None:
        again = decode_frame(encode_frame(Frame(0, 0, 1.0, 1.0)))
        assert (again.measured.ended, again.measured.whole().tally.first_start) == (0, math.inf)

    def test_is_small_where_little_happened(self) -> None:
        assert len(encode_frame(Frame(0, 0, 1.0, 1.0))) < 1000

    def test_that_is_none_is_refused(self) -> None:
        with pytest.raises(msgspec.DecodeError):
            decode_frame(b"\x01")


class TestBook:
    def test_with_another_one_is_both(self) -> None:
        one, other = a_frame(1).measured, a_frame(2).measured
        both = Book()
        both.merge(one)
        both.merge(other)
        for name in ("sent", "shed", "ok", "failed", "unfinished"):
            assert getattr(both, name) == getattr(one, name) + getattr(other, name)
        assert both.whole().response().count == both.ended == one.ended + other.ended

    def test_keeps_the_error_that_came_first(self) -> None:
        first, second = (
            Book(error_samples={"dns": "a"}),
            Book(error_samples={"dns": "b", "tls": "c"}),
        )
        first.merge(second)
        assert first.error_samples == {"dns": "a", "tls": "c"}

    def test_is_not_changed_by_its_whole(self) -> None:
        book = a_frame().measured
        before = book.ended
        book.whole().merge(book.whole())
        assert book.whole().response().count == before

    def test_counts_errors_of_several_kinds(self) -> None:
        book = Book(errors={"dns": 2, "tls": 3, "reset": 4})
        assert book.errors_of({"dns", "reset", "timeout"}) == 6


class TestTrack:
    def test_adds_plain_requests_where_they_belong(self) -> None:
        track = Track()
        track.plain.record_many(1000, 3)
        track.ok.record(5000)
        track.failed.record(9000)
        counts = {name: track.distribution(name).count for name in ("ok", "service", "connect")}
        assert counts == {"ok": 4, "service": 3, "connect": 0}
        assert track.response().count == 5
        assert track.ok.count == 1


class TestHealth:
    def test_is_that_of_one_interval(self) -> None:
        assert Health().loop_lag is not Health().loop_lag
        assert Health().loop_lag == Histogram()
