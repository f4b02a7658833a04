"""The command: ``python -m benchmarks.load``; see README.md for the method."""

import argparse
import dataclasses
import random
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus import machine
from benchmarks.apparatus.quantities import count, duration
from benchmarks.apparatus.rounds import interleaved
from benchmarks.apparatus.session import NOT_RUN, Session, write_json
from benchmarks.apparatus.table import facts, markdown, table
from benchmarks.load import agreement, soak, speed, speed_report, users
from benchmarks.load.contenders import GENERATORS, OURS, Generator
from benchmarks.load.speed_report import Draw
from benchmarks.load.targets import Cores, cores, nginx_on
from benchmarks.peers import nginx
from benchmarks.peers.contender import NotInstalledError

_CONNECTIONS: Final = 64
_FEW_CONNECTIONS: Final = 32  # of --agreement: about 1,600 requests a second
_SECONDS: Final = 10
_SECONDS_OF_USERS: Final = 30

_EXAMPLES = """\
for example:
  python -m benchmarks.load
  python -m benchmarks.load --rounds 1 --seconds 2 --only wrk hedgerow
  python -m benchmarks.load --agreement --markdown
  python -m benchmarks.load --soak 5m
  python -m benchmarks.load --users 10000
"""


def main() -> int:
    """Run the experiment that was asked for; the exit code says whether it counts."""
    options = _options()
    try:
        where = cores()
        versions, skipped = _installed(options)
    except (NotInstalledError, OSError) as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return NOT_RUN
    described = {**machine.describe(), **versions, "pinned to cores": str(where)}
    print(facts("machine", described), end="\n\n")
    for name, why in skipped.items():
        print(f"skipped {name}: {why}")
    ready = [one for one in GENERATORS if one.name in versions]
    if not ready:
        return NOT_RUN
    experiment = Experiment(options, where, described, ready)
    if options.soak:
        return experiment.soak()
    if options.users:
        return experiment.users()
    return experiment.agreement() if options.agreement else experiment.speed()


