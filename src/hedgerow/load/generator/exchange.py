"""The connections of one scenario user: a request in, a raw answer out.

Carries out what ``user`` asks for, on a connection for each request under way and endpoint,
kept for the next.  A request is measured here and counted when ``user`` says so, because
its code may still find fault with the answer.  Must not know scenarios.

Budget of a request: 1 future and 1 loop timer; the task is the user's own.
"""

import asyncio
import time
from collections.abc import Callable

from hedgerow.load.batch import Sample
from hedgerow.load.generator.answer import RawAnswer
from hedgerow.load.generator.carrier import OUTCOME_OF, Carrier
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.request_maker import Endpoint
from hedgerow.load.generator.user import Due
from hedgerow.load.outcome import Outcome
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.lean import Broken, LeanConnection


class UserExchanger:
    """One user's requests."""

    def __init__(self, field: Field, number: int, count: Callable[[int], None]) -> None:
        """``count`` is told +1 when a request begins and -1 when it has ended."""
        self._field = field
        self._number = number
        self._count = count
        self._idle: dict[Endpoint, list[Exchange]] = {}

    async def exchange(
        self,
        endpoint: Endpoint,
        request: bytes,
        *,
        label: str,
        is_head: bool,
        time_limit: float,
        due: Due | None,
    ) -> RawAnswer:
        """Send a request and wait for its end."""
        idle = self._idle.setdefault(endpoint, [])
        exchange = idle.pop() if idle else Exchange(self._field, self._number, endpoint)
        self._count(1)
        try:
            answer = await exchange.carry(request, label, due, is_head=is_head, limit=time_limit)
        except asyncio.CancelledError:
            exchange.give_up()
            raise
        finally:
            self._count(-1)
        if exchange.is_connected:
            idle.append(exchange)
        return answer

    def record(self, token: object, *, label: str, outcome: Outcome, detail: str) -> None:
        """Count a request whose answer bore this token."""
        assert isinstance(token, Sample)
        token.label, token.outcome, token.detail = label, outcome.value, detail
        self._field.recorder.sample(token)

    def close(self) -> None:
        """Close the connections."""
        for idle in self._idle.values():
            while idle:
                idle.pop().hang_up()


class Exchange(Carrier):
    """One connection, and the request on it."""

    __slots__ = ("_answer", "_endpoint", "_is_head", "_limit", "_request", "_timer", "_waits")

    def __init__(self, field: Field, number: int, endpoint: Endpoint) -> None:
        super().__init__(field, number, "")
        self._endpoint = endpoint
        # For the life of one request.
        self._request = b""
        self._is_head = False
        self._limit = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._waits: asyncio.Future[RawAnswer] | None = None  # while there is no answer
        self._answer: asyncio.Future[RawAnswer] | None = None

    async def carry(
        self, request: bytes, label: str, due: Due | None, *, is_head: bool, limit: float
    ) -> RawAnswer:
        """Send a request; on the connection that is there, or on a new one."""
        now = time.perf_counter_ns()
        self.label = label
        self.began_ns, self.woke_ns = (now, -1) if due is None else due
        self._request, self._is_head, self._limit = request, is_head, limit
        waits: asyncio.Future[RawAnswer] = self._field.loop.create_future()
        self._waits = self._answer = waits
        connection = self.connection
        if connection is not None and connection.is_usable:
            self._send(connection, now)
        else:
            self.connection = self._field.connection(self, keeps_body=True)
            self._field.dialler.dial(self._endpoint, self.connection, self)
        answer = await waits
        self._answer = None
        return answer

    def give_up(self) -> None:
        """Nobody waits for the answer any more, though it may be here already."""
        outcome, why = Outcome.TIMEOUT, "the scenario gave it up"
        if self._field.is_cut_off:
            outcome, why = Outcome.UNFINISHED, "the run was over first"
        waits = self._answer
        if waits is not None and waits.done() and not waits.cancelled():
            sample = waits.result().token
            assert isinstance(sample, Sample)
            sample.outcome, sample.detail = outcome.value, why
            self._field.recorder.sample(sample)
        else:
            self.note(outcome, why)
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connection; what is under way is broken off."""
        self._disarm()
        self._waits = None
        connection, self.connection = self.connection, None
        if connection is None or not connection.is_usable:
            return
        if connection.is_busy:
            connection.reset()
        else:
            connection.close()

    # --- told by the connection, in this order ---

    def opened(self, connection: LeanConnection) -> None:
        """Send what the connection was made for."""
        if connection is self.connection and self._waits is not None:
            self._connected()
            self._send(connection, time.perf_counter_ns())
        else:
            connection.close()

    def not_opened(self, connection: LeanConnection, outcome: Outcome, detail: str) -> None:
        """There is no connection."""
        if connection is self.connection:
            self._fail(outcome, detail)

    def answered_at_once(self, connection: LeanConnection, head: ResponseHead) -> None:
        """Not called: the body is wanted."""
        self.answered(connection, head)

    def answered(self, connection: LeanConnection, head: ResponseHead) -> None:
        """A whole answer came."""
        body = b"".join(connection.body)
        if not self._field.plan.connecting.keep_alive and connection.is_usable:
            connection.close()
        elapsed = (time.perf_counter_ns() - connection.sent_ns) / 1e9
        self._end(
            RawAnswer(
                outcome=Outcome.OK,
                status=head.status,
                fields=head.fields,
                body=body,
                elapsed=elapsed,
                token=self.sample(Outcome.OK, status=head.status),
            )
        )

    def broken(self, connection: LeanConnection, how: Broken, detail: str) -> None:
        """There will be no answer."""
        self._fail(OUTCOME_OF[how], detail)

    def lost(self, connection: LeanConnection) -> None:
        """An idle connection was closed: the next request makes a new one."""

    # --- within ---

    def _send(self, connection: LeanConnection, now_ns: int) -> None:
        self.size_out = len(self._request)
        connection.to_head = self._is_head
        connection.send(self._request, now_ns)
        self._timer = self._field.loop.call_later(self._limit, self._timed_out)

    def _timed_out(self) -> None:
        self._timer = None
        self._fail(Outcome.TIMEOUT, f"no whole answer within {self._limit:g}s")

    def _fail(self, outcome: Outcome, detail: str) -> None:
        sample = self.sample(outcome, detail)
        connection = self.connection
        if connection is not None and connection.is_usable:
            connection.reset()
        self._end(
            RawAnswer(outcome=outcome, detail=detail, elapsed=sample.response / 1e9, token=sample)
        )

    def _end(self, answer: RawAnswer) -> None:
        self._disarm()
        waits, self._waits = self._waits, None
        if waits is not None and not waits.done():
            waits.set_result(answer)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
