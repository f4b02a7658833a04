"""The command: ``python -m benchmarks.siege``."""

import argparse
import dataclasses
import os
import sys
from pathlib import Path
from typing import Final

from benchmarks.apparatus import machine
from benchmarks.apparatus.footprint import MEBIBYTE
from benchmarks.apparatus.session import NOT_RUN, Session, write_json
from benchmarks.apparatus.table import facts, table
from benchmarks.peers.contender import NotInstalledError
from benchmarks.siege import attacks
from benchmarks.siege.attacks import ATTACKS
from benchmarks.siege.trial import PEACE, Outcome, Terms, tried

#: What is promised: of the fast client, and of memory for each slow connection.
PROMISED_MS: Final = 50.0
PROMISED_BYTES: Final = 64 * 1024  # what may be written ahead for one that hardly reads
_PLAYED_FOR_NOTHING: Final = 16 * MEBIBYTE  # the fast client's own share, caches


def main() -> int:
    """Make all attacks one after the other; the exit code says whether the promises held."""
    options = _options()
    try:
        tool = {"slowhttptest": attacks.version()}
    except NotInstalledError as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return NOT_RUN
    described = {**machine.describe(), **tool}
    print(facts("machine", described), end="\n\n")
    usable = sorted(os.sched_getaffinity(0))
    pair = (usable[1], usable[0]) if len(usable) > 1 else (None, None)
    terms = Terms(options.connections, options.seconds, options.rate, *pair)
    outcomes: list[Outcome] = []
    session = Session()
    with session.trials():
        for attack in (None, *(one for one in ATTACKS if _is_chosen(one.name, options.only))):
            outcomes.append(tried(attack, terms))
            print(f"{outcomes[-1].attack}: p99 {outcomes[-1].p99:.1f} ms", flush=True)
    print(f"\n{terms.connections} slow connections, {terms.rate} requests/s beside them\n")
    print(_report(outcomes, terms))
    found = {
        "terms": dataclasses.asdict(terms),
        "outcomes": list(map(dataclasses.asdict, outcomes)),
    }
    write_json(options.json, {"benchmark": "siege", "machine": described, **found})
    return session.judge(valid=all(_holds(one, terms) for one in outcomes if one.attack != PEACE))


def _is_chosen(name: str, only: list[str] | None) -> bool:
    return not only or name in only


def _holds(outcome: Outcome, terms: Terms) -> bool:
    allowed = terms.connections * PROMISED_BYTES + _PLAYED_FOR_NOTHING
    is_bounded = outcome.memory_growth <= allowed
    return outcome.p99 < PROMISED_MS and not outcome.failed and is_bounded


def _report(outcomes: list[Outcome], terms: Terms) -> str:
    header = (
        "attack", "requests", "failed", "p50 ms", "p99 ms", "worst ms", "lag ms",
        "slow", "held", "left", "RSS MiB", "grew MiB", "promise",
    )  # fmt: skip
    return table(header, [_row(one, terms) for one in outcomes])


def _row(one: Outcome, terms: Terms) -> list[str]:
    return [
        one.attack,
        f"{one.requests:,}",
        str(one.failed),
        *(f"{value:.1f}" for value in (one.p50, one.p99, one.worst, one.lag)),
        *(f"{count:,}" for count in (one.slow_at_most, one.held, one.left)),
        f"{one.memory_before / MEBIBYTE:.0f}",
        f"{one.memory_growth / MEBIBYTE:.0f}",
        "-" if one.attack == PEACE else "kept" if _holds(one, terms) else "BROKEN",
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.siege",
        description="A fast client beside thousands of slow ones, and the server's memory.",
    )
    parser.add_argument("--connections", type=int, default=4000, help="slow ones at once")
    parser.add_argument("--seconds", type=int, default=30, help="of each attack")
    parser.add_argument("--rate", type=int, default=200, help="of the fast client, requests/s")
    parser.add_argument("--only", nargs="+", choices=[one.name for one in ATTACKS], help="these")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
