"""One race between attempts: the coroutine shell around :class:`policy.Exchange`.

Carries out the exchange's steps with tasks and one timer, and tells it what
happened.  It has loops and awaits but decides nothing: no delay, no number of copies
and no verdict is known here, nor what a call is (:class:`Calls` knows that).

Each attempt is a task of its own, in a copy of the caller's context.  A race that
returns has no attempt left: losers are cancelled and waited for, and an answer that
nobody will read is discarded, also when the caller is cancelled, whenever that is.

Two rules pull at each other there.  Structured concurrency would wait for a loser
however long it takes to die; the deadline forbids it.  So a loser has :data:`GRACE`
to end, which is ample for all that merely closes a connection.  One that ignores its
cancellation is left behind, held and cleaned up after, and its errors go nowhere.

Budget of a call that its primary answers: 1 task, 1 timer, 1 future.
"""

import asyncio
import contextvars
import math
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from hedgerow.client.failures import AttemptCancelled
from hedgerow.errors import Failure
from hedgerow.policy import Attempt, Exchange, Kind, Step

T = TypeVar("T")

#: Seconds that cancelled attempts have to end before the caller gets its answer without them:
#: the 50 ms by which no answer may miss its deadline.
GRACE: Final = 0.05

_current: Final[contextvars.ContextVar["AttemptInfo | None"]] = contextvars.ContextVar(
    "hedgerow_attempt", default=None
)
#: Clean-ups that outlive their race; the loop itself holds its tasks only weakly.
_cleaning: Final[set[asyncio.Task[None]]] = set()


@dataclass(frozen=True, slots=True)
class AttemptInfo:
    """What code inside an attempt may want to know of it."""

    number: int  # 1 is the primary
    kind: Kind
    time_left: float  # seconds, when it started; infinite without a deadline


def current_attempt() -> AttemptInfo | None:
    """Return the attempt that the calling code runs in; None outside of any.

    A context variable and not an argument of ``make_attempt``, so that any coroutine
    function can be hedged as it is, and what it calls (a logging filter, a request hook)
    can ask too.
    """
    return _current.get()


class Calls(Protocol[T]):
    """What a race must be told of the calls that it lets compete."""

    async def begin(self, attempt: Attempt) -> T:
        """Make the call, until there is an answer to judge."""

    async def follow(self, race: "Race[T]", attempt: Attempt, answer: T) -> None:
        """Report what the answer is worth, reading no more of it than that takes."""

    async def discard(self, answer: T) -> None:
        """Free what an answer holds that nobody will get."""

    def failure(self, error: Exception) -> Failure:
        """Say which kind of failure an attempt's error is."""


