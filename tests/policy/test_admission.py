import math
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.policy.admission import Admission
from hedgerow.policy.concurrency import ConcurrencyLimit, FixedLimit
from hedgerow.policy.outcomes import Outcome
from hedgerow.policy.refusals import ENTER, LONGEST_RETRY_AFTER, WAIT, Decision, Entry, Reason
from hedgerow.policy.throttle import AdaptiveThrottle
from hedgerow.policy.waiting_room import QueueRules

NOW = 1_000_000.0
SUCCESS, FAILURE, IGNORE = Outcome.SUCCESS, Outcome.FAILURE, Outcome.IGNORE


class NotedLimit:
    """A limit that stays, or does as a test tells it, and notes its samples."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.then = limit
        self.seen: list[tuple[float, int, bool]] = []

    def sample(self, now: float, rtt: float, in_flight: int, *, dropped: bool) -> None:
        self.seen.append((rtt, in_flight, dropped))
        self.limit = self.then


def door(
    limit: int | ConcurrencyLimit = 2,
    *,
    capacity: int = 3,
    throttle: AdaptiveThrottle | None = None,
) -> Admission[str]:
    concurrency = FixedLimit(limit) if isinstance(limit, int) else limit
    rules = QueueRules(capacity=capacity, patience=5.0)
    return Admission(concurrency, random.Random(1), queue=rules, throttle=throttle)


def full(capacity: int = 3) -> Admission[str]:
    """Two are in flight, as many as may be."""
    admission = door(capacity=capacity)
    for name in "AB":
        assert admission.try_enter(NOW, name) is ENTER
    return admission


def leave(admission: Admission[Any], now: float, outcome: Outcome, rtt: float) -> None:
    """An attempt's head has come, and its body with it."""
    admission.settled(now, outcome, rtt)
    admission.left(now)


def refused(admission: Admission[str], reason: Reason) -> int:
    return admission.statistics().refused.get(reason, 0)


def decided(admission: Admission[str]) -> list[tuple[str, Entry]]:
    decisions = list(admission.decided)
    admission.decided.clear()
    return decisions


class TestFreePlace:
    def test_is_taken_at_once(self) -> None:
        assert door().try_enter(NOW, "a") is ENTER

    def test_is_not_needed_by_an_expired_request(self) -> None:
        entry = door().try_enter(NOW, "a", deadline_at=NOW)
        assert (entry.reason, entry.status, entry.retry_after) == (Reason.EXPIRED, 504, 0)

    def test_is_free_again_when_somebody_has_left(self) -> None:
        admission = full()
        leave(admission, NOW, SUCCESS, 0.01)
        assert admission.try_enter(NOW, "a") is ENTER


class TestFullUpstream:
    def test_lets_the_next_wait(self) -> None:
        admission = full()
        assert admission.try_enter(NOW, "a") is WAIT
        assert admission.statistics().waiting == 1

    def test_refuses_when_the_queue_is_full_too(self) -> None:
        admission = full(capacity=1)
        admission.try_enter(NOW, "a")
        entry = admission.try_enter(NOW, "b")
        assert (entry.decision, entry.reason) == (Decision.REFUSE, Reason.QUEUE_FULL)

    def test_gives_a_place_to_the_next_when_somebody_leaves(self) -> None:
        admission = full()
        admission.try_enter(NOW, "a")
        admission.try_enter(NOW, "b")
        leave(admission, NOW + 0.1, SUCCESS, 0.1)
        assert decided(admission) == [("a", ENTER)]

    def test_keeps_a_place_for_those_who_wait(self) -> None:
        concurrency = NotedLimit(1)
        admission = door(concurrency)
        admission.try_enter(NOW, "A")
        admission.try_enter(NOW, "a")
        concurrency.limit = 2
        assert admission.try_enter(NOW, "b") is WAIT

    def test_evicts_for_a_more_urgent_one(self) -> None:
        admission = full(capacity=1)
        admission.try_enter(NOW, "a", priority=5)
        assert admission.try_enter(NOW, "b", priority=1) is WAIT
        [(name, entry)] = decided(admission)
        assert (name, entry.reason) == ("a", Reason.EVICTED)

    def test_forgets_a_client_that_left(self) -> None:
        admission = full()
        admission.try_enter(NOW, "a")
        admission.client_left(NOW, "a")
        leave(admission, NOW, SUCCESS, 0.01)
        assert decided(admission) == []
        assert admission.statistics().client_left == 1

    def test_knows_no_stranger(self) -> None:
        admission = full()
        admission.client_left(NOW, "A")
        assert admission.statistics().client_left == 0


