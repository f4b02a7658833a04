"""When requests are due: an open loop does not wait for answers (``random`` is seeded)."""

import random


def even(rate: float, seconds: float) -> list[float]:
    """Seconds from the start, one every 1/rate."""
    return [number / rate for number in range(int(rate * seconds))]


def poisson(rate: float, seconds: float, rng: random.Random) -> list[float]:
    """Seconds from the start, with exponential gaps: independent callers."""
    due: list[float] = []
    now = rng.expovariate(rate)
    while now < seconds:
        due.append(now)
        now += rng.expovariate(rate)
    return due
