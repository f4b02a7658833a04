"""A request before its race: its body, its deadline, its place."""

import random
from typing import Any

import pytest

from hedgerow.policy import DeadlineRule, HedgeRule, Outcome
from hedgerow.policy.admission import Admission
from hedgerow.policy.concurrency import FixedLimit
from hedgerow.policy.waiting_room import QueueRules
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import LONG_POST, SHORT_POST, Bench, bench, stopped
from tests.fakes.policy import burst, route


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return stopped(monkeypatch)


class Upstream:
    """One with a single place, that somebody else may have."""

    def __init__(self, clock: FakeClock, *, taken: bool = True, capacity: int = 5) -> None:
        self.clock = clock
        rules = QueueRules(capacity=capacity, patience=5.0)
        self.admission: Admission[Any] = Admission(FixedLimit(1), random.Random(1), queue=rules)
        if taken:
            self.admission.try_enter(clock.now, "somebody else")

    def request(self, hedge: HedgeRule | None = None, **more: Any) -> Bench:
        policy = more.pop("policy", None) or route(*[hedge] if hedge else [])
        return bench(self.clock, policy, admission=self.admission, **more)

    def becomes_free(self, room: Bench) -> None:
        self.admission.settled(self.clock.now, Outcome.SUCCESS, 0.01)
        self.admission.left(self.clock.now)
        door = room.proxied._door
        assert door is not None
        door.carry_out(self.clock.now)

    @property
    def in_flight(self) -> int:
        return self.admission.statistics().in_flight


class TestFreePlace:
    def test_is_taken_and_given_back(self, clock: FakeClock) -> None:
        upstream = Upstream(clock, taken=False)
        room = upstream.request()
        assert upstream.in_flight == 1
        room.line(1).answers(200, b"hello")
        assert upstream.in_flight == 0

    def test_is_given_back_by_one_that_is_not_sent(self, clock: FakeClock) -> None:
        """With no replica there is no attempt that could end."""
        upstream = Upstream(clock, taken=False)
        room = upstream.request(refuses=(1, 2, 3))
        assert room.status == 503
        assert upstream.in_flight == 0


class TestTakenPlace:
    def test_is_waited_for(self, clock: FakeClock) -> None:
        upstream = Upstream(clock)
        room = upstream.request()
        assert (room.lines, room.output) == ([], b"")
        upstream.becomes_free(room)
        room.line(1).answers(200, b"hello")
        assert room.status == 200
        assert upstream.in_flight == 0

    def test_is_waited_for_no_longer_than_the_deadline(self, clock: FakeClock) -> None:
        room = Upstream(clock).request()  # it has one second
        room.later(1.01)
        assert room.status == 503
        assert len(room.finished) == 1
        assert room.timers == 0

    def test_costs_time_of_the_deadline(self, clock: FakeClock) -> None:
        upstream = Upstream(clock)
        room = upstream.request()
        room.later(0.8)
        upstream.becomes_free(room)
        room.later(0.21)
        assert room.status == 504

    def test_is_refused_where_nobody_may_wait(self, clock: FakeClock) -> None:
        room = Upstream(clock, capacity=0).request()
        assert room.status == 503
        assert b"Retry-After: " in room.output
        assert len(room.finished) == 1

    def test_is_nothing_to_a_client_that_has_left(self, clock: FakeClock) -> None:
        upstream = Upstream(clock)
        room = upstream.request()
        room.proxied.client_left()
        upstream.becomes_free(room)
        assert room.lines == []
        assert upstream.in_flight == 0

    def test_stops_the_upload_of_a_body_that_is_streamed(self, clock: FakeClock) -> None:
        upstream = Upstream(clock)
        room = upstream.request(raw=LONG_POST, max_replay=10)
        assert "pause body" in room.carrier.asked
        upstream.becomes_free(room)
        assert len(room.lines) == 1

    def test_of_a_body_that_ends_meanwhile_gives_the_head_its_whole_time(
        self, clock: FakeClock
    ) -> None:
        upstream = Upstream(clock)
        policy = route(deadline=DeadlineRule(default=1.0, covers="head"))
        room = upstream.request(policy=policy, raw=LONG_POST, max_replay=10)
        room.later(0.5).body(b"x" * 100)
        upstream.becomes_free(room)
        room.later(0.9)
        assert room.status == 0
        room.later(0.2)
        assert room.status == 504

    def test_is_asked_for_once_the_body_is_whole(self, clock: FakeClock) -> None:
        upstream = Upstream(clock, taken=False)
        room = upstream.request(raw=SHORT_POST)
        assert upstream.in_flight == 0
        room.body(b"body")
        assert upstream.in_flight == 1


class TestPlacesOfCopies:
    def test_are_beside_the_limit(self, clock: FakeClock) -> None:
        upstream = Upstream(clock, taken=False)
        room = upstream.request(burst()).later(0.31)
        assert upstream.in_flight == 3
        room.line(2).answers(200, b"hello")
        assert upstream.in_flight == 0

    def test_are_free_when_an_answer_is_committed_to_that_goes_on(self, clock: FakeClock) -> None:
        """A long download must not hold the places of those that lost."""
        upstream = Upstream(clock, taken=False)
        room = upstream.request(burst()).later(0.31)
        room.line(2).begins(200, b"much")
        assert upstream.in_flight == 1
