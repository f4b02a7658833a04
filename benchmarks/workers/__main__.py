"""The command: ``python -m benchmarks.workers ab|wrk|chaos|memory``; see README.md."""

import argparse
import sys
from pathlib import Path

from benchmarks.apparatus import machine
from benchmarks.apparatus.session import NOT_RUN, Session, write_json
from benchmarks.apparatus.table import facts
from benchmarks.peers import hedgerow
from benchmarks.peers.contender import NotInstalledError, program
from benchmarks.workers import chaos, memory, models


def main() -> int:
    """Run one experiment and print its table."""
    options = _options()
    try:
        for tool in {"ab": ["ab"], "wrk": ["wrk"], "chaos": ["wrk"], "memory": []}[options.what]:
            program(tool)
    except NotInstalledError as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return NOT_RUN
    described = {**machine.describe(), "hedgerow": hedgerow.version()}
    print(facts("machine", described), end="\n\n")
    session = Session()
    is_fine = _EXPERIMENTS[options.what](options, session, described)
    return session.judge(valid=is_fine)


def _models(options: argparse.Namespace, session: Session, described: dict[str, str]) -> bool:
    turns: list[models.Turn] = []
    with session.trials():
        for number, model in models.order(options.rounds, options.seed):
            if options.what == "ab":
                turn = models.ab(
                    model, number, requests=options.requests, connections=options.connections
                )
            else:
                turn = models.wrk(
                    model, number, seconds=options.seconds, connections=options.connections
                )
            turns.append(turn)
            failed = f"  failed {turn.failed}" if turn.failed else ""
            print(
                f"round {number}  {model.name:22} {turn.rate:>9,.0f} requests/s{failed}", flush=True
            )
    print(f"\na file of 1 KiB, {options.connections} connections, {options.what}\n")
    print(models.report(turns))
    write_json(options.json, {"benchmark": "workers", "machine": described, "turns": turns})
    return not any(turn.failed for turn in turns)


def _chaos(options: argparse.Namespace, session: Session, described: dict[str, str]) -> bool:
    outcomes: list[chaos.Outcome] = []
    with session.trials():
        for ordeal in chaos.ORDEALS:
            outcomes.append(chaos.suffer(ordeal, options.seed))
            print(f"{ordeal.name}: {'fine' if outcomes[-1].is_fine else 'NOT FINE'}", flush=True)
    print("\n" + chaos.report(outcomes))
    write_json(options.json, {"benchmark": "chaos", "machine": described, "outcomes": outcomes})
    return all(one.is_fine for one in outcomes)


def _memory(options: argparse.Namespace, session: Session, described: dict[str, str]) -> bool:
    found: list[memory.Held] = []
    with session.trials():
        found.extend(memory.measured())
    print(memory.report(found))
    write_json(options.json, {"benchmark": "memory", "machine": described, "held": found})
    return bool(found)


_EXPERIMENTS = {"ab": _models, "wrk": _models, "chaos": _chaos, "memory": _memory}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.workers",
        description="Worker models of hedgerow serve: speed, losses, memory.",
    )
    parser.add_argument("what", choices=list(_EXPERIMENTS), help="which experiment")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each model (ab, wrk)")
    parser.add_argument("--requests", type=int, default=50_000, help="in each turn (ab)")
    parser.add_argument("--seconds", type=int, default=5, help="of each turn (wrk)")
    parser.add_argument("--connections", type=int, default=100, help="at once (ab, wrk)")
    parser.add_argument("--seed", type=int, default=1, help="of the order, and of who is killed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
