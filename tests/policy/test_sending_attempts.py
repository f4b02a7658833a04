"""When attempts are sent, how many, where to, and at whose expense."""

import math

import pytest

from hedgerow.errors import Failure
from hedgerow.policy import (
    AnswerRule,
    DeadlineRule,
    HedgeRule,
    Kind,
    LoadBudget,
    Policy,
    Step,
)
from tests.fakes.policy import (
    START,
    BodyJudged,
    Fails,
    FixedBudget,
    Happening,
    Head,
    Race,
    burst,
    retrying,
    route,
    staggered,
)

TRANSIENT: list[Happening] = [
    *(Head(status) for status in (408, 425, 429, 500, 502, 503, 504, 599)),
    *(Fails(failure) for failure in Failure),
]


def same_replica(extra: int = 2) -> HedgeRule:
    return HedgeRule(0.1, extra, "staggered", 1 + extra, same_replica=True)


def only_replica(extra: int = 2) -> Policy:
    """One replica, which may be asked again: all that pushback can hold back."""
    return route(same_replica(extra), replica_count=1)


class TestPrimary:
    def test_goes_at_once(self) -> None:
        assert Race(route(burst())).sent == [(0.0, 1)]

    def test_is_never_charged_to_the_budget(self) -> None:
        empty = FixedBudget(0)
        assert Race(route(burst(), budget=empty)).sent == [(0.0, 1)]
        assert empty.asked == 0

    def test_starts_the_delay_when_it_is_dispatched_not_when_the_request_arrived(self) -> None:
        waited_in_a_queue = Race(route(burst(delay=0.3)), start=0.2)
        assert waited_in_a_queue.until(0.99).sent == [(0.2, 1), (0.5, 2), (0.5, 3)]


class TestTransientFailure:
    @pytest.mark.parametrize("happening", TRANSIENT, ids=str)
    def test_launches_the_next_attempt_at_once(self, happening: Happening) -> None:
        race = Race(route(staggered())).play((0.05, 1, happening))
        assert race.sent == [(0.0, 1), (0.05, 2)]
        assert race.attempt(2).kind is Kind.RETRY

    def test_may_be_a_body_that_the_route_cannot_use(self) -> None:
        policy = route(staggered(), answers=AnswerRule(body="json"))
        race = Race(policy).play((0.04, 1, Head(200)), (0.05, 1, BodyJudged(usable=False)))
        assert race.sent == [(0.0, 1), (0.05, 2)]

    def test_may_be_any_status_that_the_route_does_not_list(self) -> None:
        policy = route(staggered(), answers=AnswerRule(frozenset({200})))
        assert Race(policy).play((0.05, 1, Head(404))).sent == [(0.0, 1), (0.05, 2)]

    def test_starts_the_delay_anew(self) -> None:
        race = Race(route(staggered(delay=0.1))).play((0.05, 1, Head(500)))
        assert race.until(0.16).sent == [(0.0, 1), (0.05, 2), (0.15, 3)]

    def test_uses_up_one_attempt_only_once(self) -> None:
        race = Race(route(staggered())).play((0.05, 1, Head(500)), (0.06, 1, Fails()))
        assert race.sent == [(0.0, 1), (0.05, 2)]


