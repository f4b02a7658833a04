"""The command: ``python -m benchmarks.overload``; see README.md for the method."""

import argparse
import dataclasses
import random
import sys
from pathlib import Path
from typing import Final

from benchmarks.apparatus import cores, machine
from benchmarks.apparatus.cores import Cores
from benchmarks.apparatus.quantities import count
from benchmarks.apparatus.rounds import interleaved
from benchmarks.apparatus.session import NOT_RUN, Session, write_json
from benchmarks.apparatus.table import facts
from benchmarks.overload.contenders import CONTENDERS, HEDGEROW
from benchmarks.overload.figures import Cell, cells
from benchmarks.overload.report import text, verdicts
from benchmarks.overload.terms import DEADLINE, FACTORS, NOMINAL, SERVICE, WORKERS
from benchmarks.overload.trial import Load, Trial, capacity, trial
from benchmarks.peers.contender import Contender, installed

_SLACK: Final = 2.3  # seconds of a trial beside its load: starts, the last answers, stops
_EXAMPLES: Final = """\
For example:
    python -m benchmarks.overload
    python -m benchmarks.overload --factors 10 --contenders hedgerow envoy --rounds 1
    python -m benchmarks.overload --seconds 20 --rounds 5 --json overload.json
    python -m benchmarks.overload --factors 2 --warm-up 0     # from the very start

Exit codes: 0 Hedgerow holds what is asked of it; 98 it does not, or a row does not count;
1 could not run; 130 interrupted (the rounds so far are shown).
"""


def main() -> int:
    """Run all rounds, print the table, say by the exit code whether the bars are held."""
    options = _options()
    chosen = [one for one in CONTENDERS if one.name in options.contenders]
    versions, skipped = installed(chosen)
    described = {**machine.describe(), **versions}
    print(facts("machine", described), end="\n\n")
    for name, why in skipped.items():
        print(f"skipped {name}: {why}")
    ready = {one.name: one for one in chosen if one.name in versions}
    if not ready:
        return NOT_RUN
    placed = cores.assigned(pin=not options.no_pin)
    print(f"cores: {placed}; about {_minutes(len(ready), options):.0f} minutes", flush=True)
    trials: list[Trial] = []
    session = Session()
    with session.trials(), cores.ourselves_on(placed.client):
        _run(ready, options, placed, trials)
    made = cells(trials)
    if made:
        _print_table(made)
        _write(made, described, options)
    return session.judge(valid=_holds(made))


def _options() -> argparse.Namespace:
    names = [one.name for one in CONTENDERS]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.overload",
        description="More load than the upstream can take: who is served, and how fast is no.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--factors", nargs="+", type=_factor, default=list(FACTORS), metavar="N",
        help="offered load, in capacities of the upstream (default: 0.5 1 2 5 10)",
    )  # fmt: skip
    parser.add_argument(
        "--contenders", "--only", nargs="+", choices=names, default=names, help="these, not all"
    )
    parser.add_argument("--rounds", type=count, default=3, help="turns of each (default: 3)")
    parser.add_argument(
        "--seconds", type=float, default=3, help="of each turn that count (default: 3)"
    )
    parser.add_argument(
        "--warm-up", type=float, default=2, metavar="SECONDS",
        help="of the same load before, not counted but shown as 'start' (default: 2)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=1, help="of order, arrivals and upstream (default: 1)"
    )
    parser.add_argument("--no-pin", action="store_true", help="leave cores to the scheduler")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return parser.parse_args()


def _factor(written: str) -> float:
    factor = float(written.removesuffix("x"))
    if not 0 < factor <= 100:
        raise argparse.ArgumentTypeError(f"{written!r}: must be above 0 and at most 100")
    return factor


def _minutes(contenders: int, options: argparse.Namespace) -> float:
    turns = contenders * len(options.factors) * options.rounds
    return turns * (options.warm_up + options.seconds + _SLACK) / 60


def _run(
    ready: dict[str, Contender], options: argparse.Namespace, placed: Cores, trials: list[Trial]
) -> None:
    """Append trial by trial: an interrupted run still reports what it has."""
    rng = random.Random(options.seed)
    for number in range(1, options.rounds + 1):
        seed = options.seed * 1000 + number
        able = capacity(seed, placed)
        print(f"round {number}  capacity {able:.1f} requests/s", flush=True)
        for factor in sorted(set(options.factors)):
            load = Load(factor, able, options.warm_up, options.seconds, seed)
            for _, name in interleaved(list(ready), 1, rng):
                done = trial(ready[name], number, load, placed)
                trials.append(done)
                print(f"round {number}  {_progress(cells([done])[0])}", flush=True)


def _progress(cell: Cell) -> str:
    high = "" if cell.high is None else f", high priority {cell.high:.2%}"
    no = f", refusals p99 {cell.refusal['p99'].median * 1e3:.1f}ms" if cell.refusal else ""
    goodput = f"goodput {cell.goodput.median:6.1%}"
    return f"{cell.factor:4g}x {cell.contender:12} {goodput}{high}{no}"


def _print_table(made: list[Cell]) -> None:
    low, high = (seconds * 1e3 for seconds in SERVICE)
    able = made[-1].capacity
    print(
        f"\nupstream: {WORKERS} workers, {low:g} to {high:g} ms each; capacity measured "
        f"{able:.1f} requests/s ({NOMINAL:g} by theory)\n"
        f"goodput: status 2xx within {DEADLINE * 1e3:g} ms, a second, as a share of the capacity;\n"
        "high, low: share of the requests of that priority with such an answer; worst: its worst "
        "round;\nno: how long refusals (503, 429) took; yes: how long good answers took; "
        "start: goodput in the warm-up;\ncore: CPU of the gateway\n"
    )
    print(text(made))


def _holds(made: list[Cell]) -> bool:
    ours = [one.holds for one in verdicts(made) if one.contender == HEDGEROW]
    is_shown = not any(
        one.sender_is_late and one.refusal for one in made if one.contender == HEDGEROW
    )
    return False not in ours and is_shown


def _write(made: list[Cell], described: dict[str, str], options: argparse.Namespace) -> None:
    write_json(
        options.json,
        {
            "benchmark": "overload",
            "options": vars(options),
            "machine": described,
            "rows": [dataclasses.asdict(cell) for cell in made],
            "verdicts": [dataclasses.asdict(one) for one in verdicts(made)],
        },
    )


if __name__ == "__main__":
    sys.exit(main())
