"""The command: ``python -m benchmarks.endurance``; see README.md for the method."""

import argparse
import dataclasses
import sys
from pathlib import Path

from benchmarks.apparatus import machine
from benchmarks.apparatus.cores import assigned
from benchmarks.apparatus.quantities import count
from benchmarks.apparatus.session import NOT_RUN, Session, write_json
from benchmarks.apparatus.table import facts
from benchmarks.endurance.report import Verdict, header, line, text, verdict
from benchmarks.endurance.terms import MANNERS, THRESHOLDS, USERS
from benchmarks.endurance.trial import Run, Terms, gateway
from benchmarks.peers import hedgerow
from benchmarks.peers.contender import NotInstalledError

_EXAMPLES = """\
for example:
  python -m benchmarks.endurance
  python -m benchmarks.endurance --requests 1000000 --json endurance.json
"""


def main() -> int:
    """Run, print the table as it grows, say by the exit code whether anything leaks."""
    options = _options()
    try:
        version = hedgerow.version()
    except NotInstalledError as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return NOT_RUN
    cores = assigned(pin=options.pin)
    described = {**machine.describe(), "hedgerow": version, "pinned to cores": str(cores)}
    print(facts("machine", described), end="\n\n", flush=True)
    session = Session()
    runs: list[Run] = []
    with session.trials():
        _run(Terms(options.requests, options.seed, cores), runs)
    if not runs:
        return session.code
    judged = verdict(runs[0])
    print("", text(runs[0], judged), sep="\n")
    _write(runs[0], judged, described, options)
    return session.judge(valid=judged.is_clean)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.endurance",
        description="Many requests of every unpleasant kind: does anything leak?",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--requests", type=count, default=100_000, help="all together (default: 100000)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the clients and the upstream")
    parser.add_argument(
        "--no-pin", dest="pin", action="store_false", help="leave all cores to the scheduler"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return parser.parse_args()


def _run(terms: Terms, runs: list[Run]) -> None:
    """Print each look at once: an interrupted run still has them."""
    mix = ", ".join(f"{share}% {manner}" for manner, share in MANNERS.items())
    print(f"{terms.requests:,} requests, {USERS} at once: {mix}\n\n{header()}")
    with gateway(terms) as trial:
        runs.append(trial.run)
        print(line(trial.run.start, "start"), flush=True)
        for look in trial.looks():
            print(line(look), flush=True)
        if trial.run.idle is not None:
            print(line(trial.run.idle, "idle"), flush=True)


def _write(
    run: Run, judged: Verdict, described: dict[str, str], options: argparse.Namespace
) -> None:
    write_json(
        options.json,
        {
            "benchmark": "endurance",
            "options": vars(options),
            "machine": described,
            "thresholds": dataclasses.asdict(THRESHOLDS),
            "verdict": dataclasses.asdict(judged),
            "run": dataclasses.asdict(run),
        },
    )


if __name__ == "__main__":
    sys.exit(main())
