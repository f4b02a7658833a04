"""The command: ``python -m benchmarks.tail``; see README.md for the method."""

import argparse
import dataclasses
import sys
from pathlib import Path

from benchmarks.apparatus import machine
from benchmarks.apparatus.quantities import count, duration
from benchmarks.apparatus.session import NOT_RUN, Session, write_json
from benchmarks.apparatus.table import facts
from benchmarks.peers.contender import installed
from benchmarks.tail import storm
from benchmarks.tail.contenders import BUDGETS, NAMES
from benchmarks.tail.report import rows, text, verdict
from benchmarks.tail.situations import SITUATIONS
from benchmarks.tail.turns import Results, plan, take

_EXAMPLES = """\
for example:
  python -m benchmarks.tail                                        # everything, about 10 minutes
  python -m benchmarks.tail --only slow hangs --rounds 1
  python -m benchmarks.tail --only dies --contenders hedgerow envoy --seconds 10s
  python -m benchmarks.tail --only storm --storms 3
  python -m benchmarks.tail --only slow --contenders hedgerow --rounds 1 --log proxy.log
"""


def main() -> int:
    """Run all rounds, print the tables, say by the exit code whether they count."""
    options = _options()
    turns = plan(options)
    versions, skipped = installed(
        list({turn.contender.name: turn.contender for turn in turns}.values())
    )
    described = {**machine.describe(), **versions}
    print(facts("machine", described), end="\n\n")
    for name, why in skipped.items():
        print(f"skipped {name}: {why}")
    if not versions:
        print("nobody is left to take part", file=sys.stderr)
        return NOT_RUN
    results = Results()
    session = Session()
    with session.trials():
        take([turn for turn in turns if turn.contender.name in versions], results, options)
    fine = _print(results)
    write_json(
        options.json,
        {
            "benchmark": "tail",
            "options": vars(options),
            "machine": described,
            "rows": [dataclasses.asdict(row) for row in rows(results.trials)],
            "storms": [dataclasses.asdict(one) for one in results.storms],
            "ahead and kept": fine,
        },
    )
    return session.judge(valid=fine)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tail",
        description="One of three replicas goes bad: what its neighbours' callers notice.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", nargs="+", choices=[*SITUATIONS, storm.NAME], help="these situations"
    )
    parser.add_argument(
        "--contenders", nargs="+", choices=NAMES, help="these proxies, where they take part"
    )
    parser.add_argument("--rounds", type=count, default=3, help="turns of each contender (3)")
    parser.add_argument("--storms", type=count, default=1, help="rounds of the storm (1)")
    parser.add_argument(
        "--phases",
        type=_phases,
        default=storm.Phases(7, 5, 8),
        metavar="7,5,8",
        help="seconds before, in and after the storm",
    )
    parser.add_argument("--seconds", type=duration, default=4.0, help="of the bad phase (4s)")
    parser.add_argument("--healthy", type=duration, default=2.5, help="time before it (2.5s)")
    parser.add_argument("--rate", type=float, default=300.0, help="requests a second (300)")
    parser.add_argument("--seed", type=int, default=1, help="of order, arrivals and upstream")
    parser.add_argument(
        "--beside", type=Path, metavar="DIR", help="also the Hedgerow of another checkout (other)"
    )
    parser.add_argument("--no-pin", action="store_true", help="let the scheduler place all parts")
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="keep what the proxies say; Hedgerow traces"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return parser.parse_args()


def _phases(text: str) -> storm.Phases:
    words = text.split(",")
    if len(words) != 3 or not all(word.isdecimal() and int(word) for word in words):
        raise argparse.ArgumentTypeError(f"{text!r}: must be three whole numbers, such as 7,5,8")
    before, during, after = map(int, words)
    if before <= storm.WARM_UP:
        raise argparse.ArgumentTypeError(f"{text!r}: the first {storm.WARM_UP} s are warm-up")
    return storm.Phases(before, during, after)


def _print(results: Results) -> bool:
    """Print the tables; say whether all counts, Hedgerow was ahead and the budgets were kept."""
    made = rows(results.trials)
    for name in dict.fromkeys(row.situation for row in made):
        title = f"\n{name}: {SITUATIONS[name].text}"
        print(text(title, [row for row in made if row.situation == name]))
    fine = not any(row.errors for row in made)
    if results.storms:
        table, kept = storm.text(results.storms, BUDGETS)
        print(f"\n{storm.NAME}: {storm.TEXT}\n{table}")
        fine = fine and kept
    lines, won = verdict(made, list(BUDGETS))
    print("", *lines, sep="\n")
    return fine and won


if __name__ == "__main__":
    sys.exit(main())
