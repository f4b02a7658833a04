"""What was never sent has added no load: sending it again is at nobody's expense."""

from hedgerow.errors import Failure
from hedgerow.policy import DeadlineRule, Exchange
from tests.fakes.policy import START, Fails, FixedBudget, Race, burst, retrying, route


class TestAttemptThatWasNeverSent:
    def test_is_replaced_although_the_budget_is_empty(self) -> None:
        race = Race(route(retrying(2), budget=FixedBudget(0)))
        race.play((0.1, 1, Fails(Failure.CONNECT)))
        assert race.sent == [(0.0, 1), (0.1, 2)]

    def test_pays_for_one_copy_only(self) -> None:
        race = Race(route(burst(extra=2), budget=FixedBudget(0)))
        race.play((0.1, 1, Fails(Failure.CONNECT)))
        assert race.sent == [(0.0, 1), (0.1, 2)]


class TestAttemptThatWasSent:
    def test_is_not_replaced_when_the_budget_is_empty(self) -> None:
        race = Race(route(retrying(2), budget=FixedBudget(0)))
        race.play((0.1, 1, Fails(Failure.RESET)))
        assert race.sent == [(0.0, 1)]


class TestRequestOnItsWayUp:
    def exchange(self) -> Exchange:
        policy = route(deadline=DeadlineRule(default=30.0, per_try=0.5, covers="head"))
        coming = Exchange(policy, deadline_at=float("inf"), may_repeat=False, is_coming=True)
        coming.start(START)
        return coming

    def test_does_not_use_up_its_attempts_own_time(self) -> None:
        assert self.exchange().due_at == float("inf")

    def test_starts_that_time_when_it_is_out(self) -> None:
        exchange = self.exchange()
        exchange.request_ended(START + 9.0, START + 39.0)
        assert exchange.due_at == START + 9.5
