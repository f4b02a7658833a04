"""The adaptive limits against each other: what docs/decisions/0015 was decided by.

    python -m tests.policy.limit_comparison [seconds of virtual time, 60 by default]

Each row is one scene with one limit.  *goodput* is the share of what could be answered in
time (the smaller of capacity and offer) that was; *median* and *p99* are of the good answers,
in units of the mean service time; *limit* is its mean and deviation over the second half, in
units of the workers; *back* is how long after a change of capacity the goodput of half a
second first comes to nine tenths of what is then possible.
"""

import random
import statistics
import sys
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from hedgerow.faults import Law, Lognormal, Mixture, Pareto
from hedgerow.policy.concurrency import ConcurrencyLimit, FixedLimit, WindowedSamples
from hedgerow.policy.limit_aimd import AIMDLimit
from hedgerow.policy.limit_envoy import EnvoyGradientLimit
from hedgerow.policy.limit_gradient2 import Gradient2Limit
from hedgerow.policy.limit_halving import HalvingLimit
from hedgerow.policy.limit_vegas import VegasLimit
from tests.policy.overload_model import Model, ProtectedDoor, Scene, Told

WORKERS: Final = 8
PLAIN: Final = Lognormal(0.020, 0.012)
SPIKY: Final = Mixture(((0.95, Lognormal(0.0138, 0.005)), (0.05, Lognormal(0.138, 0.05))))
HEAVY: Final = Pareto(1.5, 0.020 / 3)


def limits() -> Mapping[str, Callable[[random.Random], ConcurrencyLimit]]:
    """The contenders, each with its authors' defaults but for the floor of 20."""
    return {
        "fixed, right": lambda _: FixedLimit(WORKERS + 2),
        "fixed, 5 times": lambda _: FixedLimit(WORKERS * 5),
        "AIMD": lambda _: AIMDLimit(timeout=0.1),
        "Vegas": lambda chance: VegasLimit(chance),
        "Vegas, windows": lambda chance: WindowedSamples(VegasLimit(chance)),
        "Gradient2": lambda _: WindowedSamples(Gradient2Limit(lowest=4)),
        "Envoy": lambda chance: EnvoyGradientLimit(chance),
        "halving": lambda _: HalvingLimit(),
    }


class Case(NamedTuple):
    """A scene, its doors, and when the capacity changed last."""

    scene: Scene
    doors: int = 1
    changed_at: float | None = None


def cases(seconds: float) -> Mapping[str, Case]:
    third = seconds / 3
    shifted = steady(PLAIN, 0.8, seconds, changes=((third, WORKERS // 2), (2 * third, WORKERS)))
    slow = steady(PLAIN, 0.8, seconds, slowness=lambda now: 3.0 if now > third else 1.0)
    long = Scene(
        law=Lognormal(0.5, 0.3),
        workers=32,
        rate=lambda _: 128.0,
        highest_rate=128.0,
        duration=2 * seconds,
        deadline=3.0,
    )
    return {
        "0.7 of capacity": Case(steady(PLAIN, 0.7, seconds)),
        "2 times, lasting": Case(steady(PLAIN, 2.0, seconds)),
        "10 times, lasting": Case(steady(PLAIN, 10.0, seconds)),
        "2 times, spiky": Case(steady(SPIKY, 2.0, seconds)),
        "2 times, heavy tail": Case(steady(HEAVY, 2.0, seconds)),
        "bursts of 4 times": Case(bursts(seconds)),
        "half the workers, and back": Case(shifted, changed_at=2 * third),
        "3 times slower for good": Case(slow, changed_at=third),
        "2 times, 4 gateways": Case(steady(PLAIN, 2.0, seconds), doors=4),
        "2 times, of half a second": Case(long),
    }


def steady(law: Law, load: float, seconds: float, **more: object) -> Scene:
    rate = load * WORKERS / law.mean()
    plain = Scene(
        law=law, workers=WORKERS, rate=lambda _: rate, highest_rate=rate, duration=seconds
    )
    return Scene(**{**vars(plain), **more})


def bursts(seconds: float) -> Scene:
    base = 0.5 * WORKERS / PLAIN.mean()
    return Scene(
        law=PLAIN,
        workers=WORKERS,
        rate=lambda now: base * (8.0 if now % 10.0 > 8.0 else 1.0),
        highest_rate=8.0 * base,
        duration=seconds,
    )


def possible(scene: Scene, since: float, until: float) -> float:
    """Good answers a second that a perfect door would get."""
    steps = max(1, round((until - since) * 10))
    times = [since + (until - since) * step / steps for step in range(steps)]
    return statistics.fmean(min(scene.rate(now), capacity_at(scene, now)) for now in times)


def capacity_at(scene: Scene, now: float) -> float:
    workers = scene.workers
    for changed_at, then in scene.changes:
        if now >= changed_at:
            workers = then
    return workers / (scene.law.mean() * scene.slowness(now))


def row(name: str, case: Case, told: Told) -> str:
    scene, mean = case.scene, case.scene.law.mean()
    goodput = told.goodput(0.0, scene.duration) / possible(scene, 0.0, scene.duration)
    second_half = [limit for at, limit in told.limits if scene.duration / 2 <= at <= scene.duration]
    limit = statistics.fmean(second_half) / scene.workers
    swing = statistics.pstdev(second_half) / scene.workers
    back = "" if case.changed_at is None else f"{time_back(case, case.changed_at, told):.1f} s"
    return (
        f"  {name:18} {goodput:7.3f} {told.latency(0.5) / mean:7.1f}"
        f" {told.latency(0.99) / mean:7.1f} {limit:8.2f} +-{swing:6.2f}"
        f" {told.wait_for_a_refusal(0.99) * 1e3:8.0f} ms {back:>7}"
    )


def time_back(case: Case, changed_at: float, told: Told) -> float:
    now = changed_at
    while now < case.scene.duration - 0.5:
        if told.goodput(now, now + 0.5) >= 0.9 * possible(case.scene, now, now + 0.5):
            break
        now += 0.1
    return now - changed_at


def play(case: Case, make: Callable[[random.Random], ConcurrencyLimit]) -> Told:
    doors = [
        ProtectedDoor(make(random.Random(number)), random.Random(number))
        for number in range(case.doors)
    ]
    return Model(case.scene, doors).run()


def main(seconds: float) -> None:
    sys.stdout.write(f"{'':20} goodput  median     p99    limit            refused p99    back\n")
    for title, case in cases(seconds).items():
        sys.stdout.write(f"{title}\n")
        for name, make in limits().items():
            sys.stdout.write(f"{row(name, case, play(case, make))}\n")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
