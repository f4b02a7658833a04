"""A simulator written a second time, without our policy and without the other one's parts.

It knows one rule only: ``copies`` more after a fixed delay, each to another replica, and
losers are killed at once.  What the real one gives for the same must agree within chance.
"""

import heapq
import itertools
import math
import random
from collections import deque
from typing import Final

FAST: Final = 5.0  # milliseconds, the mean of most answers; their deviation is 40 % of it
SLOWER: Final = 10.0  # so many times, one in twenty
MEAN: Final = FAST * (0.95 + 0.05 * SLOWER)
SIGMA: Final = math.sqrt(math.log(1 + 0.4**2))
MU: Final = math.log(FAST) - SIGMA**2 / 2


class Asked:
    """A request, and where its copies are."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.at: list[int] = []
        self.is_done = False


class Twin:
    """Ten workers, each with a queue."""

    def __init__(self, *, load: float, delay: float, copies: int, seed: int) -> None:
        self.replicas = 10
        self.delay = delay
        self.copies = copies
        self.rate = load * self.replicas / MEAN
        self.chance = random.Random(seed)
        self.coming: list[tuple[float, int, str, Asked, int]] = []
        self.order = itertools.count()
        self.waiting: list[deque[Asked]] = [deque() for _ in range(self.replicas)]
        self.running: list[Asked | None] = [None] * self.replicas
        self.runs = [0] * self.replicas  # which piece of work a replica is at
        self.took: list[float] = []
        self.sent = 0

    def play(self, requests: int) -> tuple[list[float], float]:
        """Return p50, p90, p95 and p99 in milliseconds, and the copies sent a request."""
        due = 0.0
        for _ in range(requests):
            due += self.chance.expovariate(self.rate)
            self.plan(due, "arrived", Asked(due))
        while self.coming:
            now, _, what, asked, run = heapq.heappop(self.coming)
            if what == "arrived":
                self.send(now, asked)
                self.plan(now + self.delay, "due", asked)
            elif what == "due" and not asked.is_done:
                self.sent += self.copies
                for _ in range(self.copies):
                    self.send(now, asked)
            elif what == "finished":
                self.finish(now, asked, run)
        self.took.sort()
        return [self.took[int(q * len(self.took))] for q in (0.5, 0.9, 0.95, 0.99)], (
            self.sent / requests
        )

    def plan(self, at: float, what: str, asked: Asked, run: int = 0) -> None:
        heapq.heappush(self.coming, (at, next(self.order), what, asked, run))

    def busyness(self, replica: int) -> int:
        return len(self.waiting[replica]) + (self.running[replica] is not None)

    def send(self, now: float, asked: Asked) -> None:
        left = [replica for replica in range(self.replicas) if replica not in asked.at]
        replica = min(self.chance.sample(left, 2), key=self.busyness)
        asked.at.append(replica)
        self.waiting[replica].append(asked)
        if self.running[replica] is None:
            self.start_next(now, replica)

    def start_next(self, now: float, replica: int) -> None:
        self.runs[replica] += 1
        queue = self.waiting[replica]
        self.running[replica] = asked = queue.popleft() if queue else None
        if asked is not None:
            slower = SLOWER if self.chance.random() < 0.05 else 1.0
            work = self.chance.lognormvariate(MU, SIGMA) * slower
            self.plan(now + work, "finished", asked, self.runs[replica] * 100 + replica)

    def finish(self, now: float, asked: Asked, run: int) -> None:
        if self.runs[run % 100] != run // 100:
            return  # it was killed before
        asked.is_done = True
        self.took.append(now - asked.since)
        for replica in asked.at:
            if self.running[replica] is asked:
                self.start_next(now, replica)
            elif asked in self.waiting[replica]:
                self.waiting[replica].remove(asked)
