from typing import Any

import msgspec
import pytest

from hedgerow.load.book import Frame
from hedgerow.load.figures import Promises
from hedgerow.load.order import Order
from hedgerow.load.plan import Closed, LoadPlan, Open, RequestPlan
from hedgerow.load.result import distribution, document
from hedgerow.load.totals import Totals
from hedgerow.measure import Histogram, decode_hdr
from hedgerow.report.document import Document, Machine, Server, decode_document
from tests.load.counted import LABEL, a_batch, a_sample, frames_of

WORK = RequestPlan(url="http://a.example/", label=LABEL)


def a_plan(model: Closed | Open | None = None, **settings: Any) -> LoadPlan:
    return LoadPlan(work=WORK, model=model or Closed(users=10), **settings)


def a_frame(at: float, ok: int, failed: int = 0, *, seconds: float = 1.0) -> Frame:
    """Requests that began evenly over a second, of 100 ms each."""
    samples = [a_sample(at - seconds + seconds * number / ok, 100_000) for number in range(ok)]
    samples += [a_sample(at - 0.5, outcome="timeout", status=0) for _ in range(failed)]
    (frame,) = frames_of([(0, a_batch(at, *samples))], set())
    frame.seconds = seconds
    return frame


def a_document(
    plan: LoadPlan, *frames: Frame, stopped_after: int | None = None, **words: Any
) -> Document:
    totals = Totals(plan)
    for number, frame in enumerate(frames, 1):
        totals.add(frame)
        if number == stopped_after:
            totals.stopped()
    return document(
        Order(plan=plan, target=WORK.url),
        totals,
        Promises(()),
        started="2025-01-01T00:00:00+00:00",
        server=None,
        machine=Machine(),
        **words,
    )


class TestRate:
    def test_of_a_run_by_time_is_that_of_its_time(self) -> None:
        plan = a_plan(duration=3.0)
        frames = [a_frame(at, 100) for at in (1.01, 2.01, 3.01)]
        found = a_document(plan, *frames, a_frame(4.01, 10))
        assert (found.duration_s, found.rate.completed) == (3.0, 100.0)
        assert found.requests.total == 310

    def test_of_a_run_by_count_is_from_the_first_to_the_last(self) -> None:
        found = a_document(a_plan(requests=150), a_frame(1, 100), a_frame(1.5, 50, seconds=0.5))
        # The last one began at 1.49 and took 100 ms.
        assert found.duration_s == pytest.approx(1.59, abs=0.005)
        assert found.rate.completed == pytest.approx(150 / 1.59, rel=0.01)

    def test_of_an_interrupted_run_is_not_thinned_by_its_drain(self) -> None:
        frames = [a_frame(1, 100), a_frame(2, 0), a_frame(3, 0)]
        found = a_document(
            a_plan(duration=3.0), *frames, stopped_after=1, stopped_because="Ctrl-C",
            interrupted=True,
        )  # fmt: skip
        assert found.rate.completed == pytest.approx(100 / 1.09, rel=0.01)
        assert (found.interrupted, found.stopped_because) == (True, "Ctrl-C")

    def test_of_an_open_model_is_held_against_what_was_asked(self) -> None:
        plan = a_plan(Open(start_rate=200), duration=2.0)
        found = a_document(plan, a_frame(1, 100), a_frame(2, 100))
        assert (found.rate.asked, found.rate.sent, found.rate.ratio) == (200.0, 100.0, 0.5)

    def test_of_a_closed_model_is_held_against_nothing(self) -> None:
        found = a_document(a_plan(duration=1.0), a_frame(1, 100))
        assert (found.rate.asked, found.rate.ratio) == (None, None)

    def test_tells_good_ones_apart(self) -> None:
        found = a_document(a_plan(duration=1.0), a_frame(1, 60, failed=40))
        assert (found.rate.completed, found.rate.ok) == (100.0, 60.0)

    def test_of_a_run_in_which_nothing_happened_is_zero(self) -> None:
        found = a_document(a_plan(requests=5))
        assert (found.rate.completed, found.requests.total, found.duration_s) == (0, 0, 0)


