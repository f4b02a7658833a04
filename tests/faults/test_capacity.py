from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import HedgerowBug
from hedgerow.faults import Admission, Capacity, Station

START = 1_000_000.0
STARTED, QUEUED, REFUSED = Admission.STARTED, Admission.QUEUED, Admission.REFUSED


def station(
    *jobs: str, workers: int | None = 1, queue: int = 2, notices: bool = True
) -> Station[str]:
    """A station at which these jobs arrived at the start."""
    new = Station[str](Capacity(workers, queue, notices))
    for job in jobs:
        new.arrive(START, job)
    return new


class TestArrival:
    def test_starts_while_a_worker_is_free_then_queues_then_is_refused(self) -> None:
        new = station(workers=2, queue=1)
        admissions = [new.arrive(START, job) for job in "abcd"]
        assert admissions == [STARTED, STARTED, QUEUED, REFUSED]

    def test_always_starts_where_workers_are_unlimited(self) -> None:
        new = station(workers=None, queue=0)
        assert {new.arrive(START, str(job)) for job in range(1000)} == {STARTED}

    def test_of_a_job_that_is_here_is_our_bug(self) -> None:
        with pytest.raises(HedgerowBug, match="'a' arrived twice"):
            station("a").arrive(START, "a")

    def test_of_a_job_that_was_refused_may_be_tried_again(self) -> None:
        new = station("a", queue=0)
        new.arrive(START, "b")
        new.finish(START + 1, "a")
        assert new.arrive(START + 1, "b") is STARTED


class TestFinish:
    def test_starts_the_oldest_in_the_queue(self) -> None:
        new = station("a", "b", "c")
        assert [new.finish(START + 1, "a"), new.finish(START + 2, "b")] == ["b", "c"]

    def test_of_the_last_starts_nothing(self) -> None:
        assert station("a").finish(START + 1, "a") is None

    @pytest.mark.parametrize("job", ["b", "stranger"])
    def test_of_a_job_that_is_not_worked_on_changes_nothing(self, job: str) -> None:
        new = station("a", "b")
        before = new.statistics(START)
        assert new.finish(START, job) is None
        assert new.statistics(START) == before


class TestCancelThatIsNoticed:
    def test_of_a_running_job_starts_the_next(self) -> None:
        assert station("a", "b").cancel(START + 1, "a") == "b"

    def test_of_a_queued_job_takes_it_out(self) -> None:
        new = station("a", "b", "c")
        assert new.cancel(START + 1, "b") is None
        assert new.finish(START + 2, "a") == "c"

    def test_is_counted_as_cancelled(self) -> None:
        new = station("a", "b")
        new.cancel(START, "b")
        new.cancel(START, "a")
        assert new.statistics(START).cancelled == 2

    def test_makes_a_later_finish_harmless(self) -> None:
        new = station("a")
        new.cancel(START + 1, "a")
        assert new.finish(START + 2, "a") is None
        assert new.statistics(START + 2).finished == 0


class TestCancelThatIsNotNoticed:
    def test_of_a_running_job_keeps_the_worker_busy(self) -> None:
        new = station("a", "b", notices=False)
        assert new.cancel(START + 1, "a") is None
        assert new.finish(START + 2, "a") == "b"

    def test_of_a_queued_job_starts_it_all_the_same(self) -> None:
        new = station("a", "b", notices=False)
        new.cancel(START + 1, "b")
        assert new.finish(START + 2, "a") == "b"

    def test_is_counted_as_wasted_work(self) -> None:
        new = station("a", "b", notices=False)
        new.cancel(START + 1, "a")
        new.finish(START + 2, "a")
        new.finish(START + 3, "b")
        counts = new.statistics(START + 3)
        assert (counts.finished, counts.wasted, counts.cancelled) == (1, 1, 0)


class TestResize:
    def test_to_more_workers_starts_the_oldest(self) -> None:
        new = station("a", "b", "c", "d", queue=3)
        assert new.resize(START + 1, Capacity(3, 3)) == ("b", "c")

    def test_to_fewer_workers_throws_nobody_out(self) -> None:
        new = station("a", "b", "c", workers=2)
        assert new.resize(START + 1, Capacity(1, 2)) == ()
        assert [new.finish(START + 2, "a"), new.finish(START + 3, "b")] == [None, "c"]

    def test_to_a_shorter_queue_keeps_who_waits(self) -> None:
        new = station("a", "b", "c")
        new.resize(START, Capacity(1, 0))
        assert new.arrive(START, "d") is REFUSED
        assert new.statistics(START).queued == 2

    def test_to_a_station_that_notices_lets_a_cancelled_job_go_at_the_next_cancel(self) -> None:
        new = station("a", notices=False)
        new.cancel(START, "a")
        new.resize(START, Capacity(1, 0, notices_cancel=True))
        new.cancel(START, "a")
        counts = new.statistics(START)
        assert (counts.cancelled, counts.wasted, counts.running) == (1, 0, 0)


