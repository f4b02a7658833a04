"""Which answer the client gets, and what becomes of the attempts that did not give it."""

import pytest

from hedgerow.errors import Failure
from hedgerow.policy import (
    DeadlineRule,
    HedgeRule,
    Outcome,
    Situation,
    State,
    Step,
)
from hedgerow.policy.attempt import best_failure
from tests.fakes.policy import (
    START,
    BodyBegins,
    BodyJudged,
    Ends,
    Fails,
    Happening,
    Head,
    Race,
    burst,
    retrying,
    route,
    staggered,
)


class TestFinalAnswer:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 422, 451])
    def test_ends_the_race_as_it_is(self, status: int) -> None:
        race = Race(route(burst())).play((0.05, 1, Head(status)))
        assert (race.last, race.winner) == (Step.FORWARD, 1)
        assert race.until().sent == [(0.0, 1)]

    def test_from_a_copy_cancels_the_others(self) -> None:
        race = Race(route(burst())).play((0.4, 2, Head(404)))
        assert race.winner == 2
        assert race.cancelled == [(0.4, 1), (0.4, 3)]


class TestCommitting:
    def test_happens_at_the_head(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Head(200)))
        assert race.state is State.COMMITTED
        assert race.until(0.99).sent == [(0.0, 1)]

    def test_happens_at_the_first_byte_of_the_body_where_the_route_says_so(self) -> None:
        rule = HedgeRule(0.3, 1, max_attempts=2, at="first-byte")
        race = Race(route(rule)).play((0.1, 1, Head(200)))
        assert race.until(0.31).sent == [(0.0, 1), (0.3, 2)]
        assert race.play((0.4, 1, BodyBegins())).steps[-1] == (0.4, Step.FORWARD)

    def test_at_the_first_byte_happens_when_an_empty_body_is_judged(self) -> None:
        rule = HedgeRule(0.3, 1, max_attempts=2, at="first-byte")
        race = Race(route(rule)).play((0.1, 1, Head(204)), (0.1, 1, Ends()), (0.1, 1, BodyJudged()))
        assert race.steps[-1] == (0.1, Step.FORWARD)
        assert race.state is State.DONE

    def test_is_followed_by_an_abort_when_the_upstream_dies_inside_the_body(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Head(200)), (0.2, 1, Fails(Failure.RESET)))
        assert race.last is Step.ABORT
        assert (race.counters.failed, race.counters.aborted) == (1, 1)


class TestLoser:
    def test_is_cancelled(self) -> None:
        race = Race(route(burst())).play((0.4, 2, Head(200)))
        assert race.cancelled == [(0.4, 1), (0.4, 3)]

    def test_counts_neither_as_success_nor_as_failure(self) -> None:
        race = Race(route(burst())).play((0.4, 2, Head(200)))
        assert [race.attempt(n).outcome for n in (1, 3)] == [Outcome.IGNORE] * 2
        assert race.attempt(1).failure is None

    def test_that_had_failed_by_itself_stays_a_failure(self) -> None:
        race = Race(route(burst())).play((0.4, 1, Head(500)), (0.5, 2, Head(200)))
        assert race.attempt(1).outcome is Outcome.FAILURE

    def test_that_breaks_as_it_is_cancelled_is_no_failure(self) -> None:
        race = Race(route(burst())).play((0.4, 2, Head(200)), (0.4, 1, Fails()))
        assert race.attempt(1).outcome is Outcome.IGNORE
        assert best_failure(race.exchange.attempts) is None

    def test_for_which_we_had_no_connection_says_nothing_of_its_upstream(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Fails(Failure.NO_CAPACITY)))
        assert race.attempt(1).outcome is Outcome.IGNORE


