"""A small upstream under open load, to see what a balancer makes of it.

Each replica is a station with some workers, a first-come-first-served queue and a speed.
*Antagonists* (other tenants of its machine) slow it down to 0.3 for some time, now and
then; so load is relative to the mean speed.  Several gateways balance by themselves, each
knowing only its own attempts.  Service times are exponential with a mean of 10 ms.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from hedgerow.policy import Balancer, Outcome, Replica
from tests.fakes.policy import START

SERVICE: Final = 0.010
WORKERS: Final = 4
SLOWED_TO: Final = 0.3
SLOWED_SHARE: Final = 0.2  # of the time

Build = Callable[[Sequence[Replica], random.Random], Balancer]


@dataclass(frozen=True, slots=True)
class Setting:
    """What varies."""

    replicas: int = 10
    gateways: int = 1
    load: float = 0.7
    requests: int = 5_000
    antagonists: float = 0.0  # seconds that a slow time lasts; 0: there are none
    fails_at_once: int | None = None  # this replica fails every attempt in a millisecond
    error_rate: float = 0.0  # attempts anywhere that fail in a millisecond
    slow: float = 1.0  # the first replica's speed


@dataclass(slots=True)
class _Station:
    speed: float = 1.0
    busy: int = 0
    queue: "deque[_Sent]" = field(default_factory=deque)


@dataclass(slots=True)
class _Sent:
    balancer: Balancer
    replica: Replica
    station: int
    at: float


class World:
    """Plays a setting to its end; then ``latencies`` and ``sent`` tell what came of it."""

    def __init__(self, build: Build, setting: Setting, seed: int = 1) -> None:
        self.latencies: list[float] = []  # of good answers
        self.sent = [0] * setting.replicas
        self._setting = setting
        self._chance = random.Random(seed)
        self._heap: list[tuple[float, int, Callable[[float], None]]] = []
        self._planned = 0
        self._stations = [_Station() for _ in range(setting.replicas)]
        self._stations[0].speed = setting.slow
        self._gateways: list[tuple[Balancer, dict[Replica, int]]] = []
        for number in range(setting.gateways):
            among = [Replica(f"r{n}") for n in range(setting.replicas)]
            balancer = build(among, random.Random(seed * 1000 + number))
            self._gateways.append((balancer, {replica: n for n, replica in enumerate(among)}))
        slowed = SLOWED_SHARE * (1 - SLOWED_TO) if setting.antagonists else 0.0
        speed = setting.replicas - 1 + setting.slow
        self._rate = setting.load * speed * (1 - slowed) * WORKERS / SERVICE
        self._play()

    def quantile(self, share: float) -> float:
        """Milliseconds."""
        return sorted(self.latencies)[int(share * len(self.latencies))] * 1e3

    def share(self, number: int) -> float:
        return self.sent[number] / sum(self.sent)

    def _play(self) -> None:
        if self._setting.antagonists:
            for station in self._stations:
                self._plan_spell(START, station)
        self._plan(START, self._arrive)
        while self._heap:
            now, _, act = heapq.heappop(self._heap)
            act(now)

    def _plan(self, at: float, act: Callable[[float], None]) -> None:
        self._planned += 1
        heapq.heappush(self._heap, (at, self._planned, act))

    def _arrive(self, now: float) -> None:
        setting, chance = self._setting, self._chance
        balancer, stations = chance.choice(self._gateways)
        replica = balancer.choose(())
        assert replica is not None
        number = stations[replica]
        self.sent[number] += 1
        replica.in_flight += 1
        sent = _Sent(balancer, replica, number, now)
        station = self._stations[number]
        if number == setting.fails_at_once or chance.random() < setting.error_rate:
            self._plan(now + 0.001, lambda at: self._end(at, sent, Outcome.FAILURE))
        elif station.busy < WORKERS:
            self._begin(now, station, sent)
        else:
            station.queue.append(sent)
        if sum(self.sent) < setting.requests:
            self._plan(now + chance.expovariate(self._rate), self._arrive)

    def _begin(self, now: float, station: _Station, sent: _Sent) -> None:
        station.busy += 1
        took = self._chance.expovariate(1 / SERVICE) / station.speed
        self._plan(now + took, lambda at: self._answer(at, station, sent))

    def _answer(self, now: float, station: _Station, sent: _Sent) -> None:
        self.latencies.append(now - sent.at)
        self._end(now, sent, Outcome.SUCCESS)
        station.busy -= 1
        if station.queue:
            self._begin(now, station, station.queue.popleft())

    def _end(self, now: float, sent: _Sent, outcome: Outcome) -> None:
        sent.replica.in_flight -= 1
        sent.balancer.settled(now, sent.replica, outcome, latency=now - sent.at)

    def _plan_spell(self, now: float, station: _Station) -> None:
        """A slow time begins later, ends, and another is planned, while requests come."""
        lasts = self._chance.expovariate(1 / self._setting.antagonists)
        waits = self._chance.expovariate(
            SLOWED_SHARE / (1 - SLOWED_SHARE) / self._setting.antagonists
        )
        if sum(self.sent) < self._setting.requests:
            self._plan(now + waits, lambda at: setattr(station, "speed", SLOWED_TO))
            self._plan(now + waits + lasts, lambda at: self._end_spell(at, station))

    def _end_spell(self, now: float, station: _Station) -> None:
        station.speed = 1.0
        self._plan_spell(now, station)
