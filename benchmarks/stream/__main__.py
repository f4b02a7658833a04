"""The command: ``python -m benchmarks.stream``; see README.md for the method."""

import argparse
import dataclasses
import random
import sys
from pathlib import Path

from benchmarks.apparatus import machine
from benchmarks.apparatus.cores import Cores, assigned
from benchmarks.apparatus.footprint import MEBIBYTE
from benchmarks.apparatus.quantities import count, size
from benchmarks.apparatus.rounds import interleaved
from benchmarks.apparatus.session import NOT_RUN, Session, write_json
from benchmarks.apparatus.table import facts
from benchmarks.peers import hedgerow
from benchmarks.peers.contender import NotInstalledError
from benchmarks.stream import curl
from benchmarks.stream.bench import bench
from benchmarks.stream.mishaps import FLAT, Mishap, mishaps
from benchmarks.stream.report import CONCLUSIVE, Row, is_sound, rows, text
from benchmarks.stream.transfers import DIRECT, KINDS, Transfer, transfer

_EXAMPLES = """\
for example:
  python -m benchmarks.stream
  python -m benchmarks.stream --size 128MiB --rounds 1 --json stream.json
"""


def main() -> int:
    """Run everything, print the tables, say by the exit code whether it holds."""
    options = _options()
    try:
        versions = {"hedgerow": hedgerow.version(), "curl": curl.version()}
    except NotInstalledError as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return NOT_RUN
    cores = assigned(pin=options.pin)
    described = {**machine.describe(), **versions, "pinned to cores": str(cores)}
    print(facts("machine", described), end="\n\n", flush=True)
    transfers: list[Transfer] = []
    happened: list[Mishap] = []
    session = Session()
    with session.trials():
        _run(cores, options, transfers, happened)
    made = rows(transfers)
    if made:
        _print_tables(made, happened, options)
        _write(transfers, happened, described, options)
    return session.judge(valid=is_sound(made, happened))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stream",
        description="Long bodies in both directions: rate, memory, and what breaks in the middle.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--size", type=size, default="1GiB", help="of a body, such as 256MiB (default: 1GiB)"
    )
    parser.add_argument("--rounds", type=count, default=3, help="of each kind of body (default: 3)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of turns")
    parser.add_argument(
        "--no-pin", dest="pin", action="store_false", help="leave all cores to the scheduler"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    options = parser.parse_args()
    if options.size < CONCLUSIVE:
        parser.error(
            f"--size: must be at least {CONCLUSIVE / MEBIBYTE:g}MiB; a shorter body could be kept "
            f"whole within the {FLAT / MEBIBYTE:g} MiB that memory may grow"
        )
    return options


def _run(
    cores: Cores, options: argparse.Namespace, transfers: list[Transfer], happened: list[Mishap]
) -> None:
    """Append one by one: an interrupted run still reports what it has."""
    names = [kind + way for kind in KINDS for way in ("", DIRECT)]
    with bench(cores, options.size) as ready:
        ready.warm_up()
        for number, name in interleaved(names, options.rounds, random.Random(options.seed)):
            done = transfer(ready, name, number, options.size)
            transfers.append(done)
            failed = f"  {'; '.join(done.errors)}" if done.errors else ""
            print(f"round {number}  {name:26} {done.rate / 1e6:>7,.0f} MB/s{failed}", flush=True)
        for mishap in mishaps(ready):
            happened.append(mishap)
            print(f"{mishap.name}: {mishap.seen}", flush=True)


def _print_tables(made: list[Row], happened: list[Mishap], options: argparse.Namespace) -> None:
    print(
        f"\nbodies of {options.size / MEBIBYTE:,g} MiB, curl to upstream and back, every byte "
        f"compared; {max(row.rounds for row in made)} rounds\n"
        "direct: the same without the gateway; CPU: seconds of the gateway for 10^9 bytes;\n"
        "peak RSS: the gateway's highest resident memory, above that before the transfer\n"
    )
    print(text(made, happened))
    print("\nall as it must be" if is_sound(made, happened) else "\n! NOT AS IT MUST BE: see the !")


def _write(
    transfers: list[Transfer],
    happened: list[Mishap],
    described: dict[str, str],
    options: argparse.Namespace,
) -> None:
    write_json(
        options.json,
        {
            "benchmark": "stream",
            "options": vars(options),
            "machine": described,
            "rows": [dataclasses.asdict(row) for row in rows(transfers)],
            "transfers": [dataclasses.asdict(one) for one in transfers],
            "mishaps": [dataclasses.asdict(one) for one in happened],
        },
    )


if __name__ == "__main__":
    sys.exit(main())