class TestDeadline:
    PER_TRY = DeadlineRule(default=1.0, per_try=0.4)

    def test_refuses_an_expired_request_before_dispatch(self) -> None:
        race = Race(route(burst()), deadline=0.2, start=0.2)
        assert race.sent == []
        assert (race.last, race.exchange.situation) == (Step.REPLY, Situation.EXPIRED)

    def test_gives_an_attempt_no_more_than_the_time_left(self) -> None:
        race = Race(route(burst(), deadline=DeadlineRule(default=1.0, per_try=0.9))).until(0.5)
        assert race.attempt(1).expires_at == START + 0.9
        assert race.attempt(2).expires_at == START + 1.0

    def test_ends_an_attempt_whose_own_time_is_over_and_tries_another(self) -> None:
        race = Race(route(retrying(2), deadline=self.PER_TRY)).until(0.41)
        assert race.sent == [(0.0, 1), (0.4, 2)]
        assert race.cancelled == [(0.4, 1)]
        assert race.attempt(1).failure is Failure.TIMEOUT

    def test_comes_before_a_hedge_that_is_due_at_the_same_moment(self) -> None:
        race = Race(route(burst(delay=0.3)), deadline=0.3).until()
        assert race.sent == [(0.0, 1)]
        assert race.steps[-1] == (0.3, Step.REPLY)

    @pytest.mark.parametrize("happening", [Head(500), Fails()])
    def test_forbids_attempts_after_it_even_if_its_timer_is_late(
        self, happening: Happening
    ) -> None:
        race = Race(route(burst()), deadline=0.2)
        now = race.exchange.deadline_at + 0.01
        step = happening.tell(race.exchange, now, race.attempt(1))
        assert (step, race.exchange.launched) == (Step.REPLY, [])

    @pytest.mark.parametrize("happening", [Head(200), Head(404)])
    def test_forbids_committing_after_it_to_what_it_would_break_off(
        self, happening: Happening
    ) -> None:
        race = Race(route(burst()), deadline=0.2)
        now = race.exchange.deadline_at + 0.01
        assert happening.tell(race.exchange, now, race.attempt(1)) is Step.REPLY
        assert race.exchange.cancelled == [race.attempt(1)]

    def test_breaks_off_an_answer_that_is_not_whole_by_then(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Head(200))).until()
        assert race.steps[-1] == (1.0, Step.ABORT)
        assert race.cancelled == [(1.0, 1)]

    def test_leaves_the_body_alone_where_it_covers_the_head_only(self) -> None:
        head_only = DeadlineRule(default=1.0, covers="head")
        race = Race(route(burst(), deadline=head_only)).play((0.1, 1, Head(200)), (9.0, 1, Ends()))
        assert race.last is Step.FORWARD
        assert race.counters.answered == 1


