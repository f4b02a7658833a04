"""A small world for the tests of hedging: replicas that queue, and an event loop without a clock.

Requests arrive at random (Poisson), an exchange decides for each, stations do the work, and
a heap keeps the time.  It is the shell of ``Race`` for thousands of requests at once; like
that one it decides nothing.  A replica may also fail a share of what it is sent, at once.
A station that does not notice a cancel works on, unseen.
"""

import heapq
import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from typing_extensions import override

from hedgerow.faults.capacity import Admission, Capacity, Station
from hedgerow.policy import Attempt, Exchange, LeastRequest, Policy, Replica, Step

START: Final = 1_000_000.0
#: ln of the median, and sigma, of the lognormal law with a mean of 5 ms and a deviation of 2 ms.
SIGMA: Final = math.sqrt(math.log(1.16))
MU: Final = math.log(0.005) - SIGMA**2 / 2
MEAN: Final = 0.00725  # seconds, of :func:`spiky`
#: Seconds until a replica that fails has failed.
FAST_FAILURE: Final = 0.0005

Law = Callable[[random.Random], float]


def plain(randomness: random.Random) -> float:
    """Lognormal, mean 5 ms, deviation 2 ms."""
    return randomness.lognormvariate(MU, SIGMA)


def spiky(randomness: random.Random) -> float:
    """The same, and one in twenty takes ten times as long."""
    return plain(randomness) * (10.0 if randomness.random() < 0.05 else 1.0)


def pareto(randomness: random.Random) -> float:
    """Pareto of shape 1.1, at least 2 ms."""
    return float(0.002 * (1.0 - randomness.random()) ** (-1.0 / 1.1))


@dataclass(slots=True)
class Job:
    """One attempt as its replica sees it."""

    request: "Request"
    attempt: Attempt
    service: float

    @override
    def __hash__(self) -> int:
        return id(self)

    @override
    def __eq__(self, other: object) -> bool:
        return self is other


@dataclass(slots=True)
class Request:
    exchange: Exchange
    arrived_at: float
    jobs: list[Job] = field(default_factory=list)
    armed_for: float = math.inf


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one request."""

    at: float  # when it arrived, seconds since the start
    took: float
    copies: int
    answered: bool


class World:
    """Replicas, requests and the time; ``slowness`` and ``failing`` may change between two runs."""

    def __init__(
        self,
        replicas: Sequence[Replica],
        capacity: Capacity,
        law: Law,
        randomness: random.Random,
    ) -> None:
        self.now = START
        self.done: list[Done] = []
        self.arrivals: list[float] = []  # seconds since the start, like all that is told
        self.copies: list[float] = []  # when each was sent
        self.slowness = dict.fromkeys(replicas, 1.0)
        self.failing = dict.fromkeys(replicas, 0.0)  # the share that each answers with 500 at once
        self._law = law
        self._random = randomness
        self._stations = {replica: Station[Job](capacity) for replica in replicas}
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def run(self, policy: Policy, *, requests: int, rate: float) -> list[Done]:
        """Let so many requests arrive, and all that is due until the last one did happen."""
        before = len(self.done)
        at = self.now
        for _ in range(requests):
            at += self._random.expovariate(rate)
            self._let_happen(at)
            self.now = at
            self._arrive(policy)
        return self.done[before:]

    def settle(self) -> None:
        """Let all that is under way come to its end."""
        self._let_happen(math.inf)

    def _let_happen(self, until: float) -> None:
        heap = self._heap
        while heap and heap[0][0] <= until:
            self.now, _, act = heapq.heappop(heap)
            act()

    def _at(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (at, next(self._order), act))

    def _arrive(self, policy: Policy) -> None:
        self.arrivals.append(self.now - START)
        deadline_at = self.now + policy.deadline.default
        exchange = Exchange(policy, deadline_at=deadline_at, may_repeat=True)
        request = Request(exchange, self.now)
        self._carry_out(request, exchange.start(self.now))

    def _carry_out(self, request: Request, step: Step) -> None:
        exchange = request.exchange
        for attempt in exchange.cancelled:
            job = request.jobs[attempt.number - 1]
            self._start(self._stations[attempt.replica].cancel(self.now, job))
        exchange.cancelled.clear()
        for attempt in exchange.launched:
            self._send(Job(request, attempt, self._law(self._random)))
        exchange.launched.clear()
        if step in (Step.FORWARD, Step.REPLY):
            took = self.now - request.arrived_at
            copies = len(exchange.attempts) - 1
            answer = exchange.winner
            good = step is Step.FORWARD and answer is not None and answer.status < 500
            done = Done(request.arrived_at - START, took, copies, good)
            self.done.append(done)
        if exchange.due_at != math.inf and exchange.due_at < request.armed_for:
            request.armed_for = exchange.due_at
            self._at(exchange.due_at, lambda: self._timer(request))

    def _timer(self, request: Request) -> None:
        request.armed_for = math.inf
        self._carry_out(request, request.exchange.timer_fired(self.now))

    def _send(self, job: Job) -> None:
        job.request.jobs.append(job)
        if job.attempt.number > 1:
            self.copies.append(self.now - START)
        replica = job.attempt.replica
        failing = self.failing[replica]
        if failing and self._random.random() < failing:
            self._at(self.now + FAST_FAILURE, lambda: self._fail(job))
            return
        admission = self._stations[replica].arrive(self.now, job)
        if admission is Admission.STARTED:
            self._start(job)

    def _start(self, job: Job | None) -> None:
        if job is not None:
            took = job.service * self.slowness[job.attempt.replica]
            self._at(self.now + took, lambda: self._finish(job))

    def _finish(self, job: Job) -> None:
        attempt, request = job.attempt, job.request
        self._start(self._stations[attempt.replica].finish(self.now, job))
        step = request.exchange.head_arrived(self.now, attempt, 200)
        request.exchange.answer_ended(self.now, attempt)
        self._carry_out(request, step)

    def _fail(self, job: Job) -> None:
        exchange = job.request.exchange
        step = exchange.head_arrived(self.now, job.attempt, 500)
        exchange.answer_ended(self.now, job.attempt)
        self._carry_out(job.request, step)


def world(
    seed: int, *, replicas: int = 10, workers: int = 1, law: Law = spiky, notices: bool = True
) -> tuple[World, LeastRequest]:
    """Build replicas of so many workers each, and a balancer for them."""
    machines = [Replica(f"r{number}") for number in range(1, replicas + 1)]
    capacity = Capacity(workers=workers, queue=1_000_000, notices_cancel=notices)
    randomness = random.Random(seed)
    balancer = LeastRequest(machines, random.Random(seed + 1))
    return World(machines, capacity, law, randomness), balancer


def percentile(done: Sequence[Done], share: float) -> float:
    """Return the time below which this share of the requests was answered."""
    times = sorted(one.took for one in done)
    return times[int(share * len(times))]


def extra_load(done: Sequence[Done]) -> float:
    """Copies for each request."""
    return sum(one.copies for one in done) / len(done)