class TestPushback:
    def test_means_not_before_for_the_replica_that_said_so(self) -> None:
        race = Race(only_replica()).play((0.05, 1, Head(429, retry_after=0.4)))
        assert race.until(0.99).sent[:2] == [(0.0, 1), (0.45, 2)]

    def test_does_not_hold_back_a_copy_to_another_replica(self) -> None:
        race = Race(route(staggered())).play((0.05, 1, Head(429, retry_after=0.4)))
        assert race.sent == [(0.0, 1), (0.05, 2)]

    def test_of_nothing_means_at_once(self) -> None:
        race = Race(only_replica()).play((0.05, 1, Head(429, retry_after=0.0)))
        assert race.sent == [(0.0, 1), (0.05, 2)]

    def test_beyond_the_deadline_means_never(self) -> None:
        race = Race(only_replica()).play((0.05, 1, Head(503, retry_after=30.0)))
        assert (race.last, race.winner) == (Step.FORWARD, 1)
        assert race.until().sent == [(0.0, 1)]

    @pytest.mark.parametrize("unreadable", [-1.0, math.nan])
    def test_that_says_never_leaves_the_replica_alone(self, unreadable: float) -> None:
        race = Race(only_replica()).play((0.05, 1, Head(503, retry_after=unreadable)))
        assert race.steps[-1] == (0.05, Step.FORWARD)

    def test_that_says_never_still_lets_others_be_asked(self) -> None:
        race = Race(route(staggered())).play((0.05, 1, Head(503, retry_after=-1.0)))
        assert race.sent == [(0.0, 1), (0.05, 2)]

    def test_holds_back_hedges_to_the_same_replica_too(self) -> None:
        race = Race(only_replica()).play((0.15, 2, Head(429, retry_after=0.25)))
        assert race.until(0.41).sent == [(0.0, 1), (0.1, 2), (0.4, 3)]

    def test_longest_one_of_a_replica_counts(self) -> None:
        race = Race(only_replica(extra=3)).play(
            (0.15, 1, Head(429, retry_after=0.5)), (0.16, 2, Head(429, retry_after=0.1))
        )
        assert race.until(0.99).sent[2:] == [(0.65, 3), (0.75, 4)]

    def test_that_ends_first_is_the_one_waited_for(self) -> None:
        race = Race(route(same_replica(), replica_count=2))
        race.play((0.05, 1, Head(429, retry_after=0.6)), (0.06, 2, Head(429, retry_after=0.1)))
        race.until(0.3)
        assert race.sent[2:] == [(0.16, 3)]
        assert race.attempt(3).replica is race.attempt(2).replica

    def test_does_not_hold_back_an_answer_that_is_under_way(self) -> None:
        race = Race(only_replica())
        race.play((0.15, 1, Head(503, retry_after=0.5)), (0.2, 2, Head(200)))
        assert (race.last, race.winner) == (Step.FORWARD, 2)

    def test_delays_no_answer_where_no_attempt_is_left_to_send(self) -> None:
        race = Race(route(retrying(1))).play((0.05, 1, Head(429, retry_after=0.4)))
        assert race.steps[-1] == (0.05, Step.FORWARD)

    def test_delays_no_answer_where_no_replica_is_left_to_send_it_to(self) -> None:
        race = Race(route(staggered(), replica_count=1))
        assert race.play((0.05, 1, Head(429, retry_after=0.4))).steps[-1] == (0.05, Step.FORWARD)

    def test_is_followed_by_a_retry_not_a_hedge(self) -> None:
        race = Race(only_replica()).play((0.15, 2, Head(429, retry_after=0.25)))
        assert race.until(0.41).attempt(3).kind is Kind.RETRY


class TestBurst:
    def test_sends_all_its_copies_together_when_the_delay_has_passed(self) -> None:
        assert Race(route(burst())).until(0.99).sent == [(0.0, 1), (0.3, 2), (0.3, 3)]

    def test_sends_all_its_copies_together_at_the_first_failure(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Head(500)))
        assert race.until(0.99).sent == [(0.0, 1), (0.1, 2), (0.1, 3)]

    def test_sends_no_more_at_a_later_failure(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Head(500)), (0.2, 2, Head(500)))
        assert len(race.until(0.99).sent) == 3

    def test_sends_retries_one_by_one_where_the_rule_leaves_room_for_them(self) -> None:
        rule = HedgeRule(0.3, 2, "burst", max_attempts=5)
        race = Race(route(rule)).play((0.1, 1, Fails()), (0.2, 2, Fails()))
        assert race.sent == [(0.0, 1), (0.1, 2), (0.1, 3), (0.2, 4)]


class TestStaggered:
    def test_sends_one_copy_at_each_delay(self) -> None:
        race = Race(route(staggered(delay=0.1, extra=3)))
        assert race.until(0.99).sent == [(0.0, 1), (0.1, 2), (0.2, 3), (0.3, 4)]

    def test_retries_beyond_its_copies_where_the_rule_leaves_room_for_them(self) -> None:
        race = Race(route(staggered(delay=0.1, extra=1, max_attempts=3)))
        race.until(0.5).play((0.6, 1, Fails()))
        assert race.sent == [(0.0, 1), (0.1, 2), (0.6, 3)]


