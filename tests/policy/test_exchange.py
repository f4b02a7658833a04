import math

import pytest

from hedgerow.errors import Failure
from hedgerow.policy import (
    AnswerRule,
    DeadlineRule,
    Exchange,
    Kind,
    Outcome,
    Situation,
    State,
    Step,
    best_failure,
)
from tests.fakes.policy import (
    START,
    BodyBegins,
    BodyJudged,
    Ends,
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

EVERYTHING: list[Happening] = [
    *(Head(200), Head(404), Head(503), BodyBegins(), BodyJudged(), BodyJudged(usable=False)),
    *(Fails(), Ends()),
]
JSON_ONLY = AnswerRule(body="json")


def new() -> Exchange:
    return Exchange(route(burst()), deadline_at=START + 1.0, may_repeat=True)


def racing() -> Race:
    return Race(route(burst())).until(0.2)


def hedged() -> Race:
    return Race(route(burst())).until(0.4)


def committed() -> Race:
    return hedged().play((0.5, 2, Head(200)))


def done() -> Race:
    return committed().play((0.6, 2, Ends()))


class TestNewExchange:
    def test_asks_for_no_timer(self) -> None:
        assert new().due_at == math.inf

    def test_launches_one_attempt_when_it_starts(self) -> None:
        exchange = new()
        assert exchange.start(START) is Step.LAUNCH
        assert [attempt.kind for attempt in exchange.launched] == [Kind.PRIMARY]

    def test_starts_only_once(self) -> None:
        exchange = new()
        exchange.start(START)
        assert exchange.start(START + 0.1) is Step.WAIT
        assert len(exchange.attempts) == 1

    def test_ignores_a_timer(self) -> None:
        exchange = new()
        assert exchange.timer_fired(START + 5.0) is Step.WAIT
        assert exchange.state is State.NEW

    def test_is_not_a_request_yet_when_the_client_leaves(self) -> None:
        policy = route(burst())
        exchange = Exchange(policy, deadline_at=START + 1.0, may_repeat=True)
        exchange.client_left(START)
        assert exchange.start(START) is Step.WAIT
        assert (policy.counters.requests, policy.counters.abandoned) == (0, 0)

    def test_without_a_replica_is_unavailable(self) -> None:
        race = Race(route(replica_count=0))
        assert (race.last, race.exchange.situation) == (Step.REPLY, Situation.UNAVAILABLE)
        assert race.counters.failed == 1


class TestTimer:
    def test_is_due_at_the_hedge(self) -> None:
        assert racing().due == 0.3

    def test_is_due_at_the_deadline_when_all_copies_are_out(self) -> None:
        assert hedged().due == 1.0

    def test_is_due_when_the_first_attempts_own_time_is_over(self) -> None:
        per_try = DeadlineRule(default=1.0, per_try=0.2)
        assert Race(route(burst(), deadline=per_try)).due == 0.2

    def test_is_not_due_for_the_own_time_of_an_attempt_that_failed(self) -> None:
        per_try = DeadlineRule(default=1.0, per_try=0.5)
        race = Race(route(staggered(delay=0.8), deadline=per_try)).play((0.1, 1, Fails()))
        assert race.due == 0.6

    def test_is_due_at_the_deadline_while_the_answer_is_forwarded(self) -> None:
        assert committed().due == 1.0

    def test_is_never_due_again_after_the_end(self) -> None:
        assert done().due == math.inf

    def test_that_comes_early_changes_nothing(self) -> None:
        race = racing()
        assert race.exchange.timer_fired(START + 0.29) is Step.WAIT
        assert race.due == 0.3

    def test_that_comes_late_still_hedges(self) -> None:
        race = racing()
        assert race.exchange.timer_fired(START + 0.7) is Step.LAUNCH

    def test_that_comes_twice_hedges_once(self) -> None:
        race = racing()
        race.exchange.timer_fired(START + 0.3)
        assert race.exchange.timer_fired(START + 0.3) is Step.WAIT
        assert len(race.exchange.attempts) == 3

    def test_without_a_delay_between_copies_does_not_spin(self) -> None:
        race = Race(route(staggered(delay=0.0, extra=3))).until(0.0)
        assert race.sent == [(0.0, 1), (0.0, 2), (0.0, 3), (0.0, 4)]
        assert race.due == 1.0


class TestStreamedRequest:
    """Its deadline covers the head only, and counts from the end of the request."""

    RULE = DeadlineRule(default=1.0, per_try=0.7, covers="head")

    def streaming(self) -> Race:
        return Race(route(deadline=self.RULE), deadline=math.inf, may_repeat=False)

    def test_has_no_deadline_while_it_is_being_sent(self) -> None:
        policy = route(deadline=DeadlineRule(default=1.0, covers="head"))
        assert Race(policy, deadline=math.inf, may_repeat=False).due == math.inf

    def test_has_its_deadline_once_it_is_out(self) -> None:
        race = self.streaming()
        race.exchange.request_ended(START + 0.5, START + 1.1)
        assert race.due == 1.1
        assert race.until().steps[-1] == (1.1, Step.REPLY)

    def test_gives_its_attempt_its_own_time_anew(self) -> None:
        race = self.streaming()
        race.exchange.request_ended(START + 0.5, START + 1.5)
        assert race.due == 1.2

    def test_gains_no_time_by_ending_twice(self) -> None:
        race = self.streaming()
        race.exchange.request_ended(START + 0.5, START + 1.1)
        race.exchange.request_ended(START + 0.6, START + 9.9)
        assert race.due == 1.1

    def test_has_no_deadline_when_its_answer_came_before_its_end(self) -> None:
        race = self.streaming().play((0.1, 1, Head(200)))
        race.exchange.request_ended(START + 0.5, START + 1.5)
        assert race.due == math.inf


class TestHeldAnswer:
    def test_is_not_forwarded_before_its_body_is_judged(self) -> None:
        race = Race(route(burst(), answers=JSON_ONLY)).play((0.1, 1, Head(200)))
        assert (race.last, race.winner) == (Step.HOLD, None)

    def test_does_not_stop_the_hedge(self) -> None:
        race = Race(route(burst(), answers=JSON_ONLY)).play((0.1, 1, Head(200)))
        assert len(race.until(0.3).sent) == 3

    def test_is_held_on_at_the_first_byte_of_its_body(self) -> None:
        race = Race(route(burst(), answers=JSON_ONLY))
        race.play((0.1, 1, Head(200)), (0.2, 1, BodyBegins()))
        assert race.steps[-1] == (0.2, Step.HOLD)

    def test_wins_when_its_body_is_usable(self) -> None:
        race = Race(route(burst(), answers=JSON_ONLY))
        race.play((0.1, 1, Head(200)), (0.2, 1, BodyJudged()))
        assert (race.last, race.winner) == (Step.FORWARD, 1)

    def test_may_end_before_it_is_judged(self) -> None:
        race = Race(route(burst(), answers=JSON_ONLY))
        race.play((0.1, 1, Head(200)), (0.2, 1, Ends()), (0.2, 1, BodyJudged()))
        assert (race.last, race.state, race.counters.answered) == (Step.FORWARD, State.DONE, 1)

    def test_loses_to_one_that_is_judged_sooner(self) -> None:
        race = Race(route(burst(), answers=JSON_ONLY))
        race.play((0.1, 1, Head(200)), (0.4, 2, Head(200)), (0.5, 2, BodyJudged()))
        assert race.winner == 2
        assert race.cancelled == [(0.5, 1), (0.5, 3)]

    def test_that_breaks_off_is_a_failure_like_any_other(self) -> None:
        race = Race(route(burst(), answers=JSON_ONLY))
        race.play((0.1, 1, Head(200)), (0.2, 1, Fails()))
        assert race.sent == [(0.0, 1), (0.2, 2), (0.2, 3)]

    def test_of_a_final_status_is_not_held(self) -> None:
        race = Race(route(burst(), answers=JSON_ONLY)).play((0.1, 1, Head(404)))
        assert race.last is Step.FORWARD

    def test_ends_with_its_own_time(self) -> None:
        per_try = DeadlineRule(default=1.0, per_try=0.2)
        policy = route(retrying(2), answers=JSON_ONLY, deadline=per_try)
        race = Race(policy).play((0.1, 1, Head(200))).until(0.2)
        assert race.cancelled == [(0.2, 1)]
        assert race.attempt(1).failure is Failure.TIMEOUT

    def test_is_not_cancelled_when_its_time_is_over_but_all_of_it_is_here(self) -> None:
        per_try = DeadlineRule(default=1.0, per_try=0.2)
        policy = route(retrying(2), answers=JSON_ONLY, deadline=per_try)
        race = Race(policy).play((0.1, 1, Head(200)), (0.1, 1, Ends())).until(0.2)
        assert race.cancelled == []


class TestRacingAttempt:
    def test_keeps_its_first_head(self) -> None:
        race = Race(route(burst(), answers=JSON_ONLY))
        race.play((0.1, 1, Head(200)), (0.2, 1, Head(500)))
        assert (race.attempt(1).status, len(race.sent)) == (200, 1)

    @pytest.mark.parametrize("happening", [BodyBegins(), BodyJudged()], ids=str)
    def test_has_no_body_before_its_head(self, happening: Happening) -> None:
        race = racing().play((0.2, 1, happening))
        assert race.state is State.RACING

    def test_that_failed_cannot_win_any_more(self) -> None:
        race = racing().play((0.2, 1, Fails()), (0.25, 1, Head(200)))
        assert race.state is State.RACING

    def test_leaves_its_replica_when_it_ends(self) -> None:
        race = racing().play((0.2, 1, Fails()))
        assert race.attempt(1).replica.in_flight == 0

    def test_leaves_its_replica_only_once(self) -> None:
        race = racing().play((0.2, 1, Fails()), (0.21, 1, Ends()), (0.22, 1, Fails()))
        assert race.attempt(1).replica.in_flight == 0

    def test_whose_answer_is_kept_stays_in_flight_until_it_ends(self) -> None:
        race = racing().play((0.2, 1, Head(500)))
        assert race.attempt(1).replica.in_flight == 1


class TestCommittedExchange:
    @pytest.mark.parametrize("happening", EVERYTHING, ids=str)
    def test_ignores_what_happens_to_those_that_lost(self, happening: Happening) -> None:
        race = committed().play((0.6, 1, happening))
        assert (race.state, race.last, race.winner) == (State.COMMITTED, Step.FORWARD, 2)
        assert race.attempt(1).outcome is Outcome.IGNORE

    def test_ends_with_its_answer(self) -> None:
        assert done().state is State.DONE

    def test_counts_the_answer_when_it_has_ended_and_not_before(self) -> None:
        assert committed().counters.answered == 0
        assert done().counters.answered == 1

    def test_is_not_broken_off_by_what_had_been_due_before(self) -> None:
        race = racing().play((0.25, 1, Head(200)))
        assert race.exchange.timer_fired(START + 0.3) is Step.WAIT


class TestFinishedExchange:
    @pytest.mark.parametrize("number", [1, 2])
    @pytest.mark.parametrize("happening", EVERYTHING, ids=str)
    def test_ignores_whatever_comes(self, happening: Happening, number: int) -> None:
        race = done()
        before = [repr(attempt) for attempt in race.exchange.attempts]
        race.play((0.7, number, happening))
        assert race.last is Step.FORWARD
        assert [repr(attempt) for attempt in race.exchange.attempts] == before

    def test_ignores_its_timer(self) -> None:
        assert done().exchange.timer_fired(START + 9.0) is Step.WAIT


class TestCounters:
    def test_tell_hedges_from_retries(self) -> None:
        race = Race(route(staggered())).play((0.15, 1, Fails()))
        counters = race.counters
        assert (counters.attempts, counters.hedges, counters.retries) == (3, 1, 1)

    def test_credit_the_hedge_that_won(self) -> None:
        assert done().counters.hedges_won == 1

    def test_credit_no_hedge_when_the_primary_won(self) -> None:
        race = hedged().play((0.5, 1, Head(200)), (0.6, 1, Ends()))
        assert (race.counters.answered, race.counters.hedges_won) == (1, 0)

    def test_credit_no_hedge_when_a_retry_won(self) -> None:
        race = Race(route(retrying(2))).play(
            (0.1, 1, Fails()), (0.2, 2, Head(200)), (0.2, 2, Ends())
        )
        assert (race.counters.answered, race.counters.hedges_won) == (1, 0)

    def test_count_what_the_budget_refused(self) -> None:
        race = Race(route(burst(), budget=FixedBudget(0))).until(0.5)
        assert (race.counters.denied, race.counters.hedges) == (1, 0)

    def test_count_an_answer_that_the_deadline_broke_off_as_expired(self) -> None:
        counters = committed().until().counters
        assert (counters.failed, counters.aborted, counters.expired) == (1, 1, 1)

    def test_count_the_deadline_among_the_failures(self) -> None:
        race = racing().until()
        assert (race.counters.failed, race.counters.expired) == (1, 1)

    def test_count_a_request_that_never_started_for_want_of_time(self) -> None:
        race = Race(route(), start=1.0)
        assert (race.counters.requests, race.counters.attempts, race.counters.expired) == (1, 0, 1)

    def test_add_up_over_the_requests_of_a_route(self) -> None:
        policy = route(burst())
        Race(policy).play((0.1, 1, Head(200)), (0.1, 1, Ends()))
        Race(policy).until()
        Race(policy).client_leaves(0.1)
        counters = policy.counters
        assert counters.requests == 3
        assert (counters.answered, counters.failed, counters.abandoned) == (1, 1, 1)


class TestBestFailure:
    def test_is_none_while_nothing_has_failed(self) -> None:
        assert best_failure(racing().exchange.attempts) is None

    def test_is_the_one_that_tells_most(self) -> None:
        race = hedged().play((0.5, 1, Fails(Failure.CONNECT)), (0.6, 2, Fails(Failure.RESET)))
        assert best_failure(race.exchange.attempts) is Failure.RESET

    def test_is_a_timeout_when_the_deadline_came_first(self) -> None:
        assert best_failure(hedged().until().exchange.attempts) is Failure.TIMEOUT
