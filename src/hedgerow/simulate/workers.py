"""A noisy half hour of a server whose load doubles and halves, and how many workers follow it.

Feeds ``policy.worker_scale`` with what workers would say, once a simulated second.  Must not
know requests: the load is a number of workers' worth of work, whose noise remembers (a busy
second is mostly followed by another one).
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.policy.worker_scale import WorkerLoad, WorkerScaler

#: How much of the noise is the last second's, and how large it is, of the load.
_MEMORY: Final = 0.9
_NOISE: Final = 0.15
#: Between the decision and the first request of a worker.
_STARTS_IN: Final = 1
#: Work is not shared evenly.
_UNEVEN: Final = 0.2
_LATE: Final = 0.2

#: Seconds, and workers' worth of work: it doubles twice, and halves twice.
DOUBLES_AND_HALVES: Final = ((240, 1.2), (240, 2.4), (240, 4.8), (360, 2.4), (720, 1.2))


@dataclass(frozen=True, slots=True)
class Moment:
    """One second."""

    at: int
    demand: float  # workers' worth of work
    workers: int  # that are at work


def follow(
    load: Sequence[tuple[int, float]], *, least: int, most: int, seed: int
) -> Iterator[Moment]:
    """Play a load, which is seconds and levels, and yield every second of it."""
    chance, scaler = random.Random(seed), WorkerScaler(least, most)
    begins = [0] * least  # when each worker takes its first request
    noise, now = 0.0, 0
    for seconds, level in load:
        for _ in range(seconds):
            noise = _MEMORY * noise + chance.gauss(0.0, _NOISE * math.sqrt(1 - _MEMORY**2))
            demand = max(0.0, level * (1.0 + noise))
            ready = sum(begin <= now for begin in begins)
            wanted = scaler.decide(float(now), _told(demand, ready, chance))
            begins = sorted(begins)[:wanted] + [now + _STARTS_IN] * (wanted - len(begins))
            yield Moment(now, demand, ready)
            now += 1


def _told(demand: float, workers: int, chance: random.Random) -> list[WorkerLoad]:
    """Return what the workers say: a saturated one cannot tell how much more there is."""
    each = demand / workers
    shares = (each * chance.uniform(1 - _UNEVEN, 1 + _UNEVEN) for _ in range(workers))
    return [WorkerLoad(min(1.0, share), _LATE if share > 1.0 else 0.0) for share in shares]
