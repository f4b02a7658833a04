"""The command: ``python -m benchmarks.gateway``; see README.md for the method."""

import argparse
import dataclasses
import os
import random
import sys
from pathlib import Path

from benchmarks.apparatus import machine
from benchmarks.apparatus.rounds import interleaved
from benchmarks.apparatus.session import NOT_RUN, Session, write_json
from benchmarks.apparatus.table import facts
from benchmarks.gateway import wrk
from benchmarks.gateway.contenders import CONTENDERS, REFERENCE, beside
from benchmarks.gateway.report import Row, rows, text
from benchmarks.gateway.trial import Bench, Cores, LoadShape, Trial, bench
from benchmarks.peers import nginx
from benchmarks.peers.contender import Contender, NotInstalledError, installed


def main() -> int:
    """Run all rounds, print the table, say by the exit code whether it counts."""
    options = _options()
    chosen = [one for one in CONTENDERS if not options.only or one.name in options.only]
    reference = REFERENCE
    if options.beside is not None:
        chosen.append(beside(options.beside.resolve()))
        reference = chosen[-1].name
    versions, skipped = installed(chosen)
    try:
        tools = {"wrk (load)": wrk.version(), "nginx (backend)": nginx.version()}
        cores = _cores()
    except NotInstalledError as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return NOT_RUN
    described = {**machine.describe(), **tools, **versions}
    print(facts("machine", described), end="\n\n")
    for name, why in skipped.items():
        print(f"skipped {name}: {why}")
    ready = {one.name: one for one in chosen if one.name in versions}
    if not ready:
        return NOT_RUN
    trials: list[Trial] = []
    session = Session()
    load = LoadShape(options.connections, options.fresh_heads)
    with session.trials(), bench(cores, load) as backend:
        _run(backend, ready, options, trials)
    made = rows(trials, reference=reference, cores=cores)
    if made:
        _print_table(made, options, reference)
        _write(made, trials, described, options)
    return session.judge(valid=not any(row.errors for row in made))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gateway",
        description="Proxied GET on one core, beside the peers that are installed.",
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender")
    parser.add_argument("--seconds", type=int, default=4, help="measured part of a turn")
    parser.add_argument("--warm-up", type=int, default=1, help="unmeasured part of a turn, s")
    parser.add_argument("--connections", type=int, default=64, help="kept alive by wrk")
    parser.add_argument(
        "--fresh-heads", action="store_true", help="a new URL in every request, no head twice"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the order of turns")
    parser.add_argument(
        "--only", nargs="+", choices=[one.name for one in CONTENDERS], help="these contenders"
    )
    parser.add_argument(
        "--beside",
        type=Path,
        metavar="CHECKOUT",
        help="also the Hedgerow of another checkout, which ratios then refer to",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return parser.parse_args()


def _cores() -> Cores:
    """The proxy gets a core for itself; a third core, where there is one, serves the backend."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise NotInstalledError("two cores are needed, one of them for the proxy alone")
    return Cores(driver=usable[0], proxy=usable[1], backend=usable[2 if len(usable) > 2 else 0])


def _run(
    backend: Bench, ready: dict[str, Contender], options: argparse.Namespace, trials: list[Trial]
) -> None:
    """Append trial by trial: an interrupted run still reports the rounds that it has."""
    # If this is not well above the fastest row, that row is about wrk and the backend.
    print(f"driver and backend alone: {backend.direct(options.seconds):,.0f} requests/s")
    rng = random.Random(options.seed)
    for number, name in interleaved(list(ready), options.rounds, rng):
        trial = backend.trial(ready[name], number, warm_up=options.warm_up, seconds=options.seconds)
        trials.append(trial)
        failed = f"  errors {trial.errors}" if trial.errors else ""
        print(f"round {number}  {name:9} {trial.rate:>9,.0f} requests/s{failed}", flush=True)


def _print_table(made: list[Row], options: argparse.Namespace, reference: str) -> None:
    print(
        f"\nproxied GET of a small JSON answer, {options.connections} keep-alive connections, "
        f"{'every head new' if options.fresh_heads else 'the same head again and again'},\n"
        f"one core for the proxy, {max(row.rounds for row in made)} rounds of {options.seconds} s\n"
    )
    print(text(made, reference=reference))


def _write(
    made: list[Row], trials: list[Trial], described: dict[str, str], options: argparse.Namespace
) -> None:
    write_json(
        options.json,
        {
            "benchmark": "gateway",
            "options": vars(options),
            "machine": described,
            "rows": [dataclasses.asdict(row) for row in made],
            "trials": [dataclasses.asdict(trial) for trial in trials],
        },
    )


if __name__ == "__main__":
    sys.exit(main())