class TestTimer:
    def test_is_due_when_somebody_s_patience_ends(self) -> None:
        admission = full()
        assert admission.due_at == math.inf
        admission.try_enter(NOW, "a")
        assert admission.due_at == NOW + 5.0

    def test_refuses_those_whose_time_is_up(self) -> None:
        admission = full()
        admission.try_enter(NOW, "a", deadline_at=NOW + 1.0)
        admission.timer_fired(NOW + 1.0)
        [(name, entry)] = decided(admission)
        assert (name, entry.reason) == ("a", Reason.TOO_LATE)

    def test_is_harmless_when_it_comes_early(self) -> None:
        admission = full()
        admission.try_enter(NOW, "a")
        admission.timer_fired(NOW + 1.0)
        assert decided(admission) == []


class TestLimit:
    def test_that_grows_lets_several_in(self) -> None:
        concurrency = NotedLimit(1)
        admission = door(concurrency)
        for name in "Aabc":
            admission.try_enter(NOW, name)
        concurrency.then = 2
        leave(admission, NOW, SUCCESS, 0.01)
        assert decided(admission) == [("a", ENTER), ("b", ENTER)]

    def test_that_grows_by_an_answer_lets_in_who_waits_at_once(self) -> None:
        """Its body may be long, and nobody would leave until then."""
        limit = NotedLimit(1)
        admission = door(limit)
        admission.try_enter(NOW, "A")
        for name in "BC":
            assert admission.try_enter(NOW, name) is WAIT
        limit.then = 3
        admission.settled(NOW + 1.0, SUCCESS, 1.0)
        assert [name for name, _ in decided(admission)] == ["B", "C"]

    def test_that_shrinks_throws_nobody_out(self) -> None:
        concurrency = NotedLimit(2)
        admission = door(concurrency)
        for name in "ABa":
            admission.try_enter(NOW, name)
        concurrency.then = 1
        leave(admission, NOW, SUCCESS, 0.01)
        assert decided(admission) == []
        leave(admission, NOW, SUCCESS, 0.01)
        assert decided(admission) == [("a", ENTER)]

    @pytest.mark.parametrize(
        ("outcome", "seen"),
        [(SUCCESS, [(0.01, 2, False)]), (FAILURE, [(0.01, 2, True)]), (IGNORE, [])],
    )
    def test_learns_from_what_its_upstream_did(
        self, outcome: Outcome, seen: list[tuple[float, int, bool]]
    ) -> None:
        concurrency = NotedLimit(2)
        admission = door(concurrency)
        for name in "AB":
            admission.try_enter(NOW, name)
        leave(admission, NOW, outcome, 0.01)
        assert concurrency.seen == seen


class TestCopy:
    def test_takes_a_place(self) -> None:
        admission = door()
        admission.try_enter(NOW, "A")
        admission.copy_started()
        assert admission.try_enter(NOW, "a") is WAIT

    def test_is_never_refused(self) -> None:
        admission = full()
        admission.copy_started()
        assert admission.statistics().in_flight == 3

    def test_gives_its_place_back(self) -> None:
        admission = full()
        admission.copy_started()
        admission.try_enter(NOW, "a")
        leave(admission, NOW, IGNORE, 0.01)
        assert decided(admission) == []
        leave(admission, NOW, SUCCESS, 0.01)
        assert decided(admission) == [("a", ENTER)]


class TestRetryAfter:
    def refusals(self, count: int, *, service: float) -> list[int]:
        admission = full(capacity=1)
        leave(admission, NOW, SUCCESS, service)
        admission.try_enter(NOW, "A")
        admission.try_enter(NOW, "a")
        return [admission.try_enter(NOW, f"b{n}").retry_after for n in range(count)]

    def test_is_a_second_at_least(self) -> None:
        assert self.refusals(1, service=0.001) == [1]

    def test_is_what_serving_all_of_them_would_take(self) -> None:
        # 200 came in vain, 2 at a time, 0.1 s each: 10 to 20 s, and the second.
        told = self.refusals(200, service=0.1)
        assert all(11 <= seconds <= 21 for seconds in told[-10:])

    def test_counts_those_who_wait(self) -> None:
        admission = full(capacity=100)
        leave(admission, NOW, SUCCESS, 1.0)
        admission.try_enter(NOW, "A")
        for number in range(100):
            admission.try_enter(NOW, f"a{number}")
        assert admission.try_enter(NOW, "b").retry_after > 50

    def test_is_spread(self) -> None:
        assert len(set(self.refusals(200, service=0.1)[-50:])) > 5

    def test_is_bounded(self) -> None:
        assert max(self.refusals(200, service=100.0)) == LONGEST_RETRY_AFTER

    def test_forgets_those_of_a_while_ago(self) -> None:
        admission = full(capacity=0)
        leave(admission, NOW, SUCCESS, 0.1)
        admission.try_enter(NOW, "A")
        for number in range(200):
            admission.try_enter(NOW, f"b{number}")
        assert admission.try_enter(NOW + 2.0, "x").retry_after == 1


