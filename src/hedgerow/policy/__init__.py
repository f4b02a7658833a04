"""What to do with a request: the heart of Hedgerow, and sans-IO.

Decides and never acts.  ``now: float`` (seconds, any epoch) is the first argument
of whatever needs time, and randomness is a ``random.Random`` passed in, so the
gateway, the library, a simulator and the tests all run this same code.

    outcomes   the words for how things end, and what a status means
    attempt    the record of one attempt
    balance    which replica
    hedging    when to send copies, and how many
    budget     how much load copies may add
    deadlines  how long a request may take
    counters   what an operator would ask
    rules      all of these for one route
    steps      the states of a request, and what its shell is told to do
    exchange   the whole sequence of one request, built from the above
"""

from hedgerow.policy.attempt import Attempt, Kind, best_failure
from hedgerow.policy.balance import Balancer, LeastRequest, Replica, RoundRobin
from hedgerow.policy.budget import Budget, LoadBudget, NoBudget
from hedgerow.policy.counters import Counters
from hedgerow.policy.deadlines import DeadlineRule
from hedgerow.policy.exchange import Exchange
from hedgerow.policy.hedging import NO_HEDGE, HedgeRule
from hedgerow.policy.outcomes import AnswerRule, Outcome, Situation, Verdict
from hedgerow.policy.rules import Policy
from hedgerow.policy.steps import State, Step

__all__ = [
    "Exchange",
    "Policy",
    "State",
    "Step",
    "Attempt",
    "Kind",
    "best_failure",
    "Balancer",
    "LeastRequest",
    "Replica",
    "RoundRobin",
    "Budget",
    "LoadBudget",
    "NoBudget",
    "HedgeRule",
    "NO_HEDGE",
    "DeadlineRule",
    "AnswerRule",
    "Outcome",
    "Situation",
    "Verdict",
    "Counters",
]