class TestLoadBudget:
    def test_counts_hedges_and_retries_together(self) -> None:
        policy = route(staggered(delay=0.1, extra=3), budget=FixedBudget(2))
        race = Race(policy).play((0.15, 1, Fails())).until(0.9)
        assert [a.kind for a in race.exchange.attempts[1:]] == [Kind.HEDGE, Kind.RETRY]

    def test_is_filled_by_requests_not_by_attempts(self) -> None:
        budget = FixedBudget(2)
        Race(route(burst(), budget=budget)).until(0.5)
        assert budget.deposits == 1

    def test_allows_part_of_a_burst(self) -> None:
        race = Race(route(burst(), budget=FixedBudget(1)))
        assert race.until(0.99).sent == [(0.0, 1), (0.3, 2)]

    def test_asked_by_time_never_fails_the_call(self) -> None:
        race = Race(route(burst(), budget=FixedBudget(0))).play((0.8, 1, Head(200)))
        assert (race.last, race.winner) == (Step.FORWARD, 1)

    def test_asked_after_a_failure_waits_for_those_in_flight(self) -> None:
        race = Race(route(staggered(), budget=FixedBudget(1)))
        race.play((0.15, 1, Head(500)), (0.8, 2, Head(200)))
        assert (race.last, race.winner) == (Step.FORWARD, 2)

    def test_asked_when_nothing_is_in_flight_leaves_the_real_answer(self) -> None:
        race = Race(route(staggered(), budget=FixedBudget(0))).play((0.05, 1, Head(503)))
        assert race.steps[-1] == (0.05, Step.FORWARD)

    def test_is_asked_again_after_another_delay_when_copies_are_staggered(self) -> None:
        budget = LoadBudget(share=0.0, reserve=10.0)  # one more attempt every 100 ms
        budget.withdraw(START + 0.05)
        race = Race(route(staggered(delay=0.1, extra=1), budget=budget)).until(0.5)
        assert race.sent == [(0.0, 1), (0.2, 2)]

    def test_is_not_asked_again_for_a_burst(self) -> None:
        budget = FixedBudget(0)
        Race(route(burst(delay=0.1), budget=budget)).until(0.9)
        assert budget.asked == 1

    def test_is_asked_once_for_what_fails_at_the_moment_of_a_hedge(self) -> None:
        per_try = DeadlineRule(default=1.0, per_try=0.2)
        budget = FixedBudget(1)
        race = Race(route(staggered(delay=0.1), deadline=per_try, budget=budget)).until(0.2)
        assert budget.asked == 2
        assert race.due > 0.2


class TestReplica:
    def test_of_a_copy_is_another_one(self) -> None:
        race = Race(route(burst(same_replica=False), replica_count=3)).until(0.5)
        assert len({attempt.replica for attempt in race.exchange.attempts}) == 3

    def test_that_has_been_tried_is_not_hedged_to(self) -> None:
        race = Race(route(burst(same_replica=False), replica_count=2)).until(0.99)
        assert race.sent == [(0.0, 1), (0.3, 2)]

    def test_that_has_been_tried_is_used_again_where_the_route_allows(self) -> None:
        race = Race(route(burst(same_replica=True), replica_count=1)).until(0.99)
        assert len(race.sent) == 3

    def test_not_tried_yet_comes_before_a_tried_one(self) -> None:
        race = Race(route(burst(same_replica=True), replica_count=2)).until(0.99)
        assert len({attempt.replica for attempt in race.exchange.attempts[:2]}) == 2

    def test_tried_last_is_the_last_to_be_used_again(self) -> None:
        race = Race(route(burst(same_replica=True), replica_count=2)).until(0.99)
        assert race.attempt(3).replica is race.attempt(1).replica

    def test_that_is_missing_costs_the_budget_nothing(self) -> None:
        budget = FixedBudget(1)
        Race(route(staggered(), replica_count=1, budget=budget)).until(0.99)
        assert budget.asked == 0

    def test_that_is_missing_is_not_looked_for_at_every_delay(self) -> None:
        race = Race(route(staggered(delay=0.001), replica_count=1)).until(0.1)
        assert race.due == 1.0


class TestRequestThatMayNotBeRepeated:
    def test_is_never_hedged(self) -> None:
        race = Race(route(burst()), may_repeat=False).until(0.99)
        assert race.sent == [(0.0, 1)]

    @pytest.mark.parametrize("happening", [Head(503), Fails(Failure.RESET), Fails(Failure.TIMEOUT)])
    def test_is_not_retried_once_the_upstream_may_have_seen_it(self, happening: Happening) -> None:
        race = Race(route(burst()), may_repeat=False).play((0.1, 1, happening))
        assert race.until().sent == [(0.0, 1)]

    @pytest.mark.parametrize("failure", [Failure.CONNECT, Failure.NO_CAPACITY])
    def test_is_retried_when_no_byte_of_it_was_sent(self, failure: Failure) -> None:
        race = Race(route(retrying(3)), may_repeat=False).play((0.1, 1, Fails(failure)))
        assert race.sent == [(0.0, 1), (0.1, 2)]

    def test_is_never_in_flight_twice_even_where_the_route_sends_bursts(self) -> None:
        race = Race(route(burst()), may_repeat=False).play((0.1, 1, Fails(Failure.CONNECT)))
        assert race.until(0.99).sent == [(0.0, 1), (0.1, 2)]

    def test_is_not_hedged_either_once_it_has_been_retried(self) -> None:
        race = Race(route(staggered(delay=0.1)), may_repeat=False)
        race.play((0.05, 1, Fails(Failure.CONNECT))).until(0.99)
        assert race.sent == [(0.0, 1), (0.05, 2)]

    def test_is_not_retried_after_a_later_attempt_reached_an_upstream(self) -> None:
        race = Race(route(retrying(3)), may_repeat=False)
        race.play((0.1, 1, Fails(Failure.CONNECT)), (0.2, 2, Fails(Failure.RESET)))
        assert len(race.sent) == 2
        assert race.steps[-1] == (0.2, Step.REPLY)