class TestEntering:
    """The way of the many: one question, and nothing to carry out."""

    def test_takes_a_place(self) -> None:
        admission = door(1)
        assert admission.enters(NOW, NOW + 1.0)
        assert not admission.enters(NOW, NOW + 1.0)
        assert (admission.statistics().in_flight, admission.statistics().entered) == (1, 1)

    def test_is_not_for_one_whose_time_is_up(self) -> None:
        assert not door(1).enters(NOW, NOW)

    def test_is_not_past_those_who_wait(self) -> None:
        admission = full()
        assert admission.try_enter(NOW, "a") is WAIT
        admission._in_flight = 0  # a place that nobody has been given yet
        assert not admission.enters(NOW, NOW + 1.0)

    def test_is_not_past_a_throttle_that_has_seen_failures(self) -> None:
        throttle = AdaptiveThrottle(random.Random(1))
        admission = door(1, throttle=throttle)
        throttle.ended(NOW, accepted=False)
        assert not admission.enters(NOW, NOW + 1.0)
        assert admission.enters(NOW + 31.0, NOW + 32.0)


class TestThrottle:
    def test_refuses_what_the_upstream_would(self) -> None:
        throttle = AdaptiveThrottle(random.Random(1))
        admission = door(1, throttle=throttle)
        for number in range(200):
            if admission.try_enter(NOW, f"a{number}") is ENTER:
                leave(admission, NOW, FAILURE, 0.01)
        assert refused(admission, Reason.THROTTLED) > 100

    def test_does_not_count_what_we_cancelled(self) -> None:
        throttle = AdaptiveThrottle(random.Random(1))
        admission = door(1, throttle=throttle)
        admission.try_enter(NOW, "a")
        leave(admission, NOW, IGNORE, 0.01)
        assert throttle.statistics(NOW).requests == 0


class TestStatistics:
    def test_tell_what_has_happened(self) -> None:
        admission = full(capacity=1)
        admission.try_enter(NOW, "a")
        admission.try_enter(NOW, "b")
        leave(admission, NOW + 0.05, SUCCESS, 0.05)
        told = admission.statistics()
        assert (told.limit, told.in_flight, told.waiting) == (2, 2, 0)
        assert (told.entered, told.entered_after_wait) == (3, 1)
        assert told.refused == {Reason.QUEUE_FULL: 1}
        assert told.service_time == pytest.approx(0.05)

    def test_hold_the_queue_times(self) -> None:
        admission = full()
        admission.try_enter(NOW, "a")
        leave(admission, NOW + 0.05, SUCCESS, 0.05)
        assert admission.queue_times.count == 1
        assert admission.queue_times.max == pytest.approx(50_000, rel=0.02)


class TestRefusal:
    def test_allocates_nothing_of_its_own(self) -> None:
        admission = full(capacity=0)
        first = {id(admission.try_enter(NOW, "a")) for _ in range(50)}
        again = {id(admission.try_enter(NOW + 9.0, "a")) for _ in range(50)}
        assert first == again


events = st.lists(
    st.tuples(
        st.sampled_from(["come", "come", "come", "leave", "leave", "vanish", "timer"]),
        st.floats(0.0, 0.2),
        st.integers(0, 7),
    ),
    max_size=150,
)


class TestAnyOrderOfEvents:
    @given(events, st.integers(1, 4), st.integers(0, 4))
    def test_keeps_the_limit_and_lets_everybody_leave_once(
        self, events: list[tuple[str, float, int]], limit: int, capacity: int
    ) -> None:
        rules = QueueRules(capacity=capacity, patience=0.5)
        admission: Admission[int] = Admission(FixedLimit(limit), random.Random(1), queue=rules)
        now, in_flight, waiting, ends = NOW, 0, set[int](), Counter[int]()

        def note(number: int, entry: Entry) -> int:
            waiting.discard(number)
            if entry.decision is Decision.WAIT:
                waiting.add(number)
            else:
                ends[number] += 1
            return entry.decision is Decision.ENTER

        for number, (event, gap, which) in enumerate(events):
            now += gap
            if event == "come":
                deadline_at = now + 0.1 * which
                entry = admission.try_enter(now, number, deadline_at=deadline_at, priority=which)
                in_flight += note(number, entry)
            elif event == "leave" and in_flight:
                in_flight -= 1
                leave(admission, now, SUCCESS, 0.05)
            elif event == "vanish" and waiting:
                gone = sorted(waiting)[which % len(waiting)]
                waiting.discard(gone)
                ends[gone] += 1
                admission.client_left(now, gone)
            elif event == "timer":
                admission.timer_fired(now)
            while admission.decided:
                in_flight += note(*admission.decided.popleft())
            told = admission.statistics()
            assert told.in_flight == in_flight <= limit
            assert told.waiting == len(waiting) <= capacity
        assert all(count == 1 for count in ends.values())
        told = admission.statistics()
        came = sum(event == "come" for event, _, _ in events)
        left = told.entered + told.client_left + sum(told.refused.values())
        assert left + len(waiting) == came == sum(ends.values()) + len(waiting)
