"""Simulations in which requests queue: what theory says, and what hedging costs.

Rows only.  Figures that are expected of ``hedging`` and ``cancelling`` come from simulations
that were written apart from this one (120,000 to 150,000 requests each): ten single-worker
replicas, first come first served, the less busy of two random ones, Poisson arrivals, the law
of the benchmark in ``tables_of_copies``.  Its "no kill" means that a cancelled copy leaves the
queue, but is worked out once it has begun (``notices_cancel = "queued"``).
"""

from collections.abc import Mapping
from typing import Final, Literal

from hedgerow.simulate import theory
from hedgerow.simulate.agreement import FORMULA
from hedgerow.simulate.description import Hedge, Route, Row, Simulation, Traffic, Upstream
from hedgerow.simulate.tables_of_copies import BENCHMARK

REFERENCE: Final = "another simulation"
MEAN: Final = 0.01
Kill = bool | Literal["queued"]
_KILLS: Final[Mapping[Kill, str]] = {
    True: "cancel works",
    "queued": "cancel stops no work",
    False: "cancel is unnoticed",
}


# --- theory ---


def queues() -> tuple[Row, ...]:
    """One and ten workers, with exponential and with constant work."""
    one_worker = [
        Row(
            label=f"M/M/1, load {load:g}",
            simulation=_queue("exponential:10ms", load),
            expected={
                "mean": theory.mean_response(1, load, MEAN),
                "p50": theory.response_quantile(0.5, load, MEAN),
                "p99": theory.response_quantile(0.99, load, MEAN),
                "utilisation": load,
            },
            source=FORMULA,
        )
        for load in (0.3, 0.5, 0.7, 0.85)
    ]
    ten_workers = [
        Row(
            label=f"M/M/10, load {load:g}",
            simulation=_queue("exponential:10ms", load, workers=10),
            expected={"mean": theory.mean_response(10, load, MEAN), "utilisation": load},
            source=FORMULA,
        )
        for load in (0.7, 0.9)
    ]
    constant = [
        Row(
            label=f"M/D/1, load {load:g}",
            simulation=_queue("10ms", load),
            expected={"mean": theory.mean_response_constant(load, MEAN), "utilisation": load},
            source=FORMULA,
        )
        for load in (0.5, 0.85)
    ]
    return (*one_worker, *ten_workers, *constant)


def _queue(latency: str, load: float, *, workers: int = 1) -> Simulation:
    return Simulation(
        requests=200_000,
        traffic=Traffic(load=load),
        upstream=Upstream(replicas=1, workers=workers, latency=latency),
    )


def replication() -> tuple[Row, ...]:
    """One copy or two from the start, at random among many replicas, none ever cancelled."""
    rows = []
    for load in (0.1, 0.2, 0.3, 1 / 3, 0.4):
        one, two = _replicated("exponential:10ms", load)
        shown = f"{load:.3g}"
        rows += [
            Row(
                label=f"exponential, load {shown}, one",
                simulation=one,
                expected={"mean": theory.mean_response(1, load, MEAN)},
                source=FORMULA,
            ),
            Row(
                label=f"exponential, load {shown}, two",
                simulation=two,
                expected={"mean": theory.mean_of_two_copies(load, MEAN)},
                source=FORMULA,
            ),
        ]
    for load in (0.2, 0.25, 0.27, 0.3):
        one, two = _replicated("10ms", load)
        rows += [
            Row(
                label=f"constant, load {load:g}, one",
                simulation=one,
                expected={"mean": theory.mean_response_constant(load, MEAN)},
                source=FORMULA,
            ),
            Row(
                label=f"constant, load {load:g}, two",
                simulation=two,
                expected={"mean": theory.mean_of_two_copies_constant(load, MEAN)},
                source=FORMULA,
            ),
        ]
    return tuple(rows)


def _replicated(latency: str, load: float) -> tuple[Simulation, Simulation]:
    def simulation(hedge: Hedge) -> Simulation:
        return Simulation(
            requests=200_000,
            traffic=Traffic(load=load),
            upstream=Upstream(replicas=200, latency=latency, notices_cancel=False),
            route=Route(balance="random", hedge=hedge),
        )

    return simulation(Hedge()), simulation(Hedge(delay="0s"))


# --- hedging ---


def busy(load: float, hedge: Hedge, kill: Kill = True) -> Simulation:
    """Return ten single-worker replicas, and a rule of hedging before them."""
    return Simulation(
        requests=150_000,
        warm_up="0%",
        traffic=Traffic(load=load),
        upstream=Upstream(replicas=10, workers=1, latency=BENCHMARK, notices_cancel=kill),
        route=Route(balance="least-request", hedge=hedge),
    )


def _row(label: str, load: float, hedge: Hedge, kill: Kill, figures: tuple[float, ...]) -> Row:
    """Make a row; ``figures`` are p50, p95, p99 and p99.9 in ms, extra load, utilisation."""
    names = ("p50", "p95", "p99", "p99_9", "extra", "utilisation")
    scales = (1e-3, 1e-3, 1e-3, 1e-3, 1.0, 1.0)
    expected: Mapping[str, float] = {
        name: figure * scale for name, figure, scale in zip(names, figures, scales, strict=True)
    }
    shown = f"{load:g}, {label}" + ("" if hedge == Hedge() else f", {_KILLS[kill]}")
    return Row(label=shown, simulation=busy(load, hedge, kill), expected=expected, source=REFERENCE)


def _adaptive(budget: str, *, extra: int = 1, aim: float | None = None) -> Hedge:
    """Return a delay that is steered to the budget; with an aim, staggered copies."""
    mode: Literal["burst", "staggered"] = "burst" if aim is None else "staggered"
    return Hedge(
        delay="auto", budget=budget, burst=100, extra=extra, mode=mode, aim=aim, chance="100%"
    )


