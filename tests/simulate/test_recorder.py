"""Batches: when they begin, and what they hold."""

from hedgerow.simulate.recorder import BATCHES, Batch, Recorder


class TestBatch:
    def test_holds_times_in_microseconds_and_their_exact_sum(self) -> None:
        batch = Batch()
        batch.ended(0.0010004, ok=True)
        batch.ended(0.0020004, ok=False)
        assert (batch.histogram.min, batch.histogram.count) == (1000, 2)
        assert abs(batch.seconds - 0.0030008) < 1e-12
        assert (batch.ok, batch.failed) == (1, 1)


class TestRecorder:
    def numbers(self, *, total: int, warm_up: int) -> tuple[Recorder, list[int | None]]:
        recorder, found = Recorder(total=total, warm_up=warm_up), list[int | None]()
        for number in range(total):
            recorder.arrived(number)
            current = recorder.current
            found.append(None if current is None else recorder.batches.index(current))
        return recorder, found

    def test_counts_nothing_in_the_warm_up(self) -> None:
        _, found = self.numbers(total=50, warm_up=10)
        assert found[:11] == [None] * 10 + [0]

    def test_divides_the_rest_into_equal_batches(self) -> None:
        recorder, found = self.numbers(total=50, warm_up=10)
        assert len(recorder.batches) == BATCHES
        assert {found.count(number) for number in range(BATCHES)} == {2}

    def test_has_fewer_batches_than_requests_where_there_are_few(self) -> None:
        recorder, found = self.numbers(total=5, warm_up=0)
        assert None not in found
        assert len(recorder.batches) == 5
