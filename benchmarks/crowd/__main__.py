"""The command: ``python -m benchmarks.crowd``; see README.md for the method."""

import argparse
import dataclasses
import sys
from pathlib import Path

from benchmarks.apparatus import machine
from benchmarks.apparatus.cores import assigned
from benchmarks.apparatus.quantities import count, duration
from benchmarks.apparatus.session import NOT_RUN, Session, write_json
from benchmarks.apparatus.table import facts
from benchmarks.crowd import before
from benchmarks.crowd.report import Row, rows, text
from benchmarks.crowd.trial import EXAMPLE, ROOT, Round, Terms, gateway
from benchmarks.peers import hedgerow
from benchmarks.peers.contender import NotInstalledError
from benchmarks.promise import expected
from benchmarks.promise.terms import CLIENT_TIMEOUT, DEADLINE, GRACE

_SHORTEST = 0.3  # what the example's settings accept
_EXAMPLES = """\
for example:
  python -m benchmarks.crowd
  python -m benchmarks.crowd --users 50 --rounds 2 --deadline 500ms --json crowd.json
"""


def main() -> int:
    """Run all rounds, print the table, say by the exit code whether it holds."""
    options = _options()
    try:
        version = hedgerow.version()
    except NotInstalledError as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return NOT_RUN
    cores = assigned(pin=options.pin)
    described = {**machine.describe(), "hedgerow": version, "pinned to cores": str(cores)}
    print(facts("machine", described), end="\n\n", flush=True)
    # One who waits longer than the deadline tells a late answer from none.
    terms = Terms(
        deadline=options.deadline,
        patience=options.deadline + CLIENT_TIMEOUT - DEADLINE,
        seed=options.seed,
        cores=cores,
    )
    rounds: list[Round] = []
    session = Session()
    with session.trials():
        _run(terms, options, rounds)
    made = rows(rounds, deadline=options.deadline)
    if made:
        _print_table(made, options)
        _write(made, described, options)
    return session.judge(valid=not any(row.errors or row.broken for row in made))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.crowd",
        description="N users at once, each with a new connection: who is answered in time?",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--users",
        nargs="+",
        type=count,
        default=[100, 500, 1000],
        help="sizes of the crowd (default: 100 500 1000)",
    )
    parser.add_argument(
        "--rounds",
        type=count,
        default=5,
        help="of each size; the first is reported as cold (default: 5)",
    )
    parser.add_argument(
        "--deadline",
        type=duration,
        default=DEADLINE,
        help="that users ask for, such as 500ms (default: 1s)",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the upstream")
    parser.add_argument(
        "--no-pin", dest="pin", action="store_false", help="leave all cores to the scheduler"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    options = parser.parse_args()
    if options.deadline < _SHORTEST:
        parser.error(
            f"--deadline {options.deadline * 1e3:g}ms: must be at least "
            f"{_SHORTEST * 1e3:g}ms, the least that {EXAMPLE.relative_to(ROOT)} accepts"
        )
    return options


def _run(terms: Terms, options: argparse.Namespace, rounds: list[Round]) -> None:
    """Append round by round: an interrupted run still reports what it has."""
    for users in options.users:
        with gateway(terms) as trial:
            for number in range(1, options.rounds + 1):
                done = trial.round(users, number)
                rounds.append(done)
                [row] = rows([done], deadline=terms.deadline)
                print(
                    f"{users:>5} users  round {number}  {row.good.median:7.2%} good  "
                    f"max {row.max * 1e3:,.0f}ms  {sum(row.late.values())} late",
                    flush=True,
                )


def _print_table(made: list[Row], options: argparse.Namespace) -> None:
    print(
        "\nall users at once, a new connection and one GET each; one gateway process for all "
        "rounds of a size\n"
        f"error, expired, connect, no answer: shares of the requests; late: answered more than "
        f"{GRACE * 1e3:g} ms after the deadline of {options.deadline * 1e3:,.0f} ms\n"
    )
    print(text(made))
    if options.deadline == DEADLINE:
        theory = expected.burst()
        print(
            f"  theory, for any number of users: {theory.success:.2%} good, "
            f"{theory.attempts:.2f} attempts a request"
        )
    told = before.text(options.users)
    print(f"\n{told}" if told else "")


def _write(made: list[Row], described: dict[str, str], options: argparse.Namespace) -> None:
    write_json(
        options.json,
        {
            "benchmark": "crowd",
            "options": vars(options),
            "machine": described,
            "rows": [dataclasses.asdict(row) for row in made],
            "before": {before.LABEL: [dataclasses.asdict(one) for one in before.TOLD]},
        },
    )


if __name__ == "__main__":
    sys.exit(main())
