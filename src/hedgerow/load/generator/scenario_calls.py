"""Calls a scenario's functions, and decides what an exception in them means.

An ``assert`` that fails ends the iteration and fails the last request.  Any other exception
ends the iteration too and is counted under the function's name; a user rests after it, so
that a broken scenario does not take a whole core.  One that has never sent anything is given
up after :data:`HOPELESS` exceptions: the traceback says more than a minute of them.  Must not
know when users come and go.
"""

import asyncio
import enum
from typing import Final, Protocol

from hedgerow.load.generator.scenario import (
    ScenarioModule,
    assertion,
    line_of,
    one_line,
    shown_traceback,
)
from hedgerow.load.generator.user import Due, RunOver, User, UserContext
from hedgerow.load.outcome import Outcome
from hedgerow.load.scenario import UserFunction

#: After so many exceptions, with nothing ever sent, the run is given up.
HOPELESS: Final = 20
#: Seconds to rest after an exception; the first while nothing has ever been sent.
FIRST_PAUSE: Final = 0.05
ERROR_PAUSE: Final = 1.0


class Journal(Protocol):
    """Where it is noted what happened besides requests; moments are perf_counter_ns."""

    def iteration(self, began_ns: int, ended_ns: int) -> None:
        """An iteration was gone through to its end."""

    def code_failed(self, label: str, began_ns: int, detail: str) -> None:
        """A function of the scenario raised: an outcome of class ``exception``."""

    def arrival_given_up(self, due: Due, outcome: Outcome) -> None:
        """Nobody was free to play an arrival: ``deadline``, or at the end ``unfinished``."""

    def complain(self, text: str) -> None:
        """The run cannot go on, and why."""


class Ending(enum.Enum):
    """How a function of a scenario ended."""

    WHOLE = "whole"
    CHECK_FAILED = "check failed"  # an assertion about an answer
    RAISED = "raised"


class ScenarioCalls:
    """The functions of one scenario, as users call them."""

    def __init__(self, module: ScenarioModule, context: UserContext, journal: Journal) -> None:
        self.journal = journal
        self._module = module
        self._context = context
        self._told: set[tuple[str, int | None]] = set()  # exceptions whose traceback was told
        self._exceptions = 0
        self._works = False  # a request has been sent, or an iteration was whole

    @property
    def error_pause(self) -> float:
        """How long a user rests after an exception."""
        return ERROR_PAUSE if self._works else FIRST_PAUSE

    def sleep(self, seconds: float) -> "asyncio.Task[None]":
        """Begin a rest that can be cancelled."""
        return asyncio.get_running_loop().create_task(self._sleep(seconds))

    async def start(self, user: User) -> Ending:
        """Let a user start, where that has not been done."""
        if user.has_started:
            return Ending.WHOLE
        user.begin()
        ending = await self._call(self._module.start, "start", user)
        user.has_started = ending is Ending.WHOLE
        return ending

    async def iteration(self, user: User, due: Due | None = None) -> Ending:
        """Play one task; its first request was due then."""
        task = self._module.draw(user.random)
        began_ns = self._context.clock_ns() if due is None else due.at_ns
        user.begin(due)
        ending = await self._call(task.function, task.name, user)
        if ending is Ending.WHOLE:
            self._works = True
            self.journal.iteration(began_ns, self._context.clock_ns())
        return ending

    async def stop(self, user: User) -> None:
        """Let a user stop, where it has started, and close its connections."""
        try:
            if user.has_started:
                user.begin()
                await self._call(self._module.stop, "stop", user)
        except RunOver:
            pass  # as many requests as were asked for have been sent
        finally:
            user.has_started = False
            user.close()

    async def _call(self, function: UserFunction | None, label: str, user: User) -> Ending:
        if function is None:
            return Ending.WHOLE
        began_ns = self._context.clock_ns()
        try:
            await function(user)
        except AssertionError as error:
            if user.last is not None and not user.last.is_counted:
                user.last.fail(assertion(error, self._module.name))
                return Ending.CHECK_FAILED
            self._works |= user.has_sent
            self._raised(error, label, began_ns)
            return Ending.RAISED
        except Exception as error:
            self._works |= user.has_sent
            self._raised(error, label, began_ns)
            return Ending.RAISED
        finally:
            self._works |= user.has_sent
            user.settle()
        return Ending.WHOLE

    def _raised(self, error: Exception, label: str, began_ns: int) -> None:
        name = self._module.name
        detail = one_line(error, name)
        place = (type(error).__name__, line_of(error, name))
        if place not in self._told:  # its traceback once is enough
            self._told.add(place)
            detail = f"{detail}\n{shown_traceback(error, name)}"
        self.journal.code_failed(label, began_ns, detail)
        self._exceptions += 1
        if self._exceptions == HOPELESS and not self._works:
            self.journal.complain(
                f"{name} {label}() raised an exception {HOPELESS} times before any request was "
                f"sent.\n{shown_traceback(error, name)}"
            )

    async def _sleep(self, seconds: float) -> None:
        await self._context.sleep(seconds)
