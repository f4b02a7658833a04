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
from typing import Final

from hedgerow.errors import Failure
from hedgerow.policy import steps
from hedgerow.policy.attempt import HEDGE, PRIMARY, RETRY, Attempt, Kind
from hedgerow.policy.balance import Replica
from hedgerow.policy.hedge_delay import DelayController, Delays
from hedgerow.policy.outcomes import GOOD, NEVER_SENT, SUCCESS, TRANSIENT, Outcome, Situation
from hedgerow.policy.pushback import Pushback
from hedgerow.policy.standing import Standing
from hedgerow.policy.steps import Step

#: In delays: how long a hedge is put off that the coin was against.
_WITHHELD_FOR: Final = 3.0


class Exchange(Standing):
    """One request: events in, steps out."""

    __slots__ = ()

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
            if policy.delays is not None:
                self._take_delay(now, policy.delays, replica)
            else:
                self._delay = policy.hedge.delay
                self._hedge_due_at = now + policy.first_delay
        if policy.deadline.per_try == math.inf:
            due, hedge_due = self.deadline_at, self._hedge_due_at
            self.due_at = hedge_due if hedge_due < due else due
        else:
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
        hedge_is_due = now >= self._hedge_due_at
        pushback = self._pushback
        if late or (
            hedge_is_due and pushback is not None and self._hedge_due_at == pushback.awaited
        ):
            return self._after_failure(now)
        if hedge_is_due:
            return self._hedge_is_due(now)
        self._schedule()
        return steps.WAIT

    def head_arrived(
        self, now: float, attempt: Attempt, status: int, retry_after: float | None = None
    ) -> Step:
        """An attempt's answer has begun.

        ``retry_after`` is the replica's pushback in seconds; below 0 for "never", which is
        also what one that cannot be read means.
        """
        if attempt.outcome is not None or attempt.status or self.state is not steps.RACING:
            return steps.WAIT
        attempt.status = status
        attempt.answered_at = now
        policy = self._policy
        verdict = policy.verdicts[status]
        if verdict is TRANSIENT:
            if retry_after is not None:
                if self._pushback is None:
                    self._pushback = Pushback()
                self._pushback.note(now, attempt.replica, retry_after)
            self._settle(now, attempt, Outcome.FAILURE, retry_after)
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
            self._end(now, attempt)
            attempt.failure = failure
            self._broke(now, attempt)
            return self._abort()
        if attempt.outcome is None and self.state is steps.RACING:
            self._fail(now, attempt, failure)
            return self._after_failure(now)
        if attempt.ended_at is None:
            self._end(now, attempt)
            attempt.failure = failure  # a kept answer that broke is none
        return steps.WAIT

    def answer_ended(self, now: float, attempt: Attempt) -> Step:
        """An attempt's answer has been received to its last byte; a held one is judged besides."""
        self._end(now, attempt)
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
            if self._send_copies(now, RETRY):
                return steps.LAUNCH
            if self._waits_for_pushback(now):
                self._schedule()
                return steps.WAIT
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
        sent = len(self.attempts)
        copies = policy.hedge.copies_at_trigger(sent)
        if not self._may_repeat:
            copies = min(copies, 1)  # what was never sent may go out again, but not twice
        for _ in range(copies):
            replica = self._another_replica(now)
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
            self._hedge_due_at = now + policy.hedge.next_delay(len(self.attempts), self._delay)
        self._schedule()
        return True

    def _hedge_is_due(self, now: float) -> Step:
        """The delay has passed: send a copy, unless chance, time or the budget is against it."""
        if self._controller is not None:
            self._tell_outlived(now, self._controller)
        if not self._has_time_for_a_hedge(now):
            self._policy.counters.hedges_suppressed += 1
            self._hedge_due_at = math.inf
        elif not (self._is_asked_again or self._policy.wants_hedge()):
            self._withhold(now)
        elif self._send_copies(now, HEDGE):
            return steps.LAUNCH
        else:
            self._ask_again_later(now)  # a refusal never fails the request
        self._schedule()
        return steps.WAIT

    def _withhold(self, now: float) -> None:
        """The coin said no: for this delay where there are more copies to come, else for good.

        That is SingleR.  With a learned delay, whose coin seldom says no, it is for long only: a
        request at a replica that hangs would be lost for it, and after some more delays hardly
        any other is left.  The copy then goes without a coin.
        """
        policy = self._policy
        policy.counters.hedges_withheld += 1
        if policy.hedge.extra > 1:
            self._ask_again_later(now)
        elif policy.delays is not None:
            self._is_asked_again = True
            self._hedge_due_at = now + _WITHHELD_FOR * self._delay
        else:
            self._hedge_due_at = math.inf

    def _has_time_for_a_hedge(self, now: float) -> bool:
        policy = self._policy
        useful = policy.hedge.min_useful
        if useful is None:
            useful = policy.delays.of(self._hedge_class).fast if policy.delays is not None else 0.0
        return self.deadline_at - now >= useful

    def _waits_for_pushback(self, now: float) -> bool:
        """Have the timer go off when the next replica may be asked again, if that is all there is.

        Replicas that did not push back need no waiting, so this is for want of any other.
        """
        if self._pushback is None or self._could_send(now):
            return False
        until = self._pushback.next_end(now)
        if until >= self.deadline_at or not self._could_send(until):
            return False
        self._hedge_due_at = self._pushback.awaited = until
        return True

    def _could_send(self, now: float) -> bool:
        """Say whether the rule and the replicas leave room for another attempt at all."""
        room = self._policy.hedge.copies_at_trigger(len(self.attempts)) > 0
        return room and self._another_replica(now) is not None

    def _ask_again_later(self, now: float) -> None:
        """Let a refused hedge be asked for after another delay, if it can still be sent then."""
        rule, delay = self._policy.hedge, self._delay
        again = rule.mode == "staggered" and delay > 0 and self._could_send(now)
        self._hedge_due_at = now + rule.next_delay(len(self.attempts), delay) if again else math.inf

    def _another_replica(self, now: float) -> Replica | None:
        """Prefer a replica not tried yet; go back to a tried one only where the rule allows.

        Never to one that has pushed back, for as long as it said.
        """
        policy = self._policy
        tried = [attempt.replica for attempt in self.attempts]
        replica = policy.balancer.choose(tried)
        if replica is None and policy.hedge.same_replica:
            held = () if self._pushback is None else self._pushback.held_back(now)
            replica = policy.balancer.choose((*tried[-1:], *held)) or policy.balancer.choose(held)
        return replica

    def _accept(self, now: float, attempt: Attempt) -> Step:
        """A good or a final answer ends the race, unless the deadline has ended it already."""
        if now >= self.deadline_at:
            return self._give_up(now, Situation.EXPIRED)
        if self._policy.delays is not None and attempt.number == 1:
            self._tell_ended(now, attempt)
        return self._commit(now, attempt, SUCCESS)

    # --- what others learn from it ---

    def _take_delay(self, now: float, delays: Delays, replica: Replica) -> None:
        """Read how long the first hedge waits; what the primary does will be told to that class."""
        self._controller = controller = delays.of(self._hedge_class)
        self._delay = delay = controller.delay
        self._hedge_due_at = now + delay
        efficacy = self._policy.efficacy
        if efficacy is not None and replica in efficacy.suspects:
            self._cell = efficacy.dispatched(now, replica)

    def _tell_outlived(self, now: float, controller: DelayController) -> None:
        """The delay has passed; a primary that failed before tells nothing of how fast it was."""
        self._controller = None
        primary, policy = self.attempts[0], self._policy
        if primary.outcome is not None:
            return
        controller.outlived(self._delay)
        if policy.efficacy is not None:
            policy.efficacy.outlived(now, primary.replica, self._delay)
            if self._cell is not None:
                policy.efficacy.told(self._cell, slow=True)
            policy.follow_efficacy()

    def _tell_ended(self, now: float, primary: Attempt) -> None:
        """The primary's answer is accepted, before the delay has passed or after it."""
        controller, efficacy = self._controller, self._policy.efficacy
        if controller is None:
            if efficacy is not None:
                efficacy.ended(now, primary.replica, self._delay)
            return
        self._controller = None
        elapsed = now - primary.started_at
        controller.ended(elapsed)
        if efficacy is not None and self._cell is not None:
            efficacy.told(self._cell, slow=elapsed > controller.fast)

    # --- bookkeeping ---

    def _launch(self, now: float, replica: Replica, kind: Kind) -> None:
        policy = self._policy
        expires_at, own_time = self.deadline_at, policy.deadline.per_try
        if not self._is_coming and now + own_time < expires_at:
            expires_at = now + own_time
        attempt = Attempt(len(self.attempts) + 1, kind, replica, now, expires_at)
        replica.in_flight += 1
        self._in_race += 1
        self.attempts.append(attempt)
        self.launched.append(attempt)
        counters = policy.counters
        counters.attempts += 1
        if kind is PRIMARY:
            return
        if policy.admission is not None:
            policy.admission.copy_started()
        if kind is HEDGE:
            counters.hedges += 1
        else:
            counters.retries += 1

    def _schedule(self) -> None:
        """Set the one timer to the earliest thing that time can do."""
        due = self.deadline_at
        if self._hedge_due_at < due:
            due = self._hedge_due_at
        if self._policy.deadline.per_try != math.inf:
            for attempt in self.attempts:
                if attempt.outcome is None and attempt.expires_at < due:
                    due = attempt.expires_at
        self.due_at = due
