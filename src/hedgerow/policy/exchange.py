"""The whole life of one proxied request, as decisions.

Decides when attempts start, which answer wins, and what the client gets; its
callers (``serve.proxy`` with sockets, ``client`` with coroutines) carry the steps
out and report what happened.  It must not know sockets, event loops, clocks or
HTTP beyond a status number.  Time comes in as ``now`` (seconds, any epoch).

Words: the *primary* is the first attempt, a *hedge* is a copy sent because the
others are slow, a *retry* one sent because another has failed.  To *commit* is to
start forwarding one answer, after which nothing is hedged.

::

    NEW ----start---> RACING --a good or final answer----> COMMITTED --its end--> DONE
                        |---all failed, a real answer---> COMMITTED
                        |---all failed, none real--------> DONE  (reply of our own)
                        |---the deadline passed----------> COMMITTED or DONE, likewise
                        `---the client left--------------> DONE

Every event is safe in every state: late, early and repeated ones return
:attr:`Step.WAIT` and change nothing.  After each event the shell does three things,
in this order: cancel the attempts in :attr:`Exchange.cancelled` (and empty it),
carry out the step, and arm one timer for :attr:`Exchange.due_at`.  A winner whose
answer had already ended needs no more events: DONE comes with its FORWARD.

Nothing is launched and nothing committed to at or after the deadline, even where its
timer is late: what began then would only be broken off again.
"""

import math

from hedgerow.errors import Failure
from hedgerow.policy import steps
from hedgerow.policy.attempt import HEDGE, PRIMARY, RETRY, Attempt, Kind, best_answer
from hedgerow.policy.balance import Replica
from hedgerow.policy.outcomes import GOOD, NEVER_SENT, SUCCESS, TRANSIENT, Outcome, Situation
from hedgerow.policy.rules import Policy
from hedgerow.policy.steps import Step


