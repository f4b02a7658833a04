"""One proxied request on sockets: the shell around ``policy.exchange``.

Carries the exchange's steps out and reports what happened to it.  It has no
thresholds: when to hedge, which answer wins and when to give up is decided in
policy; how bytes are framed is decided in wire.  What is left is moving heads and
bodies between one client and the attempts, with back-pressure both ways, and keeping
answers that are not (yet) committed to.

Budget of a GET answered by its primary: 0 tasks, 0 loop timers, 2 writes (one to
each side), 7 objects (two heads, request, this, its call, exchange, attempt).
"""

import math
import time

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.policy import Attempt, Exchange, Situation, Step, best_failure, steps
from hedgerow.serve.answers import parse_json, response_for, retry_after_seconds
from hedgerow.serve.arrival import Arrival
from hedgerow.serve.attempt_call import AttemptCall
from hedgerow.serve.plan import Plan
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.serve.story import server_timing
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.body import IN_CHUNKS
from hedgerow.wire.forwarding import downstream_fields, length_line
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.pool import Pool
from hedgerow.wire.request import Request
from hedgerow.wire.timers import Timer


class ProxiedRequest(Arrival):
    """One client's request while it is with us; the sink of its body."""

    __slots__ = (
        "_bucket",
        "_due_at",
        "_forwarding",
        "_is_finished",
        "calls",
        "finished_at",
    )

    def __init__(
        self,
        plan: Plan,
        surroundings: Surroundings,
        request: Request,
        head_lines: bytes,
        seconds: float,
    ) -> None:
        Arrival.__init__(self, plan, surroundings, request, head_lines, seconds)  # 0.1 us less
        self._bucket: set[Timer] | None = None
        self._due_at = math.inf
        self._forwarding = False  # the winner's body goes straight to the client
        self._is_finished = False
        self.calls: list[AttemptCall] = []
        self.finished_at = 0.0
        request.sink = self

    # --- called by the client's connection ---

    @override
    def client_left(self) -> None:
        exchange = self.exchange
        if exchange is None:
            super().client_left()
            return
        now = time.monotonic()
        exchange.client_left(now)
        self._cancel_losers(exchange)
        self._finish(now)

    def writing_paused(self) -> None:
        if (call := self._winner()) is not None:
            call.pause()

    def writing_resumed(self) -> None:
        if (call := self._winner()) is not None:
            call.resume()

    # --- called by the wheel ---

    def timer_fired(self, now: float) -> None:
        self._bucket = None
        exchange = self.exchange
        if exchange is not None:
            self._carry_out(now, exchange, exchange.timer_fired(now))

    # --- called by the attempts ---

    def answer_began(self, call: AttemptCall, head: ResponseHead, data: bytes, ended: bool) -> None:
        exchange = self.exchange
        if exchange is None:
            return
        now = time.monotonic()
        attempt = call.attempt
        said = head.retry_after
        pushback = None if said is None else retry_after_seconds(said, head.fields)
        step = exchange.head_arrived(now, attempt, head.status, pushback)
        if step is steps.FORWARD and exchange.winner is attempt:
            if exchange.cancelled:
                self._cancel_losers(exchange)
            self._forward(now, exchange, head, data, ended)
            if (door := self._door) is not None and door.decided:
                door.carry_out(now)  # for the places of those that were cancelled
            return
        call.kept_head = head
        call.keep(data, ended=ended)
        if ended:
            exchange.answer_ended(now, attempt)
        if step is steps.HOLD:
            step = self._judge(now, exchange, call)
        self._hold_back(call)
        self._carry_out(now, exchange, step)

    def answer_continued(self, call: AttemptCall, data: bytes, ended: bool) -> None:
        exchange = self.exchange
        if exchange is None:
            return
        if self._forwarding and exchange.winner is call.attempt:
            self.request.write(data, ended=ended)
            if ended:
                now = time.monotonic()
                exchange.answer_ended(now, call.attempt)
                self._finish(now)
            return
        now = time.monotonic()
        call.keep(data, ended=ended)
        step = steps.WAIT
        if call.attempt.outcome is None:
            step = self._judge(now, exchange, call)
        if ended:
            exchange.answer_ended(now, call.attempt)
        self._hold_back(call)
        self._carry_out(now, exchange, step)

    def attempt_failed(self, call: AttemptCall, failure: Failure) -> None:
        exchange = self.exchange
        if exchange is not None:
            now = time.monotonic()
            self._carry_out(now, exchange, exchange.attempt_failed(now, call.attempt, failure))

    def attempt_sent(self, call: AttemptCall) -> None:
        """A streamed body may flow now."""
        if self._upload is not None:
            self._upload.flow_to(call)

    def attempt_informed(self, call: AttemptCall, head: ResponseHead) -> None:
        """Pass an interim answer on; of several attempts only the primary's (RFC 9110 15.2)."""
        if call.attempt.number == 1 and not self._forwarding:
            self.request.inform(head.status, downstream_fields(head, b""))

    # --- carrying steps out ---

    @override
    def _upload_ended(self) -> None:
        exchange = self.exchange
        if exchange is not None and self.terms.policy.deadline.covers == "head":
            now = time.monotonic()
            exchange.request_ended(now, now + self._seconds)
            self._arm(now)

    @override
    def _race(self, now: float) -> None:
        upload, policy = self._upload, self.terms.policy
        whole = upload is None or upload.ended
        if whole and self._deadline_at == math.inf:
            self._deadline_at = now + self._seconds  # its body ended while it waited
        self.exchange = exchange = Exchange(  # by position: 0.2 us less
            policy,
            self._deadline_at,
            self._plan.may_repeat and whole,
            not whole and policy.deadline.covers == "head",
            self.request.head.method,
        )
        if upload is not None:
            self._head_lines += length_line(self.request.head, upload.size if whole else None)
            if not whole:
                self.request.pause_body()
        step = exchange.start(now)
        if step is steps.LAUNCH:
            self._launch(now, exchange)
            step = steps.WAIT
            if (door := self._door) is None or not door.decided:
                if not self._is_finished:
                    self._arm(now)
                return  # nearly always
        elif self._door is not None:
            self._door.admission.left(now)  # it was not sent: the place was for nothing
        self._carry_out(now, exchange, step)

    def _carry_out(self, now: float, exchange: Exchange, step: Step) -> None:
        if exchange.cancelled:
            self._cancel_losers(exchange)
        if step is steps.LAUNCH:
            self._launch(now, exchange)
        elif step is steps.FORWARD:
            self._forward_kept(now, exchange)
        elif step is steps.REPLY:
            self._reply(now, exchange)
        elif step is steps.ABORT:
            self.request.abort()
            self._finish(now)
        if not self._is_finished:
            self._arm(now)
        if (door := self._door) is not None and door.decided:
            door.carry_out(now)

    def _launch(self, now: float, exchange: Exchange) -> None:
        launched = exchange.launched
        if len(launched) == 1:  # in line: nearly always
            call = self._call(now, launched.pop())
            self.calls.append(call)
            pool: Pool = call.attempt.replica.address  # the gateway put it there
            pool.start(call)
            return
        exchange.launched = []
        calls = [self._call(now, attempt) for attempt in launched]
        self.calls += calls  # all, before one fails to start: that may launch others, or end all
        for call in calls:
            if not call.is_done:
                pool = call.attempt.replica.address
                pool.start(call)

    def _call(self, now: float, attempt: Attempt) -> AttemptCall:
        head, plan = self._head_lines, self._plan
        if plan.tells and (left := attempt.expires_at - now) != math.inf:
            for tell in plan.tells:
                head += tell.line(left)
        if attempt.number > 1:
            head += b"X-Hedgerow-Attempt: %d\r\n" % attempt.number
        call = AttemptCall(self, attempt, head + b"\r\n")
        if self.request.head.method == b"HEAD":
            call.to_head = True
        if not plan.may_repeat:
            call.replayable = False
        if self._upload is not None:
            self._upload.prepare(call)
        return call

    def _arm(self, now: float) -> None:
        """Have one timer, for the exchange's due time; none when that is never."""
        exchange = self.exchange
        due = exchange.due_at if exchange is not None else math.inf
        if self._bucket is not None:
            if due == self._due_at:
                return
            self._bucket.discard(self)
            self._bucket = None
        self._due_at = due
        if due != math.inf:
            self._bucket = self._surroundings.engine.wheel.arm(now, due, self)

    def _forward(
        self, now: float, exchange: Exchange, head: ResponseHead, data: bytes, ended: bool
    ) -> None:
        """Commit: this answer goes to the client, from its head."""
        fields = downstream_fields(head, self._surroundings.engine.date_line)
        if self.terms.server_timing:
            fields += server_timing(exchange, self.arrived_at, now)
        length = head.content_length if head.framing is not IN_CHUNKS else None
        self._forwarding = True
        self.request.begin(head.status, fields, length, data, ended=ended)
        if ended:
            if (winner := exchange.winner) is not None:
                exchange.answer_ended(now, winner)
            self._finish(now)
        else:
            self._arm(now)

    def _forward_kept(self, now: float, exchange: Exchange) -> None:
        """Commit to an answer that was kept until now."""
        call = self._winner()
        if call is None or call.kept_head is None:
            return
        template = self.terms.replies.get(Situation.SUCCESS) if call.is_json else None
        if template is not None:
            self._respond(now, template, call.json)
            exchange.answer_ended(now, call.attempt)
            self._finish(now)
            return
        if not call.kept_ended:
            call.resume()  # before writing: a client that has no room pauses it again
        self._forward(now, exchange, call.kept_head, call.take_kept(), call.kept_ended)

    def _reply(self, now: float, exchange: Exchange) -> None:
        situation = exchange.situation or Situation.EXHAUSTED
        if (template := self.terms.replies.get(situation)) is not None:
            self._respond(now, template, None)
        else:
            status, detail, retry_after = response_for(situation, best_failure(exchange.attempts))
            self.request.problem(status, detail, retry_after, self._own_fields(now))
        self._finish(now)

    def _respond(self, now: float, template: ReplyTemplate, body: object) -> None:
        fields = template.fields + self._own_fields(now)
        self.request.respond(template.status, fields, template.render(body))

    def _own_fields(self, now: float) -> bytes:
        fields = self._surroundings.engine.date_line
        if self.terms.server_timing and self.exchange is not None:
            fields += server_timing(self.exchange, self.arrived_at, now)
        return fields

    # --- kept answers ---

    def _judge(self, now: float, exchange: Exchange, call: AttemptCall) -> Step:
        """Tell the exchange what the body of a held answer is worth, once that is known."""
        if self.terms.policy.answers.body == "json" and not call.has_no_body:
            if call.kept_size <= self.terms.max_held:
                if not call.kept_ended:
                    return steps.HOLD
                call.json, call.is_json = parse_json(call.kept_body)
            call.cancel()  # where it is too long, and still comes
            return exchange.body_judged(now, call.attempt, usable=call.is_json)
        if call.kept_size:
            return exchange.body_began(now, call.attempt)
        return (
            exchange.body_judged(now, call.attempt, usable=True) if call.kept_ended else steps.HOLD
        )

    def _hold_back(self, call: AttemptCall) -> None:
        """Stop reading an answer that may never be wanted."""
        if not call.kept_ended and call.kept_size > self.terms.max_held:
            call.pause()

    def _winner(self) -> AttemptCall | None:
        winner = self.exchange.winner if self.exchange is not None else None
        return self.calls[winner.number - 1] if winner is not None else None

    def _cancel_losers(self, exchange: Exchange) -> None:
        cancelled, exchange.cancelled = exchange.cancelled, []
        for attempt in cancelled:
            self.calls[attempt.number - 1].cancel()

    @override
    def _finish(self, now: float) -> None:
        if self._is_finished:
            return
        self._is_finished, self.finished_at = True, now
        if self._bucket is not None:
            self._bucket.discard(self)
            self._bucket = None
        # Calls point back to us: without this every request would wait for the cycle collector
        # (5 % of the time under full load).
        self.calls = []
        self.request.sink = None
        if (door := self._door) is not None and door.decided:
            door.carry_out(now)
        if self._surroundings.finished is not None:
            self._surroundings.finished(self)