class Race(Generic[T]):
    """Runs one exchange to its answer."""

    __slots__ = (
        "_answers",
        "_armed_for",
        "_calls",
        "_context",
        "_loop",
        "_over",
        "_tasks",
        "_timer",
        "errors",
        "exchange",
    )

    def __init__(self, exchange: Exchange, calls: Calls[T]) -> None:
        self.exchange = exchange
        self.errors: dict[int, Exception] = {}  # by attempt number
        self._calls = calls
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by attempt number, like the answers
        self._answers: dict[int, T] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = math.inf

    async def run(self) -> T | None:
        """Return the answer that won; None if there is none (the exchange knows why)."""
        exchange = self.exchange
        try:
            self.carry_out(exchange.start(self._loop.time()))
            await self._over
            await self._clear_away(keep=self._chosen())
        except GeneratorExit:
            raise  # the loop is gone: there is nothing left to await with
        except BaseException:
            self.carry_out(exchange.client_left(self._loop.time()))
            await self._clear_away(keep=None)
            raise
        finally:
            self._arm(math.inf)
        chosen = self._chosen()
        return None if chosen is None else self._answers.pop(chosen.number)

    def now(self) -> float:
        return self._loop.time()

    def failures(self) -> list[Exception]:
        """The errors of the attempts, in the order in which those were sent."""
        return [self.errors[number] for number in sorted(self.errors)]

    # --- carrying out steps ---

    def carry_out(self, step: Step) -> Step:
        """Do what the exchange asks for after an event, and pass its step on."""
        exchange = self.exchange
        for attempt in exchange.cancelled:
            if task := self._tasks.get(attempt.number):
                task.cancel()
        exchange.cancelled.clear()
        if step is Step.LAUNCH:
            self._launch()
        elif step is Step.REPLY or step is Step.ABORT:
            self._end()
        elif step is Step.FORWARD and exchange.winner is not None:
            winning = self._tasks.get(exchange.winner.number)
            if winning is not None and winning.done():
                self._end()  # else it does so itself, when it has read what it must
        self._arm(exchange.due_at)
        return step

    def _launch(self) -> None:
        launched = tuple(self.exchange.launched)
        self.exchange.launched.clear()
        for attempt in launched:
            # An eager task factory runs attempts inside create_task(), maybe to the race's end.
            if attempt.ended_at is None:
                task = self._loop.create_task(self._attempt(attempt), context=self._context.copy())
                self._tasks[attempt.number] = task
                task.add_done_callback(self._task_ended)

    def _arm(self, due_at: float) -> None:
        if self._over.done():
            due_at = math.inf
        if due_at == self._armed_for:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._armed_for = due_at
        if due_at != math.inf:
            self._timer = self._loop.call_at(due_at, self._timer_fired, context=self._context)

    def _timer_fired(self) -> None:
        self._armed_for = math.inf
        # uvloop keeps time in whole milliseconds and may be half of one early.  What the
        # timer was set for is due nevertheless: else we would spin until the clock agrees.
        now = max(self._loop.time(), self.exchange.due_at)
        self.carry_out(self.exchange.timer_fired(now))

    def _end(self) -> None:
        if not self._over.done():
            self._over.set_result(None)
        self._arm(math.inf)

    def _chosen(self) -> Attempt | None:
        """Return the attempt whose answer the caller gets, if it did not break on the way."""
        winner = self.exchange.winner
        return winner if winner is not None and winner.failure is None else None

    # --- attempts ---

    async def _attempt(self, attempt: Attempt) -> None:
        time_left = attempt.expires_at - attempt.started_at
        _current.set(AttemptInfo(attempt.number, attempt.kind, time_left))
        try:
            answer = await self._calls.begin(attempt)
            self._answers[attempt.number] = answer
            await self._calls.follow(self, attempt, answer)
        except asyncio.CancelledError:
            await self._discard(attempt.number)
            raise
        except Exception as error:
            self._failed(attempt, error, self._calls.failure(error))
            await self._discard(attempt.number)
        except GeneratorExit:
            raise
        except BaseException as error:
            # SystemExit and its like are no failure of an attempt: they go to the caller.
            if not self._over.done():
                self._over.set_exception(error)
        if self.exchange.winner is attempt:
            self._end()

    def _failed(self, attempt: Attempt, error: Exception, failure: Failure) -> None:
        if attempt.ended_at is None:  # what a loser says when it is cancelled is not why we failed
            self.errors[attempt.number] = error
        self.carry_out(self.exchange.attempt_failed(self._loop.time(), attempt, failure))

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        """Notice an attempt that somebody else has cancelled, even before it could start."""
        if task.cancelled():
            for attempt in self.exchange.attempts:
                if attempt.ended_at is None and self._tasks.get(attempt.number) is task:
                    self._failed(attempt, AttemptCancelled(attempt.number), Failure.RESET)

    # --- clearing away ---

    async def _clear_away(self, *, keep: Attempt | None) -> None:
        """See every attempt end, and discard every answer but the one to keep.

        Cancels nothing: what must be has been, and a second time would break off its clean-up.
        """
        kept = 0 if keep is None else keep.number
        running = [
            task for number, task in self._tasks.items() if number != kept and not task.done()
        ]
        if not running and self._answers.keys() <= {kept}:
            return
        cleaning = self._loop.create_task(self._clean(running, kept))
        _cleaning.add(cleaning)
        cleaning.add_done_callback(_cleaning.discard)
        await asyncio.wait({cleaning}, timeout=GRACE)

    async def _clean(self, running: list[asyncio.Task[None]], kept: int) -> None:
        if running:
            await asyncio.wait(running)
        for number in [number for number in self._answers if number != kept]:
            await self._discard(number)

    async def _discard(self, number: int) -> None:
        if number not in self._answers:
            return
        try:
            await self._calls.discard(self._answers.pop(number))
        except Exception as error:
            report = {"message": f"discarding the answer of attempt {number}", "exception": error}
            self._loop.call_exception_handler(report)
