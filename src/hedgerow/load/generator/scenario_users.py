"""Plays a scenario: users who go round (closed model), or who come when they are due (open).

Calls a scenario's functions in their order (start, one task for each iteration, stop); when
users come and go is for others to say, and so is how a request is sent.  Must not know
sockets.  Iterations are coroutines, one task for each user at work.

In an open model an arrival is played by a user who is idle, or by a new one; where users
are limited and all are at work it waits, and its wait counts as backlog.
"""

import asyncio
import collections
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, Final

from hedgerow.load.generator.scenario_calls import Ending, Journal, ScenarioCalls
from hedgerow.load.generator.user import Due, Exchanger, RunOver, User, UserContext
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Closed, Open, Share

#: Seconds to rest after an iteration without an answer: it may not even have let others run,
#: or the server refuses connections, which takes next to no time.
IDLE_PAUSE: Final = 0.01


class Tasks:
    """What is under way; an exception that should not be stops the run with its traceback."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin to work."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def cancel(self) -> None:
        """Cut everything off."""
        for task in tuple(self._tasks):
            task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._journal.complain("".join(traceback.format_exception(error)).rstrip())


class OpenUsers:
    """The users of an open model."""

    def __init__(
        self,
        calls: ScenarioCalls,
        context: UserContext,
        make_exchanger: Callable[[int], Exchanger],
        *,
        model: Open,
        share: Share,
    ) -> None:
        """``make_exchanger`` makes one for the user of that number."""
        self._calls = calls
        self._context = context
        self._make_exchanger = make_exchanger
        self._share = share
        self._most = None
        if model.max_connections is not None:
            self._most = max(1, share.count(model.max_connections))
        self._shed_after_ns = None if model.shed_after is None else round(model.shed_after * 1e9)
        self._tasks = Tasks(calls.journal)
        self._numbers = 0
        self._idle: list[User] = []
        self._waiting: collections.deque[Due] = collections.deque()
        self._beginning: dict[User, Due] = {}  # their tasks have not run yet
        self._is_stopping = False
        self.at_work = 0

    @property
    def is_idle(self) -> bool:
        """Nothing is under way, and nobody waits."""
        return not self._tasks and not self._waiting

    @property
    def backlog(self) -> int:
        """How many arrivals wait for a user."""
        return len(self._waiting)

    def arrive(self, due: Due) -> None:
        """Play one iteration, now or as soon as there is a user for it."""
        user = None if self._waiting else self._free_user()  # first come, first served
        if user is None:
            self._waiting.append(due)
        else:
            self._begin(user, due)

    def sweep(self, now_ns: int) -> None:
        """Give up arrivals that have waited too long."""
        if self._shed_after_ns is not None:
            due_before_ns = now_ns - self._shed_after_ns
            while self._waiting and self._waiting[0].at_ns < due_before_ns:
                self._calls.journal.arrival_given_up(self._waiting.popleft(), Outcome.DEADLINE)

    def stop(self) -> None:
        """No more arrivals: idle users go now, the others after what they are at."""
        self._is_stopping = True
        while self._idle:
            self._dismiss(self._idle.pop())

    def cut_off(self) -> None:
        """Wait for nothing any more."""
        self._is_stopping = True
        while self._idle:
            self._idle.pop().close()
        while self._waiting:
            self._calls.journal.arrival_given_up(self._waiting.popleft(), Outcome.UNFINISHED)
        while self._beginning:  # a task that has not begun would end without a word
            _, due = self._beginning.popitem()
            self.at_work -= 1
            self._calls.journal.arrival_given_up(due, Outcome.UNFINISHED)
        self._tasks.cancel()

    def _begin(self, user: User, due: Due) -> None:
        self.at_work += 1
        self._beginning[user] = due
        self._tasks.start(self._play(user, due))

    def _free_user(self) -> User | None:
        if self._idle:
            return self._idle.pop()  # the one that was at work last: the others' may rest
        if self._most is not None and self.at_work >= self._most:
            return None
        number = self._share.index + self._numbers * self._share.of
        self._numbers += 1
        return User(number, self._context, self._make_exchanger(number))

    async def _play(self, user: User, due: Due) -> None:
        del self._beginning[user]
        try:
            if await self._calls.start(user) is Ending.WHOLE:
                await self._calls.iteration(user, due)
        except RunOver:
            pass
        except asyncio.CancelledError:
            user.close()
            raise
        finally:
            self.at_work -= 1
        self._free(user)

    def _free(self, user: User) -> None:
        self.sweep(self._context.clock_ns())
        if self._waiting:
            self._begin(user, self._waiting.popleft())
        elif self._is_stopping:
            self._dismiss(user)
        else:
            self._idle.append(user)

    def _dismiss(self, user: User) -> None:
        self._tasks.start(self._calls.stop(user))


class ClosedUsers:
    """The users of a closed model; those of one process."""

    def __init__(
        self,
        calls: ScenarioCalls,
        context: UserContext,
        make_exchanger: Callable[[int], Exchanger],
        *,
        model: Closed,
        share: Share,
    ) -> None:
        """``make_exchanger`` makes one for the user of that number."""
        self.calls = calls
        self.model = model
        self.at_work = 0
        self.tasks = Tasks(calls.journal)
        self._context = context
        self._make_exchanger = make_exchanger
        self._shared_left = _shared_iterations(model, share)
        self._users: dict[int, ClosedUser] = {}

    @property
    def is_idle(self) -> bool:
        """Nobody is at work."""
        return not self.tasks

    def arrive(self, number: int) -> None:
        """The user of that number (of the whole plan) begins to go round."""
        user = self._users.get(number)
        if user is None:
            exchanger = self._make_exchanger(number)
            user = self._users[number] = ClosedUser(self, User(number, self._context, exchanger))
        user.arrive()

    def leave(self, number: int) -> None:
        """It leaves after the iteration that it is in."""
        if number in self._users:
            self._users[number].leave()

    def stop(self) -> None:
        """All leave."""
        for user in self._users.values():
            user.leave()

    def cut_off(self) -> None:
        """Wait for nobody any more."""
        self.stop()
        self.tasks.cancel()

    def has_more(self, done: int) -> bool:
        """Say whether a user that has done so many iterations may begin another one."""
        left, each = self._context.left, self.model.iterations
        return (
            (left is None or left > 0)
            and (self._shared_left is None or self._shared_left > 0)
            and (each is None or done < each)
        )

    def take(self) -> None:
        """An iteration begins."""
        if self._shared_left is not None:
            self._shared_left -= 1


class ClosedUser:
    """One user, who goes round until told to leave."""

    def __init__(self, users: ClosedUsers, user: User) -> None:
        self._users = users
        self._user = user
        self._done = 0  # iterations
        self._is_playing = False
        self._rest: asyncio.Task[None] | None = None

    def arrive(self) -> None:
        """Begin to go round, or go on where it was about to leave."""
        self._user.stopping = False
        if not self._is_playing:
            self._is_playing = True
            self._users.tasks.start(self._play())

    def leave(self) -> None:
        """Begin no more iterations; one that is under way is gone through to its end."""
        self._user.stopping = True
        if self._rest is not None:
            self._rest.cancel()

    async def _play(self) -> None:
        self._users.at_work += 1
        try:
            await self._rounds()
            await self._users.calls.stop(self._user)
        finally:
            self._user.close()
            self._is_playing = False
            self._users.at_work -= 1

    async def _rounds(self) -> None:
        users, user = self._users, self._user
        try:
            while not user.stopping and users.has_more(self._done):
                users.take()
                ending = await users.calls.start(user)
                if ending is Ending.WHOLE:
                    ending = await users.calls.iteration(user)
                self._done += 1
                if users.model.new_user_each_iteration:
                    await users.calls.stop(user)
                    user.renew()
                if users.has_more(self._done):
                    await self._pause(self._seconds_to_rest(ending))
        except RunOver:
            user.settle()

    def _seconds_to_rest(self, ending: Ending) -> float:
        user, think = self._user, self._users.model.think_time
        seconds = user.random.uniform(think.low, think.high) if think.high > 0 else 0.0
        if ending is Ending.RAISED:
            return max(seconds, self._users.calls.error_pause)
        return seconds if user.was_answered else max(seconds, IDLE_PAUSE)

    async def _pause(self, seconds: float) -> None:
        """Wait between two iterations, unless told to leave."""
        if seconds <= 0 or self._user.stopping:
            return
        rest = self._rest = self._users.calls.sleep(seconds)
        try:
            await asyncio.wait((rest,))
        finally:
            rest.cancel()
            self._rest = None


def _shared_iterations(model: Closed, share: Share) -> int | None:
    """How many of the iterations that all users share are done by this process's users.

    Iteration j belongs to user j modulo users, so a process without users has none to do.
    """
    if model.shared_iterations is None:
        return None
    numbers = range(share.index, model.users, share.of)
    total = model.shared_iterations
    return sum(Share(index=number, of=model.users).count(total) for number in numbers)
