"""An upstream with workers and a queue behind doors, under a virtual clock.

What the overload experiment and the comparison of the limits run on: requests come as a
Poisson stream, a door (an :class:`Admission`, or something simpler) lets them to one
:class:`Station`, and each is good if it is answered by its deadline.  The upstream does not
notice that a client has given up: what is late is worked on to its end, for nobody, which is
what makes an unprotected service collapse.
"""

import heapq
import itertools
import math
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from hedgerow.faults import Admission as Arrival
from hedgerow.faults import Capacity, Law, Station
from hedgerow.policy.admission import Admission
from hedgerow.policy.outcomes import Outcome
from hedgerow.policy.refusals import ENTER, WAIT, Decision, Entry, Reason

NEVER = math.inf
#: Far above anything that is waited for here: the upstream's own queue has no end.
NO_END = 10**9


class Door(Protocol):
    """What the model needs of an admission."""

    decided: deque[tuple[int, Entry]]

    @property
    def due_at(self) -> float: ...

    def try_enter(
        self, now: float, owner: int, *, deadline_at: float = ..., priority: int = ...
    ) -> Entry: ...

    def settled(self, now: float, outcome: Outcome, rtt: float) -> None: ...

    def left(self, now: float) -> None: ...

    def timer_fired(self, now: float) -> None: ...

    def limit_now(self) -> int: ...


class ProtectedDoor(Admission[int]):
    """The real one."""

    def limit_now(self) -> int:
        return self.statistics().limit


class PlainQueue:
    """A limit and a queue without end, first come first served; clients who left stay in it."""

    due_at = NEVER

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_flight = 0
        self._waiting: deque[int] = deque()
        self.decided: deque[tuple[int, Entry]] = deque()

    def try_enter(
        self, now: float, owner: int, *, deadline_at: float = NEVER, priority: int = 3
    ) -> Entry:
        if self._in_flight < self._limit:
            self._in_flight += 1
            return ENTER
        self._waiting.append(owner)
        return WAIT

    def settled(self, now: float, outcome: Outcome, rtt: float) -> None:
        """It learns nothing."""

    def left(self, now: float) -> None:
        self._in_flight -= 1
        if self._waiting:
            self._in_flight += 1
            self.decided.append((self._waiting.popleft(), ENTER))

    def timer_fired(self, now: float) -> None:
        """Nobody is ever dropped."""

    def limit_now(self) -> int:
        return self._limit


def no_door() -> PlainQueue:
    """All that comes goes to the upstream at once."""
    return PlainQueue(NO_END)


@dataclass(frozen=True)
class Scene:
    """What happens; times in seconds."""

    law: Law
    workers: int
    rate: Callable[[float], float]  # requests a second at a time
    highest_rate: float
    duration: float
    deadline: float = 1.0
    urgent_share: float = 0.0  # of the requests, with priority 1 instead of 5
    changes: tuple[tuple[float, int], ...] = ()  # (time, workers from then on)
    slowness: Callable[[float], float] = field(default=lambda _: 1.0)  # times the law's draw

    @property
    def capacity(self) -> float:
        """Requests a second that the workers can do, as at the start."""
        return self.workers / self.law.mean()


@dataclass
class Job:
    """One request."""

    arrived: float
    deadline_at: float
    priority: int
    door: Door
    started: float | None = None  # in flight since
    is_over: bool = False  # for its client


class Good(NamedTuple):
    """An answer in time."""

    at: float
    latency: float
    priority: int


class TurnedAway(NamedTuple):
    """A refusal, and how long it was waited for."""

    at: float
    waited: float
    priority: int


@dataclass
class Told:
    """What came of it."""

    offered: Counter[int] = field(default_factory=Counter)  # by priority
    good: list[Good] = field(default_factory=list)
    late: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)
    turned_away: list[TurnedAway] = field(default_factory=list)
    limits: list[tuple[float, int]] = field(default_factory=list)

    def goodput(self, since: float, until: float) -> float:
        return sum(since <= one.at < until for one in self.good) / (until - since)

    def success(self, priority: int) -> float:
        good = sum(one.priority == priority for one in self.good)
        return good / self.offered[priority]

    def latency(self, quantile: float) -> float:
        return quantile_of([one.latency for one in self.good], quantile)

    def wait_for_a_refusal(self, quantile: float, *, since: float = 0.0) -> float:
        waits = [one.waited for one in self.turned_away if one.at >= since]
        return quantile_of(waits, quantile)


