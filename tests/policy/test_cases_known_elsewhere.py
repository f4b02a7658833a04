"""What the tests of other hedging tools expect, in our words.

Read there: eRPC (http_server_hedge_test.go), hedgedhttp (hedged_test.go), grpc-java
(RetriableStreamTest), Envoy (http_timeout_integration_test.cc), nginx-tests
(proxy_non_idempotent.t, proxy_next_upstream_tries.t), Polly (HedgingResilienceStrategy).
Where they disagree about the answer when all have failed, ours is the best ranked one.
"""

from dataclasses import dataclass

import pytest

from hedgerow.errors import Failure
from hedgerow.policy import DeadlineRule, HedgeRule, Outcome, Situation, Step
from tests.fakes.policy import (
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

ONE_COPY = staggered(delay=0.1, extra=1)
TWO_COPIES = staggered(delay=0.1, extra=2)


@dataclass(frozen=True, slots=True)
class Known:
    name: str
    rule: HedgeRule
    script: tuple[tuple[float, int, Happening], ...]
    winner: int
    sent: int
    cancelled: tuple[int, ...] = ()


RACES = (
    Known("a fast primary needs no copy", ONE_COPY, ((0.05, 1, Head()),), winner=1, sent=1),
    Known("a fast copy wins", ONE_COPY, ((0.15, 2, Head()),), winner=2, sent=2, cancelled=(1,)),
    Known("a slow primary wins", ONE_COPY, ((0.2, 1, Head()),), winner=1, sent=2, cancelled=(2,)),
    Known(
        "success cancels all copies",
        TWO_COPIES,
        ((0.25, 1, Head()),),
        winner=1,
        sent=3,
        cancelled=(2, 3),
    ),
    Known(
        "a slow primary outlives a copy that fails fast",
        ONE_COPY,
        ((0.12, 2, Head(500)), (0.9, 1, Head())),
        winner=1,
        sent=2,
        cancelled=(2,),
    ),
    Known(
        "a copy outlives a primary that fails after it left",
        ONE_COPY,
        ((0.15, 1, Fails()), (0.2, 2, Head())),
        winner=2,
        sent=2,
    ),
    Known(
        "a fast copy does not wait for a primary that would fail",
        ONE_COPY,
        ((0.15, 2, Head()), (0.6, 1, Head(500))),
        winner=2,
        sent=2,
        cancelled=(1,),
    ),
    Known(
        "failures of two do not cancel the third",
        TWO_COPIES,
        ((0.21, 1, Head(500)), (0.22, 2, Head(503)), (0.3, 3, Head())),
        winner=3,
        sent=3,
        cancelled=(1, 2),
    ),
    Known(
        "a failure before the delay is retried without waiting for it",
        staggered(delay=0.5, extra=1),
        ((0.01, 1, Fails()), (0.06, 2, Head())),
        winner=2,
        sent=2,
    ),
    Known(
        "a retry beyond the copies saves what both of them lost",
        staggered(delay=0.1, extra=1, max_attempts=3),
        ((0.15, 1, Fails()), (0.2, 2, Fails()), (0.25, 3, Head())),
        winner=3,
        sent=3,
    ),
    Known(
        "four dropped connections and a success are a success",
        staggered(delay=0.5, extra=4),
        (*((0.01 * n, n, Fails()) for n in (1, 2, 3, 4)), (0.06, 5, Head())),
        winner=5,
        sent=5,
    ),
    Known(
        "the last wins though all before it hang",
        staggered(delay=0.01, extra=4),
        ((0.14, 5, Head()),),
        winner=5,
        sent=5,
        cancelled=(1, 2, 3, 4),
    ),
    Known(
        "the quickest of five wins though it was sent third",
        staggered(delay=0.01, extra=4),
        ((0.039, 3, Head()), (0.05, 4, Head()), (0.11, 2, Head())),
        winner=3,
        sent=4,
        cancelled=(1, 2, 4),
    ),
    Known(
        "a fatal status ends the race while a copy still runs",
        TWO_COPIES,
        ((0.12, 1, Head(503)), (0.13, 2, Head(403))),
        winner=2,
        sent=3,
        cancelled=(1, 3),
    ),
    Known(
        "two different errors give the client the better one",
        ONE_COPY,
        ((0.15, 1, Head(503)), (0.2, 2, Head(500))),
        winner=2,
        sent=2,
        cancelled=(1,),
    ),
)


@pytest.mark.parametrize("known", [pytest.param(race, id=race.name) for race in RACES])
class TestRace:
    def test_has_the_right_winner_when(self, known: Known) -> None:
        race = Race(route(known.rule, replica_count=5)).play(*known.script)
        assert (race.last, race.winner) == (Step.FORWARD, known.winner)

    def test_costs_the_right_number_of_attempts_when(self, known: Known) -> None:
        race = Race(route(known.rule, replica_count=5)).play(*known.script)
        assert len(race.sent) == known.sent

    def test_cancels_those_still_running_when(self, known: Known) -> None:
        race = Race(route(known.rule, replica_count=5)).play(*known.script)
        assert tuple(number for _, number in race.cancelled) == known.cancelled


class TestHedging:
    def test_goes_up_to_the_limit_while_nobody_answers(self) -> None:
        race = Race(route(staggered(delay=0.01, extra=6), replica_count=7)).until(0.1)
        assert [number for _, number in race.sent] == [1, 2, 3, 4, 5, 6, 7]

    def test_without_a_delay_sends_all_at_once(self) -> None:
        race = Race(route(burst(delay=0.0, extra=9))).until(0.0)
        assert race.sent == [(0.0, number) for number in range(1, 11)]

    def test_with_an_infinite_delay_sends_none_by_time(self) -> None:
        race = Race(route(retrying(2))).until(0.99)
        assert race.sent == [(0.0, 1)]

    def test_never_happens_where_there_is_one_replica_and_it_is_taken(self) -> None:
        race = Race(route(TWO_COPIES, replica_count=1)).play((0.6, 1, Head()))
        assert (race.sent, race.winner) == ([(0.0, 1)], 1)

    def test_stops_when_the_budget_is_spent_by_another_request(self) -> None:
        policy = route(ONE_COPY, budget=FixedBudget(1))
        first, second = Race(policy).until(0.2), Race(policy).until(0.2)
        assert (len(first.sent), len(second.sent)) == (2, 1)

    def test_goes_on_at_its_own_pace_after_a_pushback(self) -> None:
        rule = HedgeRule(0.1, 4, "staggered", 5, same_replica=True)
        race = Race(route(rule, replica_count=1))
        race.play((0.15, 2, Head(429, retry_after=0.2))).until(0.56)
        assert race.sent == [(0.0, 1), (0.1, 2), (0.35, 3), (0.45, 4), (0.55, 5)]

    def test_stops_at_a_pushback_that_the_deadline_cannot_wait_for(self) -> None:
        rule = HedgeRule(0.1, 4, "staggered", 5, same_replica=True)
        race = Race(route(rule, replica_count=1))
        race.play((0.15, 2, Head(429, retry_after=60.0))).until(0.99)
        assert race.sent == [(0.0, 1), (0.1, 2)]


class TestGivingUp:
    def test_waits_for_all_that_are_running(self) -> None:
        race = Race(route(ONE_COPY)).play((0.15, 1, Fails()))
        assert race.last is Step.LAUNCH
        assert race.play((0.3, 2, Fails())).steps[-1] == (0.3, Step.REPLY)

    def test_does_not_wait_for_the_delay_of_a_copy_that_has_been_used_for_a_retry(self) -> None:
        race = Race(route(staggered(delay=0.5, extra=1)))
        race.play((0.01, 1, Fails()), (0.02, 2, Fails()))
        assert race.steps[-1] == (0.02, Step.REPLY)

    def test_takes_two_tries_where_each_has_its_own_time(self) -> None:
        per_try = DeadlineRule(default=1.0, per_try=0.3)
        race = Race(route(retrying(2), deadline=per_try)).until()
        assert race.sent == [(0.0, 1), (0.3, 2)]
        assert race.steps[-1] == (0.6, Step.REPLY)
        assert race.exchange.situation is Situation.EXHAUSTED

    def test_never_shows_the_client_a_cancelled_attempt(self) -> None:
        race = Race(route(ONE_COPY)).play((0.15, 2, Head()), (0.15, 1, Fails(Failure.RESET)))
        assert race.last is Step.FORWARD
        assert race.attempt(1).outcome is Outcome.IGNORE

    def test_after_the_head_breaks_the_connection_and_sends_no_second_status(self) -> None:
        race = Race(route(ONE_COPY)).play((0.05, 1, Head())).until()
        assert [step for _, step in race.steps] == [Step.LAUNCH, Step.FORWARD, Step.ABORT]