class Exchange:
    """One request: events in, steps out."""

    __slots__ = (
        "_free_copies",
        "_hedge_due_at",
        "_in_race",
        "_is_coming",
        "_may_repeat",
        "_not_before",
        "_policy",
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
        self, policy: Policy, *, deadline_at: float, may_repeat: bool, is_coming: bool = False
    ) -> None:
        """Prepare a request that must be answered by ``deadline_at``.

        ``may_repeat``: sending it twice is safe (its method, or a promise) and possible (its body);
        ``is_coming``: its body is on its way yet, and no attempt's own time runs meanwhile.
        """
        self._policy = policy
        self._may_repeat = may_repeat
        self._is_coming = is_coming
        self._in_race = 0  # attempts whose outcome is open
        self._free_copies = 0  # for attempts of which nothing was sent: they added no load
        self._hedge_due_at = math.inf
        self._not_before = -math.inf
        self.deadline_at = deadline_at
        self.due_at = math.inf  # call timer_fired() then; infinite: no timer
        self.state = steps.NEW
        self.attempts: list[Attempt] = []
        self.launched: list[Attempt] = []
        self.cancelled: list[Attempt] = []
        self.winner: Attempt | None = None
        self.situation: Situation | None = None

    # --- events ---

    def start(self, now: float) -> Step:
        """Send the primary: always, and at nobody's expense."""
        if self.state is not steps.NEW:
            return steps.WAIT
        policy = self._policy
        policy.counters.requests += 1
        if now >= self.deadline_at:
            return self._reply(Situation.EXPIRED)
        replica = policy.balancer.choose(())
        if replica is None:
            return self._reply(Situation.UNAVAILABLE)
        policy.budget.deposit()
        self.state = steps.RACING
        self._launch(now, replica, PRIMARY)
        if self._may_repeat:
            self._hedge_due_at = now + policy.first_delay
        self._schedule()
        return steps.LAUNCH

    def request_ended(self, now: float, deadline_at: float) -> None:
        """A streamed request is out whole: its answer has until ``deadline_at``, and no later."""
        if self.state is not steps.RACING or deadline_at >= self.deadline_at:
            return
        self.deadline_at, self._is_coming = deadline_at, False
        for attempt in self.attempts:
            attempt.expires_at = min(deadline_at, now + self._policy.deadline.per_try)
        self._schedule()

    def timer_fired(self, now: float) -> Step:
        """Let time act: the deadline, an attempt's own time, or the hedge delay has passed."""
        if now < self.due_at or self.state is steps.DONE:
            return steps.WAIT
        if self.state is steps.COMMITTED:
            return self._break_off(now)
        if now >= self.deadline_at:
            return self._give_up(now, Situation.EXPIRED)
        late = [a for a in self.attempts if a.outcome is None and now >= a.expires_at]
        for attempt in late:
            self._cancel(now, attempt)
            self._fail(now, attempt, Failure.TIMEOUT)
        pushback_is_over = now >= self._hedge_due_at == self._not_before
        if late or pushback_is_over:
            return self._after_failure(now)
        if now >= self._hedge_due_at:
            if self._send_copies(now, HEDGE):
                return steps.LAUNCH
            self._ask_again_later(now)  # a refusal never fails the request
        self._schedule()
        return steps.WAIT

    def head_arrived(
        self, now: float, attempt: Attempt, status: int, retry_after: float | None = None
    ) -> Step:
        """An attempt's answer has begun; ``retry_after`` is the upstream's pushback (seconds)."""
        if attempt.outcome is not None or attempt.status or self.state is not steps.RACING:
            return steps.WAIT
        attempt.status = status
        attempt.answered_at = now
        policy = self._policy
        verdict = policy.verdicts[status]
        if verdict is TRANSIENT:
            if retry_after is not None:
                self._not_before = max(self._not_before, now + retry_after)
            self._settle(attempt, Outcome.FAILURE)
            return self._after_failure(now)
        if verdict is GOOD and policy.holds_answers:
            return steps.HOLD
        return self._accept(now, attempt)

    def body_began(self, now: float, attempt: Attempt) -> Step:
        """The first byte of a held answer's body is here."""
        if attempt.outcome is not None or not attempt.status or self.state is not steps.RACING:
            return steps.WAIT
        if self._policy.answers.body != "any":
            return steps.HOLD
        return self._accept(now, attempt)

    def body_judged(self, now: float, attempt: Attempt, *, usable: bool) -> Step:
        """A held answer's body is whole (or empty), and is (or is not) what the route wants."""
        if attempt.outcome is not None or not attempt.status or self.state is not steps.RACING:
            return steps.WAIT
        if usable:
            return self._accept(now, attempt)
        self._fail(now, attempt, Failure.UNUSABLE)
        return self._after_failure(now)

    def attempt_failed(self, now: float, attempt: Attempt, failure: Failure) -> Step:
        """An attempt will bring no whole answer any more."""
        if self.state is steps.COMMITTED and attempt is self.winner:
            attempt.end(now)
            attempt.failure = failure
            attempt.outcome = Outcome.FAILURE
            return self._abort()
        if attempt.outcome is None and self.state is steps.RACING:
            self._fail(now, attempt, failure)
            return self._after_failure(now)
        if attempt.ended_at is None:
            attempt.end(now)
            attempt.failure = failure  # a kept answer that broke is none
        return steps.WAIT

    def answer_ended(self, now: float, attempt: Attempt) -> Step:
        """An attempt's answer has been received to its last byte; a held one is judged besides."""
        attempt.end(now)
        if self.state is steps.COMMITTED and attempt is self.winner:
            self._complete(attempt)
        return steps.WAIT

    def client_left(self, now: float) -> Step:
        """Nobody waits for the answer any more: stop all work for it."""
        if self.state is not steps.DONE:
            self._policy.counters.abandoned += self.state is not steps.NEW
            if self.winner is not None and self.winner.outcome is SUCCESS:
                self.winner.outcome = Outcome.IGNORE
            self._finish(now, keep=None)
        return steps.WAIT

    # --- decisions ---

    def _after_failure(self, now: float) -> Step:
        """Send the next attempt at once, or wait for the others, or give up."""
        if now >= self.deadline_at:
            return self._give_up(now, Situation.EXPIRED)
        if self._may_repeat or all(a.failure in NEVER_SENT for a in self.attempts):
            if now < self._not_before < self.deadline_at and self._could_send():
                self._hedge_due_at = self._not_before
                self._schedule()
                return steps.WAIT
            if self._send_copies(now, RETRY):
                return steps.LAUNCH
        if self._in_race:
            if now >= self._hedge_due_at:
                self._ask_again_later(now)
            self._schedule()
            return steps.WAIT
        no_capacity = all(a.failure is Failure.NO_CAPACITY for a in self.attempts)
        return self._give_up(now, Situation.UNAVAILABLE if no_capacity else Situation.EXHAUSTED)

    def _send_copies(self, now: float, kind: Kind) -> bool:
        """Launch what the rule, the replicas and the budget allow; say whether any was."""
        policy = self._policy
        if now < self._not_before:
            return False
        sent = len(self.attempts)
        copies = policy.hedge.copies_at_trigger(sent)
        if not self._may_repeat:
            copies = min(copies, 1)  # what was never sent may go out again, but not twice
        for _ in range(copies):
            replica = self._another_replica()
            if replica is None:
                break
            if self._free_copies:
                self._free_copies -= 1
            elif not policy.budget.withdraw(now):
                policy.counters.denied += 1
                break
            self._launch(now, replica, kind)
        if len(self.attempts) == sent:
            return False
        if self._may_repeat:
            self._hedge_due_at = now + policy.hedge.next_delay(len(self.attempts))
        self._schedule()
        return True

    def _could_send(self) -> bool:
        """Say whether the rule and the replicas leave room for another attempt at all."""
        room = self._policy.hedge.copies_at_trigger(len(self.attempts)) > 0
        return room and self._another_replica() is not None

    def _ask_again_later(self, now: float) -> None:
        """Let a refused hedge be asked for after another delay, if it can still be sent then."""
        rule = self._policy.hedge
        again = rule.mode == "staggered" and rule.delay > 0 and self._could_send()
        self._hedge_due_at = now + rule.next_delay(len(self.attempts)) if again else math.inf

    def _another_replica(self) -> Replica | None:
        """Prefer a replica not tried yet; go back to a tried one only where the rule allows."""
        policy = self._policy
        tried = [attempt.replica for attempt in self.attempts]
        replica = policy.balancer.choose(tried)
        if replica is None and policy.hedge.same_replica:
            replica = policy.balancer.choose(tried[-1:]) or policy.balancer.choose(())
        return replica

    def _accept(self, now: float, attempt: Attempt) -> Step:
        """A good or a final answer ends the race, unless the deadline has ended it already."""
        if now >= self.deadline_at:
            return self._give_up(now, Situation.EXPIRED)
        return self._commit(now, attempt, SUCCESS)

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

    # --- bookkeeping ---

    def _launch(self, now: float, replica: Replica, kind: Kind) -> None:
        policy = self._policy
        own_time = math.inf if self._is_coming else policy.deadline.per_try
        expires_at = min(self.deadline_at, now + own_time)
        attempt = Attempt(len(self.attempts) + 1, kind, replica, now, expires_at)
        replica.in_flight += 1
        self._in_race += 1
        self.attempts.append(attempt)
        self.launched.append(attempt)
        counters = policy.counters
        counters.attempts += 1
        if kind is HEDGE:
            counters.hedges += 1
        elif kind is RETRY:
            counters.retries += 1

    def _schedule(self) -> None:
        """Set the one timer to the earliest thing that time can do."""
        due = min(self.deadline_at, self._hedge_due_at)
        if self._policy.deadline.per_try != math.inf:
            for attempt in self.attempts:
                if attempt.outcome is None and attempt.expires_at < due:
                    due = attempt.expires_at
        self.due_at = due

    def _commit(self, now: float, attempt: Attempt, outcome: Outcome) -> Step:
        """Choose the answer; every other attempt is a loser and is cancelled."""
        if attempt.outcome is None:
            self._in_race -= 1
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
                self._settle(attempt, Outcome.FAILURE if expired else Outcome.IGNORE)
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
            winner.outcome = Outcome.FAILURE
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
        self._settle(attempt, Outcome.IGNORE if ours else Outcome.FAILURE)
        attempt.end(now)

    def _settle(self, attempt: Attempt, outcome: Outcome) -> None:
        attempt.outcome = outcome
        self._in_race -= 1

    def _cancel(self, now: float, attempt: Attempt) -> None:
        """Have the shell stop an attempt, unless it has stopped by itself."""
        if attempt.ended_at is None:
            attempt.end(now)
            self.cancelled.append(attempt)
