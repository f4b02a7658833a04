"""What all the exchanges of one route share: its rules, and its live state.

A record, built once a route by whoever reads the settings.  It decides nothing and
must not know the settings file: durations are seconds here, rules are objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hedgerow.policy.balance import Balancer
from hedgerow.policy.budget import Budget, NoBudget
from hedgerow.policy.counters import Counters
from hedgerow.policy.deadlines import DeadlineRule
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
    # Read once per request, so worked out once per route.
    holds_answers: bool = field(init=False)  # a good head is not enough to commit to it
    first_delay: float = field(init=False)  # from the primary to the first hedge
    verdicts: Sequence[Verdict] = field(init=False)  # of answers, by status

    def __post_init__(self) -> None:
        self.first_delay = self.hedge.next_delay(1)
        self.verdicts = self.answers.verdicts
        self.holds_answers = self.answers.body != "any" or self.hedge.at == "first-byte"