class TestStatistics:
    def test_sum_the_time_of_workers_and_of_those_who_wait(self) -> None:
        new = station("a", "b")
        new.finish(START + 2, "a")
        counts = new.statistics(START + 5)
        assert (counts.busy_seconds, counts.waited_seconds) == (5, 2)

    def test_count_the_time_of_jobs_that_are_not_done(self) -> None:
        counts = station("a", "b", "c").statistics(START + 3)
        assert (counts.busy_seconds, counts.waited_seconds) == (3, 6)

    def test_count_the_wait_of_a_job_that_gave_up(self) -> None:
        new = station("a", "b")
        new.cancel(START + 4, "b")
        assert new.statistics(START + 9).waited_seconds == 4


class Shell:
    """Does to a station what a server would, and keeps its own books."""

    def __init__(self, capacity: Capacity) -> None:
        self.station = Station[int](capacity)
        self.workers = capacity.workers
        self.arrived: list[int] = []
        self.started: list[int] = []
        self.working: set[int] = set()
        self.ends: Counter[int] = Counter()

    def step(self, now: float, event: str, pick: int) -> None:
        if event == "arrive":
            self.arrive(now)
        elif self.arrived:
            job = self.arrived[pick % len(self.arrived)]
            self.end(now, event, job)

    def arrive(self, now: float) -> None:
        job = len(self.arrived)
        self.arrived.append(job)
        admission = self.station.arrive(now, job)
        if admission is REFUSED:
            self.ends[job] += 1
        elif admission is STARTED:
            self.start(job)

    def end(self, now: float, event: str, job: int) -> None:
        before = self.station.statistics(now)
        act = self.station.finish if event == "finish" else self.station.cancel
        following = act(now, job)
        after = self.station.statistics(now)
        gone = (before.running + before.queued) - (after.running + after.queued)
        self.ends[job] += gone
        if gone:
            self.working.discard(job)
        if following is not None:
            self.start(following)

    def start(self, job: int) -> None:
        self.started.append(job)
        self.working.add(job)


_events = st.lists(
    st.tuples(st.sampled_from(["arrive", "arrive", "finish", "cancel"]), st.integers(0, 99)),
    max_size=40,
)
_capacities = st.builds(Capacity, st.none() | st.integers(1, 3), st.integers(0, 3), st.booleans())


def played(capacity: Capacity, events: list[tuple[str, int]]) -> Shell:
    shell = Shell(capacity)
    for tick, (event, pick) in enumerate(events):
        shell.step(START + tick, event, pick)
        counts = shell.station.statistics(START + tick)
        assert counts.running == len(shell.working)
        assert capacity.workers is None or counts.running <= capacity.workers
        assert counts.queued <= capacity.queue
        assert not counts.queued or counts.running == capacity.workers  # never idle
    return shell


class TestWhateverTheOrderOfEvents:
    @pytest.mark.unhurried(reason="many examples")
    @given(_capacities, _events)
    def test_jobs_start_in_the_order_of_their_arrival(
        self, capacity: Capacity, events: list[tuple[str, int]]
    ) -> None:
        started = played(capacity, events).started
        assert started == sorted(set(started))

    @pytest.mark.unhurried(reason="many examples")
    @given(_capacities, _events)
    def test_every_job_ends_exactly_once(
        self, capacity: Capacity, events: list[tuple[str, int]]
    ) -> None:
        shell = played(capacity, events)
        while shell.working:
            shell.end(START + 100, "finish", min(shell.working))
        assert [shell.ends[job] for job in shell.arrived] == [1] * len(shell.arrived)

    @pytest.mark.unhurried(reason="many examples")
    @given(_capacities, _events)
    def test_every_job_is_counted_in_one_place(
        self, capacity: Capacity, events: list[tuple[str, int]]
    ) -> None:
        shell = played(capacity, events)
        c = shell.station.statistics(START + 100)
        places = c.queued + c.running + c.finished + c.cancelled + c.wasted + c.refused
        assert places == len(shell.arrived)