class Experiment:
    """One run of this command, and what all of its kinds share."""

    def __init__(
        self,
        options: argparse.Namespace,
        where: Cores,
        described: dict[str, str],
        ready: list[Generator],
    ) -> None:
        self._options = options
        self._cores = where
        self._described = described
        self._ready = {one.name: one for one in ready}
        self._session = Session()
        self._draw: Draw = markdown if options.markdown else table

    def speed(self) -> int:
        """Compare what a request costs."""
        options = self._options
        seconds = options.seconds or _SECONDS
        shape = speed.Shape(options.connections or _CONNECTIONS, options.warm_up, seconds)
        trials: list[speed.Trial] = []
        with self._session.trials(), nginx_on(self._cores.server) as target:
            for generator in self._ready.values():
                speed.rehearse(generator, cores=self._cores, target=target)
            for number, name in self._turns():
                one = speed.trial(
                    self._ready[name], number, shape=shape, cores=self._cores, target=target
                )
                trials.append(one)
                cost = 1e6 / one.whole_by_cpu if one.whole_requests else 0.0
                failed = "  ".join(["", *one.errors])
                print(
                    f"round {number}  {name:9} {one.rate:>9,.0f} requests/s  "
                    f"{cost:6.2f} us of CPU each{failed}",
                    flush=True,
                )
        made = speed_report.rows(trials)
        if not made:
            return self._session.code
        print(
            f"\nGET of a small JSON answer from nginx, {shape.connections} keep-alive connections, "
            f"one core for the generator,\n{max(row.rounds for row in made)} rounds of "
            f"{shape.seconds} s\n"
        )
        judged = speed_report.verdict(made)
        print(speed_report.text(made, self._draw), "", judged.text, sep="\n")
        self._write("load", trials=_plain(trials), rows=_plain(made), verdict=judged.text)
        is_valid = judged.is_kept is not False and not any(row.errors for row in made)
        return self._session.judge(valid=is_valid)

    def agreement(self) -> int:
        """Compare percentiles of a server that has time."""
        options = self._options
        connections, seconds = options.connections or _FEW_CONNECTIONS, options.seconds or _SECONDS
        trials: list[agreement.Trial] = []
        with self._session.trials():
            for number, name in self._turns():
                one = agreement.trial(
                    self._ready[name],
                    number,
                    connections=connections,
                    seconds=seconds,
                    seed=options.seed,
                    cores=self._cores,
                )
                trials.append(one)
                print(f"round {number}  {name:9} {one.told.requests:>9,} requests", flush=True)
        if not trials:
            return self._session.code
        print(
            f"\n{connections} connections to an upstream of lognormal latency, mean "
            f"{agreement.MEAN_MS:g} ms, deviation {agreement.DEVIATION_MS:g} ms,\n"
            f"{options.rounds} rounds of {seconds} s, in a round the same seed for all\n"
        )
        print(agreement.text(trials, self._draw))
        found = agreement.checks(trials)
        self._write("load --agreement", trials=_plain(trials), checks=_plain(found))
        agrees = bool(found) and all(check.agrees for check in found)
        return self._session.judge(valid=agrees and not any(one.errors for one in trials))

    def soak(self) -> int:
        """Look at memory over time."""
        options = self._options
        soaks: list[soak.Soak] = []
        connections = options.connections or _CONNECTIONS
        with self._session.trials(), nginx_on(self._cores.server) as target:
            for one in soak.runs(connections, options.soak, self._cores, target):
                print(f"{one.model}: {one.requests:,} requests", flush=True)
                soaks.append(one)
        if not soaks:
            return self._session.code
        print(
            f"\n{options.soak:g} s with {connections} connections: as fast as it goes (closed), "
            f"and {soak.OPEN_RATE:,} a second (open)\n"
        )
        print(soak.text(soaks, self._draw))
        self._write("load --soak", soaks=_plain(soaks))
        return self._session.judge(valid=all(one.is_clean for one in soaks))

    def users(self) -> int:
        """Hold many users."""
        options = self._options
        seconds = options.seconds or _SECONDS_OF_USERS
        crowds: list[users.Crowd] = []
        with self._session.trials(), nginx_on(self._cores.server) as target:
            for size in (min(users.FEW, options.users), options.users):
                one = users.crowd(size, seconds=seconds, cores=self._cores, target=target)
                print(f"{size:,} users: {one.requests:,} requests", flush=True)
                crowds.append(one)
        if len(crowds) < 2:
            return self._session.code
        print(f"\nusers of one generator process, thinking {users.THINK} after each answer\n")
        print(users.text(crowds[0], crowds[1], self._draw))
        self._write("load --users", crowds=_plain(crowds))
        return self._session.judge(valid=not any(one.errors for one in crowds))

    def _turns(self) -> Any:
        rng = random.Random(self._options.seed)
        return interleaved(list(self._ready), self._options.rounds, rng)

    def _write(self, benchmark: str, **results: Any) -> None:
        known = {"benchmark": benchmark, "options": vars(self._options), "machine": self._described}
        write_json(self._options.json, {**known, **results})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description="The load generator: its price beside its peers, its percentiles, its memory.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--agreement", action="store_true", help="compare percentiles instead")
    kind.add_argument("--soak", type=duration, metavar="TIME", help="watch memory instead: 5m")
    kind.add_argument("--users", type=count, metavar="N", help="hold that many users instead")
    parser.add_argument("--rounds", type=count, default=5, help="turns of each generator (5)")
    parser.add_argument(
        "--seconds",
        type=count,
        help=f"measured part of a turn ({_SECONDS}; of --users, once all are there, "
        f"{_SECONDS_OF_USERS})",
    )
    parser.add_argument("--warm-up", type=count, default=1, help="before it, s (1)")
    parser.add_argument(
        "--connections",
        type=count,
        help=f"kept alive ({_CONNECTIONS}; of --agreement {_FEW_CONNECTIONS})",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the order of turns, and of latency")
    names = [one.name for one in GENERATORS]
    parser.add_argument("--only", nargs="+", choices=names, help="these generators")
    parser.add_argument("--markdown", action="store_true", help="print tables as Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return parser.parse_args()


def _installed(options: argparse.Namespace) -> tuple[dict[str, str], dict[str, str]]:
    """Give the versions of those that can run, and why the others cannot."""
    versions: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for name in _wanted(options):
        generator = next(one for one in GENERATORS if one.name == name)
        try:
            versions[name] = generator.version()
        except NotInstalledError as error:
            skipped[name] = str(error)
    if not options.agreement:
        versions["nginx (server)"] = nginx.version()
    return versions, skipped


def _wanted(options: argparse.Namespace) -> list[str]:
    if options.soak or options.users:
        return [OURS]
    able = agreement.NAMES if options.agreement else [one.name for one in GENERATORS]
    return [name for name in able if not options.only or name in options.only]


def _plain(records: Any) -> Any:
    return [dataclasses.asdict(record) for record in records]


if __name__ == "__main__":
    sys.exit(main())
