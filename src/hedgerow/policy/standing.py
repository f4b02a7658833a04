"""Where one request stands, and how its attempts and it itself come to an end.

The lower half of :class:`~hedgerow.policy.exchange.Exchange`: what is kept of a request,
and what follows once it has been decided that an answer is committed to, an attempt is
over, or nothing good will come.  It counts, ends attempts and sets the last states; it
must not know when attempts are sent, nor hedges, budgets and delays.

A class of its own because these are two questions (what next, and what then) that only
meet in a few calls; a base class and not a part, because each request would pay for it.
"""

import math
from collections.abc import Hashable

from hedgerow.errors import Failure
from hedgerow.policy import steps
from hedgerow.policy.attempt import HEDGE, Attempt, best_answer
from hedgerow.policy.cancel_efficacy import Cell
from hedgerow.policy.hedge_delay import DelayController
from hedgerow.policy.outcomes import NEVER_SENT, SUCCESS, Outcome, Situation
from hedgerow.policy.pushback import Pushback
from hedgerow.policy.rules import Policy
from hedgerow.policy.steps import Step


class Standing:
    """What is kept of one request."""

    __slots__ = (
        "_cell",
        "_controller",
        "_delay",
        "_free_copies",
        "_hedge_class",
        "_hedge_due_at",
        "_in_race",
        "_is_asked_again",
        "_is_coming",
        "_may_repeat",
        "_policy",
        "_pushback",
        "attempts",
        "cancelled",
        "deadline_at",
        "due_at",
        "launched",
        "situation",
        "state",
        "winner",
    )

    def __init__(
        self,
        policy: Policy,
        deadline_at: float,
        may_repeat: bool,
        is_coming: bool = False,
        hedge_class: Hashable = "",
    ) -> None:
        """Prepare a request that must be answered by ``deadline_at``.

        ``may_repeat``: sending it twice is safe (its method, or a promise) and possible (its body);
        ``is_coming``: its body is on its way yet, and no attempt's own time runs meanwhile;
        ``hedge_class``: whose delay it shares, where delays are learned (its method, say).
        """
        self._policy = policy
        self._may_repeat = may_repeat
        self._is_coming = is_coming
        self._hedge_class = hedge_class
        self._in_race = 0  # attempts whose outcome is open
        self._free_copies = 0  # for attempts of which nothing was sent: they added no load
        self._delay = math.inf  # from one dispatch to the next hedge
        self._hedge_due_at = math.inf
        self._is_asked_again = False  # for a hedge that the coin was against
        self._pushback: Pushback | None = None
        self._controller: DelayController | None = None  # to be told what the primary did
        self._cell: Cell | None = None  # where that says something of earlier cancels, too
        self.deadline_at = deadline_at
        self.due_at = math.inf  # call timer_fired() then; infinite: no timer
        self.state = steps.NEW
        self.attempts: list[Attempt] = []
        self.launched: list[Attempt] = []
        self.cancelled: list[Attempt] = []
        self.winner: Attempt | None = None
        self.situation: Situation | None = None

    def _give_up(self, now: float, situation: Situation) -> Step:
        """Nothing good came in time: the route's own reply, or the best real answer, or ours."""
        self.situation = situation
        if situation not in self._policy.own_replies:
            best = best_answer(self.attempts, whole=situation is Situation.EXPIRED)
            if best is not None:
                if situation is Situation.EXPIRED:
                    self._policy.counters.expired += 1
                return self._commit(now, best, Outcome.FAILURE)
        self._finish(now, keep=None)
        return self._reply(situation)

    def _commit(self, now: float, attempt: Attempt, outcome: Outcome) -> Step:
        """Choose the answer; every other attempt is a loser and is cancelled."""
        if attempt.outcome is None:
            self._settle(now, attempt, outcome)
        else:
            attempt.outcome = outcome
        self.winner = attempt
        if len(self.attempts) > 1:
            self._finish(now, keep=attempt)
        self.state = steps.COMMITTED
        deadline = self._policy.deadline
        self.due_at = self.deadline_at if deadline.covers == "answer" else math.inf
        if attempt.ended_at is not None:
            self._complete(attempt)
        return steps.FORWARD

    def _complete(self, winner: Attempt) -> None:
        """Nothing of the winner's answer is still to come."""
        self.state = steps.DONE
        self.due_at = math.inf
        counters = self._policy.counters
        if winner.outcome is SUCCESS:
            counters.answered += 1
            if winner.kind is HEDGE:
                counters.hedges_won += 1
        else:
            counters.failed += 1

    def _finish(self, now: float, *, keep: Attempt | None) -> None:
        """End every attempt but ``keep``; those still running are to be cancelled."""
        for attempt in self.attempts:
            if attempt is keep:
                continue
            if attempt.outcome is None:
                expired = self.situation is Situation.EXPIRED
                attempt.failure = Failure.TIMEOUT if expired else None
                blamed = expired and self._is_to_blame(now, attempt)
                self._settle(now, attempt, Outcome.FAILURE if blamed else Outcome.IGNORE)
            self._cancel(now, attempt)
        self.state = steps.DONE
        self.due_at = math.inf

    def _reply(self, situation: Situation) -> Step:
        self.situation = situation
        self.state = steps.DONE
        counters = self._policy.counters
        counters.failed += 1
        if situation is Situation.EXPIRED:
            counters.expired += 1
        return steps.REPLY

    def _break_off(self, now: float) -> Step:
        """The deadline passed inside the committed answer."""
        winner = self.winner
        if winner is not None:
            winner.failure = Failure.TIMEOUT
            if self._is_to_blame(now, winner):
                self._broke(now, winner)
            else:
                winner.outcome = Outcome.IGNORE
            self._cancel(now, winner)
        self.situation = Situation.EXPIRED
        self._policy.counters.expired += 1
        return self._abort()

    def _abort(self) -> Step:
        self.state = steps.DONE
        self.due_at = math.inf
        self._policy.counters.failed += 1
        self._policy.counters.aborted += 1
        return steps.ABORT

    def _fail(self, now: float, attempt: Attempt, failure: Failure) -> None:
        attempt.failure = failure
        self._free_copies += failure in NEVER_SENT
        ours = failure is Failure.NO_CAPACITY  # it never reached the upstream
        self._settle(now, attempt, Outcome.IGNORE if ours else Outcome.FAILURE)
        self._end(now, attempt)

    def _settle(
        self, now: float, attempt: Attempt, outcome: Outcome, pushback: float | None = None
    ) -> None:
        """The outcome of an attempt in the race is known."""
        attempt.outcome = outcome
        self._in_race -= 1
        policy = self._policy
        learner, admission = policy.learner, policy.admission
        if learner is None and admission is None:
            return
        until = attempt.answered_at if attempt.answered_at is not None else now
        latency = until - attempt.started_at
        if learner is not None:
            learner.settled(now, attempt.replica, outcome, latency=latency, pushback=pushback)
        if admission is not None:
            admission.settled(now, outcome, latency)

    def _end(self, now: float, attempt: Attempt) -> None:
        """Nothing more is sent or received: its place is free."""
        if attempt.ended_at is None:
            attempt.ended_at = now
            attempt.replica.in_flight -= 1
            admission = self._policy.admission
            if admission is not None:
                admission.left(now)

    def _broke(self, now: float, winner: Attempt) -> None:
        """The committed answer broke: what was taken for a success is none."""
        winner.outcome = Outcome.FAILURE
        learner = self._policy.learner
        if learner is not None:
            latency = now - winner.started_at
            learner.settled(now, winner.replica, Outcome.FAILURE, latency=latency)

    def _is_to_blame(self, now: float, attempt: Attempt) -> bool:
        """Say whether a replica answers for the end of the time.

        Where a client gave it less than the route would, only if it had begun no answer after
        the delay, which most of them are within: that is slow by the route's own measure.
        """
        if self._policy.deadline.blames:
            return True
        return attempt.answered_at is None and now - attempt.started_at >= self._delay

    def _cancel(self, now: float, attempt: Attempt) -> None:
        """Have the shell stop an attempt, unless it has stopped by itself."""
        if attempt.ended_at is None:
            self._end(now, attempt)
            self.cancelled.append(attempt)
            self._policy.counters.wasted += now - attempt.started_at
            efficacy = self._policy.efficacy
            was_slow = attempt.number == 1 and now - attempt.started_at >= self._delay
            if was_slow and efficacy is not None:
                efficacy.cancelled(now, attempt.replica, self._delay)
