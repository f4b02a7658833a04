"""What an exchange tells the admission of its upstream: places taken, learnt from, and left."""

import random

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.policy import HedgeRule, Outcome
from hedgerow.policy.admission import Admission
from hedgerow.policy.concurrency import FixedLimit
from tests.fakes.policy import START, Ends, Fails, Head, Race, burst, retrying, route


class NotedLimit(FixedLimit):
    """Notes its samples, as (rtt, in flight, dropped)."""

    def __init__(self) -> None:
        super().__init__(100)
        self.seen: list[tuple[float, int, bool]] = []

    @override
    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        self.seen.append((round(rtt, 6), in_flight, dropped))


class Upstream:
    """One request has entered, and is on its way."""

    def __init__(self, hedge: HedgeRule | None = None) -> None:
        self.limit = NotedLimit()
        self.admission: Admission[str] = Admission(self.limit, random.Random(1))
        policy = route(hedge or retrying(1))
        policy.admission = self.admission
        self.admission.try_enter(START, "a")
        self.race = Race(policy)

    @property
    def in_flight(self) -> int:
        return self.admission.statistics().in_flight


class TestPlace:
    def test_of_the_primary_is_free_when_its_answer_has_ended(self) -> None:
        upstream = Upstream()
        upstream.race.play((0.1, 1, Head()))
        assert upstream.in_flight == 1
        upstream.race.play((0.2, 1, Ends()))
        assert upstream.in_flight == 0

    def test_is_taken_by_each_hedge(self) -> None:
        upstream = Upstream(burst(0.3, 2))
        upstream.race.until(0.3)
        assert upstream.in_flight == 3

    def test_of_a_loser_is_free_as_soon_as_another_answer_is_committed_to(self) -> None:
        upstream = Upstream(burst(0.3, 2))
        upstream.race.play((0.4, 2, Head()))
        assert upstream.in_flight == 1

    def test_of_a_failed_attempt_is_the_retrys(self) -> None:
        upstream = Upstream(retrying(2))
        upstream.race.play((0.1, 1, Fails(Failure.RESET)))
        assert upstream.in_flight == 1

    def test_is_free_when_the_client_has_left(self) -> None:
        upstream = Upstream(burst(0.3, 2))
        upstream.race.client_leaves(0.4)
        assert upstream.in_flight == 0

    def test_is_free_when_the_deadline_has_passed(self) -> None:
        upstream = Upstream(burst(0.3, 2))
        upstream.race.until()
        assert upstream.in_flight == 0


class TestWhatIsLearnt:
    def test_is_the_time_to_the_head(self) -> None:
        upstream = Upstream()
        upstream.race.play((0.1, 1, Head()), (0.5, 1, Ends()))
        assert upstream.limit.seen == [(0.1, 1, False)]

    def test_of_a_failure_is_that_it_was_one(self) -> None:
        upstream = Upstream()
        upstream.race.play((0.2, 1, Head(503)))
        assert upstream.limit.seen == [(0.2, 1, True)]

    def test_of_those_that_were_cancelled_is_nothing(self) -> None:
        upstream = Upstream(burst(0.3, 2))
        upstream.race.play((0.4, 2, Head()))
        assert upstream.limit.seen == [(0.1, 3, False)]
        assert upstream.race.attempt(1).outcome is Outcome.IGNORE

    def test_of_one_that_never_reached_the_upstream_is_nothing(self) -> None:
        upstream = Upstream()
        upstream.race.play((0.1, 1, Fails(Failure.NO_CAPACITY)))
        assert upstream.limit.seen == []
