import pytest

from hedgerow.load.book import Frame
from hedgerow.load.plan import Closed, LoadPlan, Open, RequestPlan, Stage
from hedgerow.load.totals import Totals
from tests.load.counted import LABEL, a_batch, a_sample, frames_of

WORK = RequestPlan(url="http://a.example/", label=LABEL)


def a_plan(
    model: Closed | Open | None = None,
    *,
    warm_up: float = 2.0,
    duration: float | None = 3.0,
) -> LoadPlan:
    return LoadPlan(work=WORK, model=model or Closed(users=1), warm_up=warm_up, duration=duration)


def a_frame(at: float, ok: int = 0, *, warm: int = 0, seconds: float = 1.0) -> Frame:
    samples = [a_sample(at - 0.5) for _ in range(ok)]
    samples += [a_sample(at - 0.5, is_warm_up=True) for _ in range(warm)]
    (frame,) = frames_of([(0, a_batch(at, *samples))], set())
    frame.seconds = seconds
    return frame


def a_run(totals: Totals, late: float = 0.01) -> Totals:
    """Two seconds of warm-up, three that are measured, one of drain; ten requests in each."""
    totals.add(a_frame(1 + late, warm=10, seconds=1 + late))
    totals.add(a_frame(2 + late, warm=10))
    totals.add(a_frame(3 + late, 8, warm=2))  # two had begun in the warm-up
    totals.add(a_frame(4 + late, 10))
    totals.add(a_frame(5 + late, 10))
    totals.add(a_frame(6 + late, 2))
    return totals


class TestMeasuredPart:
    def test_is_counted_as_a_whole(self) -> None:
        assert a_run(Totals(a_plan())).book.ended == 30

    @pytest.mark.parametrize("late", [0.0, 0.01, 0.3])
    def test_is_as_long_as_planned_however_late_its_ticks(self, late: float) -> None:
        totals = a_run(Totals(a_plan()), late)
        assert totals.pace.seconds == pytest.approx(3.0)
        assert totals.ended_by_time

    def test_has_a_rate_without_edges(self) -> None:
        # Ten a second throughout: those under way at its beginning make up for those at its end.
        totals = a_run(Totals(a_plan()))
        assert (totals.pace.ended.total(), totals.pace.ok.total()) == (30, 30)
        assert totals.pace.rate(LABEL, only_ok=True) == pytest.approx(10.0, rel=0.01)

    def test_that_was_stopped_was_not_ended_by_time(self) -> None:
        totals = Totals(a_plan())
        totals.add(a_frame(3, 5))
        totals.stopped()
        for at in (4, 5, 6):
            totals.add(a_frame(at))
        assert not totals.ended_by_time

    def test_that_is_over_cannot_be_stopped(self) -> None:
        totals = a_run(Totals(a_plan()))
        totals.stopped()
        assert totals.ended_by_time

    def test_of_a_count_is_not_ended_by_time(self) -> None:
        totals = Totals(a_plan(duration=None, warm_up=0.0))
        totals.add(a_frame(1, 5))
        assert not totals.ended_by_time


class TestAsked:
    def test_is_nothing_in_a_closed_model(self) -> None:
        totals = Totals(a_plan())
        assert totals.asked_at(a_frame(1)) is None
        assert totals.asked_rate(3.0) is None

    def test_is_the_plans_rate_in_the_interval(self) -> None:
        model = Open(start_rate=0, stages=(Stage(seconds=10, target=10),))
        totals = Totals(a_plan(model, warm_up=0.0, duration=10.0))
        asked = [totals.asked_at(a_frame(at)) for at in (1, 5, 10, 11.2)]
        assert asked == [pytest.approx(0.5), pytest.approx(4.5), pytest.approx(9.5), 0.0]

    def test_is_of_the_measured_part_alone(self) -> None:
        model = Open(start_rate=5, stages=(Stage(seconds=2, target=5), Stage(seconds=0, target=20)))
        assert Totals(a_plan(model)).asked_rate(3.0) == pytest.approx(20.0)


class TestTrouble:
    def test_is_that_of_the_measured_part(self) -> None:
        totals = Totals(a_plan())
        for at, cpu in ((1.0, 0.9), (3.0, 0.2), (4.0, 0.4), (9.0, 1.0)):
            frame = a_frame(at)
            frame.health.cpu, frame.health.gc_pause = [0.1, cpu], cpu
            totals.add(frame)
        assert (totals.trouble.cpu, totals.trouble.gc_pause) == ([0.2, 0.4], 0.4)
        assert totals.trouble.cpu_seconds == pytest.approx(0.8)

    def test_of_lost_processes_is_that_of_any_time(self) -> None:
        totals = Totals(a_plan())
        for at, lost in ((1.0, 0), (3.0, 2), (9.0, 2)):
            frame = a_frame(at)
            frame.lost_processes = lost
            totals.add(frame)
        assert totals.trouble.lost_processes == 2