def hedging() -> tuple[Row, ...]:
    """None, a fixed delay, a steered one; at four loads."""
    fixed = Hedge(delay="9ms", budget="10%", burst=100)
    five, ten = _adaptive("5%"), _adaptive("10%")
    two = _adaptive("10%", extra=2)
    off = Hedge()
    return (
        _row("none", 0.3, off, True, (5.0, 37, 72, 113, 0, 0.30)),
        _row("adaptive 5%", 0.3, five, True, (5.0, 25, 39, 60, 0.05, 0.27)),
        _row("adaptive 5%", 0.3, five, "queued", (5.0, 34, 48, 71, 0.05, 0.31)),
        _row("adaptive 10%", 0.3, ten, True, (4.9, 13, 18, 53, 0.10, 0.25)),
        _row("adaptive 10%", 0.3, ten, "queued", (5.1, 17, 28, 60, 0.10, 0.32)),
        _row("none", 0.5, off, True, (5.5, 47, 81, 128, 0, 0.50)),
        _row("adaptive 10%", 0.5, ten, True, (5.3, 16, 24, 56, 0.10, 0.42)),
        _row("adaptive 10%", 0.5, ten, "queued", (5.7, 32, 48, 75, 0.10, 0.53)),
        _row("after 9 ms, 10%", 0.5, fixed, True, (5.4, 16, 57, 103, 0.10, 0.44)),
        _row("none", 0.7, off, True, (7.0, 59, 96, 148, 0, 0.70)),
        _row("adaptive 10%", 0.7, ten, True, (6.1, 25, 42, 71, 0.10, 0.62)),
        _row("adaptive 10%", 0.7, ten, "queued", (7.4, 47, 68, 98, 0.10, 0.73)),
        _row("after 9 ms, 10%", 0.7, fixed, True, (6.5, 42, 77, 126, 0.10, 0.66)),
        _row("adaptive 10% 1+2", 0.7, two, True, (6.6, 44, 60, 83, 0.10, 0.67)),
        _row("adaptive 10% 1+2", 0.7, two, "queued", (7.6, 57, 78, 109, 0.10, 0.74)),
        _row("none", 0.85, off, True, (10.4, 73, 112, 166, 0, 0.84)),
        _row("adaptive 10%", 0.85, ten, True, (8.4, 45, 67, 102, 0.10, 0.79)),
        _row("adaptive 10%", 0.85, ten, "queued", (12.6, 68, 100, 146, 0.10, 0.88)),
    )


def staggered() -> tuple[Row, ...]:
    """A third copy when the second has not helped, out of the same budget.

    Known are only the p99.9; first copies need to be left some of the budget (an aim of 9.3 %),
    or the third ones take it.
    """
    known: tuple[tuple[float, float, Kill, float], ...] = (
        (0.3, 0.093, True, 28),
        (0.3, 0.1, True, 59),
        (0.3, 0.093, "queued", 50),
        (0.5, 0.093, True, 36),
        (0.5, 0.093, "queued", 69),
        (0.7, 0.093, True, 61),
        (0.7, 0.093, "queued", 104),
        (0.85, 0.093, True, 113),
        (0.85, 0.093, "queued", 146),
    )
    return tuple(
        Row(
            label=f"{load:g}, 1+1+1, aim {aim:.1%}, {_KILLS[kill]}",
            simulation=busy(load, _adaptive("10%", extra=2, aim=aim), kill),
            expected={"p99_9": milliseconds / 1000, "extra": 0.1},
            source=REFERENCE,
        )
        for load, aim, kill, milliseconds in known
    )


def cancelling() -> tuple[Row, ...]:
    """No budget, a fixed delay: what decides is whether cancelled work stops."""
    one, two = Hedge(delay="9ms"), Hedge(delay="9ms", extra=2)
    return (
        _row("1+1", 0.85, one, True, (7.1, 18, 27, 54, 0.35, 0.73)),
        _row("1+1", 0.85, one, "queued", (175, 296, 330, 363, 1.0, 1.0)),
        _row("1+2", 0.85, two, True, (7.1, 16, 21, 29, 0.69, 0.74)),
        _row("1+2", 0.85, two, "queued", (9229, 15743, 16226, 16281, 2.0, 1.0)),
        Row(label="0.85, 1+1, cancel is unnoticed", simulation=busy(0.85, one, False)),
        *(
            Row(
                label=f"{load:g}, learned delay, budget 10% {scaled}, {shown}",
                simulation=busy(load, _production(watch=watch), kill),
            )
            for load in (0.5, 0.85)
            for kill, shown in ((True, "cancel works"), (False, "cancel is unnoticed"))
            for watch, scaled in ((False, "fixed"), (True, "scaled"))
        ),
    )


def _production(*, watch: bool) -> Hedge:
    """Return what the gateway makes of ``delay = "auto"`` and a budget of 10 %."""
    return Hedge(delay="auto", mode="staggered", budget="10%", watch_cancelling=watch)


# --- balancing ---


def balancing() -> tuple[Row, ...]:
    """Hundred replicas, of which each is ten times slower for a second now and then."""
    return tuple(
        Row(
            label=f"{balance}{hedged}",
            simulation=Simulation(
                traffic=Traffic(load=0.5),
                upstream=Upstream(
                    replicas=100,
                    workers=4,
                    latency="exponential:10ms",
                    spells="ok=20s,slow=1s,factor=10",
                ),
                route=Route(balance=balance, hedge=hedge),
            ),
        )
        for balance in ("random", "round-robin", "least-request", "peak-ewma")
        for hedged, hedge in (
            ("", Hedge()),
            (", 1+1 after 50 ms, 5%", Hedge(delay="50ms", budget="5%")),
        )
    )
