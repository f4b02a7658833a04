"""The command: ``python -m benchmarks.promise``; see README.md for the method."""

import argparse
import dataclasses
import random
import sys
from pathlib import Path

from benchmarks.apparatus import machine
from benchmarks.apparatus.rounds import interleaved
from benchmarks.apparatus.session import NOT_RUN, Session, write_json
from benchmarks.apparatus.table import facts
from benchmarks.peers.contender import Contender, installed
from benchmarks.promise import arrivals, expected
from benchmarks.promise.contenders import CONTENDERS
from benchmarks.promise.report import Row, rows, text
from benchmarks.promise.terms import DEADLINE, DELAY, EXTRA, GRACE
from benchmarks.promise.trial import Load, Trial, trial


def main() -> int:
    """Run all rounds, print the table, say by the exit code whether it counts."""
    options = _options()
    chosen = [one for one in CONTENDERS if not options.only or one.name in options.only]
    versions, skipped = installed(chosen)
    described = {**machine.describe(), **versions}
    print(facts("machine", described), end="\n\n")
    for name, why in skipped.items():
        print(f"skipped {name}: {why}")
    ready = {one.name: one for one in chosen if one.name in versions}
    if not ready:
        return NOT_RUN
    trials: list[Trial] = []
    session = Session()
    with session.trials():
        _run(ready, options, trials)
    made = rows(trials)
    if made:
        _print_table(made, options)
        _write(made, described, options)
    return session.judge(valid=not any(row.errors for row in made))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.promise",
        description="An unreliable upstream and a deadline: who is served in time, at what cost.",
    )
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contender")
    parser.add_argument("--seconds", type=float, default=20, help="length of a turn")
    parser.add_argument("--rate", type=float, default=200, help="requests a second, open loop")
    parser.add_argument("--arrivals", choices=["poisson", "even"], default="poisson")
    parser.add_argument("--seed", type=int, default=1, help="of order, arrivals and upstream")
    parser.add_argument(
        "--only", nargs="+", choices=[one.name for one in CONTENDERS], help="these contenders"
    )
    parser.add_argument(
        "--upstream",
        metavar="COMMAND",
        help="start this upstream, of the same terms, with {port} and {seed} filled in",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return parser.parse_args()


def _run(ready: dict[str, Contender], options: argparse.Namespace, trials: list[Trial]) -> None:
    """Append trial by trial: an interrupted run still reports the rounds that it has."""
    rng = random.Random(options.seed)
    for number, name in interleaved(list(ready), options.rounds, rng):
        done = trial(ready[name], number, _load(options, number))
        trials.append(done)
        print(f"round {number}  {name:9} {rows([done])[0].success:.2%} in time", flush=True)


def _load(options: argparse.Namespace, number: int) -> Load:
    """Arrivals and upstream seed depend on the round alone: the same for every contender."""
    seed = options.seed * 1000 + number
    due = (
        arrivals.even(options.rate, options.seconds)
        if options.arrivals == "even"
        else arrivals.poisson(options.rate, options.seconds, random.Random(seed))
    )
    return Load(due, seed, options.upstream)


def _print_table(made: list[Row], options: argparse.Namespace) -> None:
    rounds = max(row.rounds for row in made)
    print(
        f"\n{options.rate:g} requests/s ({options.arrivals}), {rounds} rounds of "
        f"{options.seconds:g} s; hedge after {DELAY * 1e3:g} ms, at most {EXTRA} copies\n"
        f"in time: a good answer within {DEADLINE * 1e3:g} ms of the due time; "
        f"late: ended {GRACE * 1e3:g} ms or more after that;\n"
        "attempts and cancelled: as the upstream counted them, a request\n"
    )
    theory = {
        "theory: burst (Hedgerow)": expected.burst(),
        "theory: staggered (Envoy)": expected.staggered(random.Random(options.seed)),
        "theory: no gateway": expected.without_gateway(),
    }
    print(text(made, theory))


def _write(made: list[Row], described: dict[str, str], options: argparse.Namespace) -> None:
    write_json(
        options.json,
        {
            "benchmark": "promise",
            "options": vars(options),
            "machine": described,
            "rows": [dataclasses.asdict(row) for row in made],
        },
    )


if __name__ == "__main__":
    sys.exit(main())