class TestAllFailed:
    def test_gives_the_client_the_best_ranked_real_answer(self) -> None:
        race = Race(route(burst())).play(
            (0.4, 1, Head(503)), (0.5, 2, Head(429)), (0.6, 3, Fails(Failure.RESET))
        )
        assert (race.last, race.winner) == (Step.FORWARD, 2)

    def test_prefers_the_primary_among_equals(self) -> None:
        race = Race(route(burst())).play(
            (0.4, 3, Head(500)), (0.5, 2, Head(500)), (0.6, 1, Head(500))
        )
        assert race.winner == 1

    def test_counts_as_failed_though_a_real_answer_was_passed_on(self) -> None:
        race = Race(route(retrying(1))).play((0.1, 1, Head(500)), (0.1, 1, Ends()))
        assert (race.counters.answered, race.counters.failed) == (0, 1)

    def test_gives_a_reply_of_ours_when_no_answer_was_real(self) -> None:
        race = Race(route(retrying(2))).play(
            (0.1, 1, Fails(Failure.TIMEOUT)), (0.2, 2, Fails(Failure.RESET))
        )
        assert (race.last, race.exchange.situation) == (Step.REPLY, Situation.EXHAUSTED)
        assert best_failure(race.exchange.attempts) is Failure.RESET

    def test_gives_the_routes_own_reply_where_it_has_one(self) -> None:
        policy = route(retrying(1), own_replies=[Situation.EXHAUSTED])
        race = Race(policy).play((0.1, 1, Head(404)))
        assert race.last is Step.FORWARD
        race = Race(policy).play((0.1, 1, Head(500)))
        assert (race.last, race.cancelled) == (Step.REPLY, [(0.1, 1)])

    def test_does_not_give_an_answer_that_broke_while_it_was_kept(self) -> None:
        race = Race(route(staggered())).play(
            (0.05, 1, Head(404 + 4)), (0.06, 1, Fails()), (0.1, 2, Fails()), (0.12, 3, Fails())
        )
        assert (race.last, race.winner) == (Step.REPLY, None)

    def test_gives_an_answer_that_was_whole_before_its_connection_closed(self) -> None:
        race = Race(route(retrying(2))).play(
            (0.1, 1, Head(500)), (0.1, 1, Ends()), (0.2, 1, Fails()), (0.3, 2, Fails())
        )
        assert (race.last, race.winner) == (Step.FORWARD, 1)

    def test_is_done_at_once_when_the_answer_is_whole(self) -> None:
        race = Race(route(retrying(2))).play(
            (0.1, 1, Head(500)), (0.1, 1, Ends()), (0.3, 2, Fails())
        )
        assert (race.state, race.due) == (State.DONE, float("inf"))
        assert race.until().steps[-1] == (0.3, Step.FORWARD)

    def test_at_the_deadline_gives_a_real_answer_that_is_whole(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Head(503)), (0.1, 1, Ends())).until()
        assert race.steps[-1] == (1.0, Step.FORWARD)
        assert (race.winner, race.state, race.counters.expired) == (1, State.DONE, 1)

    def test_at_the_deadline_gives_no_answer_that_needs_more_time(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Head(503))).until()
        assert race.steps[-1] == (1.0, Step.REPLY)

    def test_for_want_of_connections_says_that_the_service_is_unavailable(self) -> None:
        race = Race(route(retrying(2))).play(
            (0.1, 1, Fails(Failure.NO_CAPACITY)), (0.1, 2, Fails(Failure.NO_CAPACITY))
        )
        assert race.exchange.situation is Situation.UNAVAILABLE


class TestClientThatLeaves:
    def test_cancels_what_is_running(self) -> None:
        race = Race(route(burst())).client_leaves(0.4)
        assert race.cancelled == [(0.4, 1), (0.4, 2), (0.4, 3)]
        assert {a.outcome for a in race.exchange.attempts} == {Outcome.IGNORE}

    def test_stops_what_was_still_to_be_sent(self) -> None:
        race = Race(route(burst())).client_leaves(0.1)
        assert race.until().sent == [(0.0, 1)]

    def test_stops_the_wait_for_a_pushback(self) -> None:
        rule = HedgeRule(0.1, 2, "staggered", 3, same_replica=True)
        race = Race(route(rule, replica_count=1)).play((0.05, 1, Head(429, retry_after=0.5)))
        assert race.client_leaves(0.2).until().sent == [(0.0, 1)]

    def test_inside_the_answer_cancels_it(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Head(200))).client_leaves(0.2)
        assert race.cancelled == [(0.2, 1)]
        assert (race.attempt(1).outcome, race.counters.abandoned) == (Outcome.IGNORE, 1)

    def test_inside_a_failed_answer_does_not_make_it_anything_else(self) -> None:
        race = Race(route(retrying(1))).play((0.1, 1, Head(500))).client_leaves(0.2)
        assert race.attempt(1).outcome is Outcome.FAILURE

    def test_after_the_answer_changes_nothing(self) -> None:
        race = Race(route(burst())).play((0.1, 1, Head(200)), (0.2, 1, Ends())).client_leaves(0.3)
        assert race.cancelled == []
        assert (race.counters.answered, race.counters.abandoned) == (1, 0)
