"""A balancer that learns is told of every attempt once, when its outcome is known."""

from collections.abc import Sequence

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.policy import Balancer, Exchange, HedgeRule, Outcome, Policy, Replica, RoundRobin

Told = tuple[str, Outcome, float, float | None]


class Learner(Balancer):
    """Takes replicas in turn, and writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._turns = RoundRobin([Replica("a"), Replica("b")])

    @override
    def choose(self, tried: Sequence[Replica]) -> Replica | None:
        return self._turns.choose(tried)

    @override
    def settled(
        self,
        now: float,
        replica: Replica,
        outcome: Outcome,
        *,
        latency: float,
        pushback: float | None = None,
    ) -> None:
        self.told.append((replica.name, outcome, latency, pushback))


def racing(learner: Learner) -> Exchange:
    """A request whose primary and hedge are under way: since 0 and since 1."""
    exchange = Exchange(
        Policy(learner, HedgeRule.of(1.0, same_replica=False)), deadline_at=10.0, may_repeat=True
    )
    exchange.start(0.0)
    exchange.timer_fired(1.0)
    return exchange


class TestBalancerThatLearns:
    def test_hears_of_the_winner_and_of_the_loser(self) -> None:
        learner = Learner()
        exchange = racing(learner)
        exchange.head_arrived(3.0, exchange.attempts[1], 200)
        assert learner.told == [
            ("b", Outcome.SUCCESS, 2.0, None),
            ("a", Outcome.IGNORE, 3.0, None),
        ]

    def test_hears_of_a_failure_with_its_pushback(self) -> None:
        learner = Learner()
        exchange = racing(learner)
        exchange.head_arrived(2.0, exchange.attempts[0], 503, 7.0)
        assert learner.told == [("a", Outcome.FAILURE, 2.0, 7.0)]

    def test_hears_of_a_broken_connection(self) -> None:
        learner = Learner()
        exchange = racing(learner)
        exchange.attempt_failed(2.5, exchange.attempts[0], Failure.RESET)
        assert learner.told == [("a", Outcome.FAILURE, 2.5, None)]

    def test_hears_again_of_an_answer_that_broke_after_its_head(self) -> None:
        learner = Learner()
        exchange = racing(learner)
        exchange.head_arrived(3.0, exchange.attempts[1], 200)
        exchange.attempt_failed(4.0, exchange.attempts[1], Failure.RESET)
        assert learner.told[-1] == ("b", Outcome.FAILURE, 3.0, None)

    def test_hears_nothing_bad_of_a_client_that_left(self) -> None:
        learner = Learner()
        exchange = racing(learner)
        exchange.client_left(2.0)
        assert {outcome for _, outcome, _, _ in learner.told} == {Outcome.IGNORE}

    def test_costs_nothing_where_it_does_not_learn(self) -> None:
        assert Policy(RoundRobin([Replica("a")])).learner is None
