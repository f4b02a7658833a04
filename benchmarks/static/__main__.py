"""The command: ``python -m benchmarks.static``; see README.md for the method."""

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
from benchmarks.peers.contender import Contender, NotInstalledError, installed
from benchmarks.static.contenders import CONTENDERS, REFERENCE, beside
from benchmarks.static.report import Row, rows, text
from benchmarks.static.trial import CASES, Case, Terms, Trial, trials


def main() -> int:
    """Run all rounds, print the tables, say by the exit code whether they count."""
    options = _options()
    chosen = [one for one in CONTENDERS if not options.only or one.name in options.only]
    reference = REFERENCE
    if options.beside is not None:
        chosen.append(beside(options.beside.resolve()))
        reference = chosen[-1].name
    versions, skipped = installed(chosen)
    try:
        tools = {"wrk (load)": wrk.version()}
        terms = _terms(options)
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
    cases = [case for case in CASES if not options.files or case.name in options.files]
    done: list[Trial] = []
    session = Session()
    with session.trials():
        _run(ready, cases, terms, options, done)
    made = [rows(done, case.name, reference=reference) for case in cases]
    for case, of_case in zip(cases, made, strict=True):
        _print_table(case, of_case, options, reference)
    everything = [row for of_case in made for row in of_case]
    write_json(
        options.json,
        {
            "benchmark": "static",
            "options": vars(options),
            "machine": described,
            "rows": [dataclasses.asdict(row) for row in everything],
            "trials": [dataclasses.asdict(trial) for trial in done],
        },
    )
    return session.judge(valid=not any(row.errors for row in everything))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.static",
        description="Files from one core, beside the servers that are installed.",
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender")
    parser.add_argument("--seconds", type=int, default=3, help="measured part of a turn, each file")
    parser.add_argument("--warm-up", type=int, default=1, help="unmeasured part of a turn, s")
    parser.add_argument("--seed", type=int, default=1, help="of the order of turns")
    parser.add_argument(
        "--files", nargs="+", choices=[case.name for case in CASES], help="these files"
    )
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


def _terms(options: argparse.Namespace) -> Terms:
    """The server gets a core for itself, wrk the other one."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise NotInstalledError("two cores are needed, one of them for the server alone")
    return Terms(usable[0], usable[1], options.warm_up, options.seconds)


def _run(
    ready: dict[str, Contender],
    cases: list[Case],
    terms: Terms,
    options: argparse.Namespace,
    done: list[Trial],
) -> None:
    """Append turn by turn: an interrupted run still reports the rounds that it has."""
    rng = random.Random(options.seed)
    for number, name in interleaved(list(ready), options.rounds, rng):
        for trial in trials(ready[name], number, cases, terms):
            done.append(trial)
            failed = f"  errors {trial.errors}" if trial.errors else ""
            print(
                f"round {number}  {name:9} {trial.case:6} {trial.rate:>9,.0f} requests/s{failed}",
                flush=True,
            )


def _print_table(case: Case, made: list[Row], options: argparse.Namespace, reference: str) -> None:
    if not made:
        return
    print(
        f"\na file of {case.name}, {case.connections} keep-alive connections, one core for the"
        f" server, {max(row.rounds for row in made)} rounds of {options.seconds} s\n"
    )
    print(text(made, reference=reference))


if __name__ == "__main__":
    sys.exit(main())