def quantile_of(values: list[float], quantile: float) -> float:
    """0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))] if ordered else 0.0


class Model:
    """The event loop, the upstream, and who stands at its doors."""

    def __init__(self, scene: Scene, doors: Iterable[Door], *, seed: int = 1) -> None:
        self.scene = scene
        self.doors = list(doors)
        self.told = Told()
        self._random = random.Random(seed)
        self._station: Station[int] = Station(self._capacity(scene.workers))
        self._jobs: dict[int, Job] = {}
        self._events: list[tuple[float, int, Callable[[float, int], None], int]] = []
        self._serial = itertools.count()
        self._timers: dict[int, float] = {}  # by door

    def run(self) -> Told:
        arrivals = self._arrivals()
        self._at(next(arrivals, NEVER), self._arrives, 0)
        for time, workers in self.scene.changes:
            self._at(time, self._resized, workers)
        self._at(0.0, self._looked_at, 0)
        while self._events:
            now, _, happens, number = heapq.heappop(self._events)
            if now > self.scene.duration + self.scene.deadline:
                break
            if happens == self._arrives:
                self._at(next(arrivals, NEVER), self._arrives, number + 1)
            happens(now, number)
        return self.told

    # --- events ---

    def _arrives(self, now: float, number: int) -> None:
        scene = self.scene
        door_number = number % len(self.doors)
        door = self.doors[door_number]
        priority = 1 if self._random.random() < scene.urgent_share else 5
        job = Job(now, now + scene.deadline, priority, door)
        self._jobs[number] = job
        self.told.offered[priority] += 1
        entry = door.try_enter(now, number, deadline_at=job.deadline_at, priority=priority)
        if entry.decision is Decision.REFUSE:
            self._refused(now, number, entry)
        else:
            self._at(job.deadline_at, self._deadline_passes, number)
            if entry.decision is Decision.ENTER:
                self._starts(now, number)
        self._carry_out(now, door_number)

    def _deadline_passes(self, now: float, number: int) -> None:
        job = self._jobs.get(number)
        if job is None or job.is_over:
            return
        job.is_over = True
        self.told.late += 1
        if job.started is not None:
            job.door.settled(now, Outcome.FAILURE, now - job.started)
            job.door.left(now)
            self._carry_out(now, self.doors.index(job.door))

    def _finishes(self, now: float, number: int) -> None:
        next_job = self._station.finish(now, number)
        if next_job is not None:
            self._works_on(now, next_job)
        job = self._jobs.pop(number)
        if job.is_over:
            return
        job.is_over = True
        assert job.started is not None
        self.told.good.append(Good(now, now - job.arrived, job.priority))
        job.door.settled(now, Outcome.SUCCESS, now - job.started)
        job.door.left(now)
        self._carry_out(now, self.doors.index(job.door))

    def _timer(self, now: float, door_number: int) -> None:
        if self._timers.get(door_number) == now:
            del self._timers[door_number]
            self.doors[door_number].timer_fired(now)
            self._carry_out(now, door_number)

    def _resized(self, now: float, workers: int) -> None:
        for number in self._station.resize(now, self._capacity(workers)):
            self._works_on(now, number)

    def _looked_at(self, now: float, _: int) -> None:
        self.told.limits.append((now, sum(door.limit_now() for door in self.doors)))
        self._at(now + 0.1, self._looked_at, 0)

    # --- steps ---

    def _carry_out(self, now: float, door_number: int) -> None:
        door = self.doors[door_number]
        while door.decided:
            number, entry = door.decided.popleft()
            if entry.decision is Decision.ENTER:
                self._starts(now, number)
            else:
                self._refused(now, number, entry)
        due_at = max(now, door.due_at)
        if due_at < self._timers.get(door_number, NEVER):
            self._timers[door_number] = due_at
            self._at(due_at, self._timer, door_number)

    def _starts(self, now: float, number: int) -> None:
        job = self._jobs[number]
        job.started = now
        if self._station.arrive(now, number) is Arrival.STARTED:
            self._works_on(now, number)

    def _works_on(self, now: float, number: int) -> None:
        seconds = self.scene.law.draw(self._random) * self.scene.slowness(now)
        self._at(now + seconds, self._finishes, number)

    def _refused(self, now: float, number: int, entry: Entry) -> None:
        job = self._jobs.pop(number)
        assert entry.reason is not None
        self.told.refused[entry.reason] += 1
        self.told.turned_away.append(TurnedAway(now, now - job.arrived, job.priority))

    def _arrivals(self) -> Iterator[float]:
        """Thin out a stream at the highest rate: exact for any rate over time."""
        scene, now = self.scene, 0.0
        while True:
            now += self._random.expovariate(scene.highest_rate)
            if now >= scene.duration:
                return
            if self._random.random() * scene.highest_rate < scene.rate(now):
                yield now

    def _at(self, time: float, happens: Callable[[float, int], None], number: int) -> None:
        if time < NEVER:
            heapq.heappush(self._events, (time, next(self._serial), happens, number))

    @staticmethod
    def _capacity(workers: int) -> Capacity:
        return Capacity(workers=workers, queue=NO_END, notices_cancel=False)
