"""What all the exchanges of one route share: its rules, and its live state.

A record, built once a route by whoever reads the settings.  It decides nothing and
must not know the settings file: durations are seconds here, rules are objects.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hedgerow.errors import HedgerowBug
from hedgerow.policy.admission import Admission
from hedgerow.policy.balance import Balancer
from hedgerow.policy.budget import Budget, LoadBudget, NoBudget
from hedgerow.policy.cancel_efficacy import CancelEfficacy
from hedgerow.policy.counters import Counters
from hedgerow.policy.deadlines import DeadlineRule
from hedgerow.policy.hedge_delay import Delays
from hedgerow.policy.hedging import NO_HEDGE, HedgeRule
from hedgerow.policy.outcomes import AnswerRule, Situation, Verdict


@dataclass(slots=True)
class Policy:
    """What all the exchanges of one route share: its rules, and its live state."""

    balancer: Balancer
    hedge: HedgeRule = NO_HEDGE
    answers: AnswerRule = field(default_factory=AnswerRule)
    deadline: DeadlineRule = field(default_factory=lambda: DeadlineRule(default=30.0))
    budget: Budget = field(default_factory=NoBudget)
    own_replies: frozenset[Situation] = frozenset()  # situations that the route answers itself
    counters: Counters = field(default_factory=Counters)
    delays: Delays | None = None  # None: the rule's own delay
    efficacy: CancelEfficacy | None = None  # of the upstream; its routes share one
    admission: Admission[Any] | None = None  # of the upstream; told of every attempt
    randomness: random.Random | None = None  # for a rule with a probability below 1
    # Read once per request, so worked out once per route.
    holds_answers: bool = field(init=False)  # a good head is not enough to commit to it
    first_delay: float = field(init=False)  # from the primary to the first hedge
    verdicts: Sequence[Verdict] = field(init=False)  # of answers, by status
    learner: Balancer | None = field(init=False)  # the balancer, where it learns from attempts

    def __post_init__(self) -> None:
        if self.hedge.probability < 1.0 and self.randomness is None:
            raise HedgerowBug(
                "a hedge rule with a probability below 1 has no randomness to draw from"
            )
        if self.hedge.extra == 0:
            self.delays = None
        if self.delays is None:
            self.efficacy = None  # nothing outlives a delay that nobody learns
        learns = type(self.balancer).settled is not Balancer.settled
        self.learner = self.balancer if learns else None
        self.first_delay = self.hedge.next_delay(1)
        self.verdicts = self.answers.verdicts
        self.holds_answers = self.answers.body != "any" or self.hedge.at == "first-byte"

    def wants_hedge(self) -> bool:
        """Toss the rule's coin for a hedge that is due."""
        randomness, probability = self.randomness, self.hedge.probability
        return probability >= 1.0 or randomness is None or randomness.random() < probability

    def follow_efficacy(self) -> None:
        """Scale the budget, and what the delays aim at, by what cancelling is worth now.

        Asked for, when a hedge is due, and not told: several routes share one upstream.
        """
        efficacy, delays = self.efficacy, self.delays
        if efficacy is None or delays is None:
            return
        factor = efficacy.budget_factor
        # The delays know whether it is new, and not this record: it may be one of several of a
        # route that differ in their deadline and share the rest.
        if delays.scale(factor) and isinstance(self.budget, LoadBudget):
            self.budget.scale(factor)
