"""Playing simulations one after the other: progress, and an end when it is asked for.

The first Ctrl-C ends the run and keeps what it has so far; the second one is Python's own.
"""

import contextlib
import gc
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

import hedgerow
from hedgerow.cli.simulate_file import read_samples
from hedgerow.simulate import Row, RowResult, Run, SimulationDocument, Table, figures_of

#: Seconds between two looks at the progress line.
_EVERY: Final = 0.2


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be simulated, and how often."""

    table: Table
    requests: int | None = None  # in each row; None: as the row says
    repeat: int = 1
    seed: int = 1


class _Stop:
    """Whether somebody has asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, _: object) -> None:
        self.asked = True
        signal.signal(number, signal.default_int_handler)


def play(order: Order) -> SimulationDocument:
    """Run every row; what was done when somebody interrupts is in the result."""
    results: list[RowResult] = []
    # All rows are put together before the first begins: a mistake in the last one is told now.
    for row in order.table.rows:
        Run(_sized(row, order).simulation, seed=order.seed, read_samples=read_samples)
    with _interruptible() as stop, _without_collector():
        for number, row in enumerate(order.table.rows, 1):
            shown = f"{number}/{len(order.table.rows)} {row.label}"
            result = _play_row(_sized(row, order), order, stop, shown)
            if result is not None:
                results.append(result)
            if stop.asked:
                break
    return SimulationDocument(
        version=hedgerow.__version__,
        name=order.table.name,
        title=order.table.title,
        interrupted=stop.asked,
        rows=tuple(results),
    )


def _sized(row: Row, order: Order) -> Row:
    if order.requests is None:
        return row
    return replace(row, simulation=replace(row.simulation, requests=order.requests))


def _play_row(row: Row, order: Order, stop: _Stop, shown: str) -> RowResult | None:
    """Run a row as often as asked; None when it had hardly begun."""
    runs: list[Run] = []
    for number in range(order.repeat):
        run = Run(row.simulation, seed=order.seed + number, read_samples=read_samples)
        runs.append(run)
        next_look = 0.0
        while run.advance() and not stop.asked:
            if (now := time.monotonic()) >= next_look:
                next_look = now + _EVERY
                _progress(f"{shown}: {(number + run.done) / order.repeat:.0%}")
        if stop.asked:
            break
    _progress("")
    figures = figures_of(runs)
    if figures.requests == 0:
        return None
    return RowResult(
        label=row.label,
        seed=order.seed,
        repeats=len(runs),
        simulation=row.simulation,
        figures=figures,
        expected=row.expected,
        source=row.source,
    )


@contextlib.contextmanager
def _interruptible() -> Iterator[_Stop]:
    stop = _Stop()
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the cycle collector out: a simulation makes no cycles, and is a third faster so."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _progress(text: str) -> None:
    """Show how far it is, on a line of its own that is overwritten; only to a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{text}")
        sys.stderr.flush()
