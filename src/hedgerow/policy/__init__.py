"""What to do with a request: the heart of Hedgerow, and sans-IO.

Decides and never acts.  ``now: float`` (seconds, any epoch) is the first argument
of whatever needs time, and randomness is a ``random.Random`` passed in, so the
gateway, the library, a simulator and the tests all run this same code.

One request:

    exchange        the whole sequence of one request, built from the rest
    standing        where it stands, and how it and its attempts end
    steps           its states, and what its shell is told to do
    attempt         the record of one attempt;  outcomes: the words for how things end
    rules           all that the requests of one route share;  counters: what is counted
    deadlines       how long a request may take;  deadline_fields: how that is told

Copies:

    hedging         when to send copies, and how many;  budget: how much load they may add
    hedge_delay     the delay, learned;  cancel_efficacy: whether cancelling stops the work
    pushback        which replicas said "not before"
    tuning          the best delay and probability from a log;  tuning_laws, tuning_advice

Replicas:

    balance         which one;  lottery: by weight;  peak_ewma: the quicker of two
    replica_set     those of one upstream, as they come, fail and recover;  member: one of them
    health, streaks, ejection, slow_start, active_checks   how one fails and recovers

Overload:

    admission       who is let in;  refusals: why not;  priorities: who matters most
    concurrency     how many at once: limit_halving (the default), limit_aimd, limit_vegas,
                    limit_gradient2, limit_envoy;  service_time
    waiting_room    who waits, in which order, and who cannot be served in time
    rate_limit      how often one client may ask
    throttle        whether to ask an upstream that fails;  loop_lag: whether we keep up
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