class TestCounts:
    def test_are_of_good_and_failed_ones(self) -> None:
        found = a_document(a_plan(duration=1.0), a_frame(1, 60, failed=40))
        assert (found.requests.ok, found.requests.failed) == (60, 40)
        assert (found.status_codes, found.errors) == ({"200": 60}, {"timeout": 40})
        (label,) = found.labels
        assert (label.requests.ok, label.requests.failed, label.label) == (60, 40, LABEL)
        assert label.errors == {"timeout": 40}

    def test_are_those_of_the_distributions(self) -> None:
        times = a_document(a_plan(duration=1.0), a_frame(1, 60, failed=40)).latency_us
        counts = (times.response.count, times.response_ok.count, times.response_failed.count)
        assert counts == (100, 60, 40)

    def test_of_bytes_have_a_mean(self) -> None:
        found = a_document(a_plan(duration=1.0), a_frame(1, 10))
        assert (found.bytes_in.total, found.bytes_in.mean) == (400, 40.0)


class TestLittlesLaw:
    def test_holds_where_users_are_always_busy(self) -> None:
        # Ten users at 100 ms a request are a hundred requests a second.
        frames = [a_frame(at, 100) for at in (1.0, 2.0, 3.0)]
        found = a_document(a_plan(duration=3.0), *frames)
        assert found.generator.littles_law_gap == pytest.approx(0.0, abs=0.01)

    def test_is_not_asked_of_a_run_by_count(self) -> None:
        assert a_document(a_plan(requests=100), a_frame(1, 100)).generator.littles_law_gap is None


class TestGenerator:
    def test_has_the_mean_of_all_its_processes_and_the_busiest_ones_most(self) -> None:
        frame = a_frame(1, 10)
        frame.health.cpu = [0.9, 0.1]
        generator = a_document(a_plan(duration=1.0), frame).generator
        assert (generator.cpu_mean, generator.cpu_max, generator.cpu_seconds) == (0.5, 0.9, 1.0)


class TestBusyMachine:
    @pytest.mark.parametrize(("cluster", "is_told"), [("local", True), ("dask://a:1", False)])
    def test_tells_how_much_of_it_the_server_on_it_used(self, cluster: str, is_told: bool) -> None:
        totals = Totals(a_plan(duration=3.0))
        for at in (1, 2, 3):
            frame = a_frame(at, 10)
            frame.health.idle = 0.0
            totals.add(frame)
        found = document(
            Order(plan=totals.plan, cluster=cluster), totals, Promises(()), started="",
            server=Server(name="a", cpu_mean=3.0), machine=Machine(cores=4),
        )  # fmt: skip
        (fact,) = [one.fact for one in found.verdict.reasons if one.kind == "machine-busy"]
        assert ("75.0%" in fact) is is_told


class TestDocument:
    def test_can_be_read_again(self) -> None:
        found = a_document(a_plan(duration=1.0), a_frame(1, 10, failed=2))
        assert decode_document(msgspec.json.encode(found)) == found

    def test_has_a_point_for_every_second(self) -> None:
        found = a_document(a_plan(duration=3.0), *(a_frame(at, 1) for at in (1, 2, 3)))
        assert [point.t for point in found.timeseries] == [1, 2, 3]


class TestDistribution:
    def test_carries_its_histogram(self) -> None:
        histogram = Histogram()
        histogram.record_all(range(1000, 2000))
        told = distribution(histogram)
        assert (told.count, told.p50, told.max) == (1000, 1499, 1999)
        assert told.histogram is not None
        assert decode_hdr(told.histogram) == histogram

    def test_of_nothing_is_empty(self) -> None:
        assert distribution(Histogram()).count == 0
