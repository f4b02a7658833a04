"""Workers that die, are reloaded, come and go, while wrk asks as fast as it can.

What may be lost: requests on connections of a worker that was killed.  What may not: anything
refused, anything that hangs, anything during a reload or a change of the number.
"""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus.table import table
from benchmarks.peers.contender import program
from benchmarks.workers.site import Model, Served, served

_SCRIPT: Final = Path(__file__).parents[1] / "gateway" / "report_as_json.lua"
_WORKERS: Final = 3
_CONNECTIONS: Final = 30


@dataclass(frozen=True)
class Ordeal:
    """One kind of trouble, so many times, with a pause between."""

    name: str
    times: int
    pause: float  # seconds
    strike: Callable[[Served, random.Random], None]
    may_break: int  # connections that each time may be broken


@dataclass(frozen=True)
class Outcome:
    """What wrk and the server said of one ordeal."""

    ordeal: str
    times: int
    requests: int
    connect: int  # refused
    broken: int  # connections
    timeouts: int
    statuses: int  # not 2xx
    may_break: int

    @property
    def is_fine(self) -> bool:
        """Whether nothing was lost that may not be."""
        return (
            self.connect == self.timeouts == self.statuses == 0
            and self.broken <= self.may_break
            and self.requests > 0
        )


def _kill(server: Served, chance: random.Random) -> None:
    if workers := server.workers():
        os.kill(chance.choice(workers), signal.SIGKILL)


def _signals(number: signal.Signals) -> Callable[[Served, random.Random], None]:
    return lambda server, _: os.kill(server.running.pid, number)


def _up_or_down(server: Served, chance: random.Random) -> None:
    is_up = len(server.workers()) <= _WORKERS
    os.kill(server.running.pid, signal.SIGTTIN if is_up else signal.SIGTTOU)


ORDEALS: Final = (
    Ordeal("kill -9 of a worker", 20, 1.0, _kill, _CONNECTIONS),
    Ordeal("reload (SIGHUP)", 50, 1.0, _signals(signal.SIGHUP), 0),
    Ordeal("one more, one fewer", 20, 1.0, _up_or_down, 0),
)


def suffer(ordeal: Ordeal, seed: int) -> Outcome:
    """Start a server, load it, strike, and count."""
    seconds = int(ordeal.times * ordeal.pause) + 3
    with served(Model("chaos", ("-w", str(_WORKERS)))) as server:
        time.sleep(1.0)
        struck = threading.Thread(target=_strike, args=(ordeal, server, random.Random(seed)))
        struck.start()
        words = [program("wrk"), "-t2", f"-c{_CONNECTIONS}", f"-d{seconds}s", "--timeout", "5s"]
        done = subprocess.run(
            [*words, "-s", str(_SCRIPT), server.url], capture_output=True, text=True, check=True
        )
        struck.join()
    line = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    told: dict[str, Any] = json.loads(line)
    return Outcome(
        ordeal.name,
        ordeal.times,
        told["requests"],
        told["connect"],
        told["read"] + told["write"],
        told["timeout"],
        told["status"],
        ordeal.times * ordeal.may_break,
    )


def _strike(ordeal: Ordeal, server: Served, chance: random.Random) -> None:
    time.sleep(1.0)
    for _ in range(ordeal.times):
        ordeal.strike(server, chance)
        time.sleep(ordeal.pause)


def report(outcomes: list[Outcome]) -> str:
    """Return the table."""
    header = ("ordeal", "times", "requests", "refused", "broken", "timeouts", "not 2xx", "fine")
    return table(
        header,
        [
            (
                one.ordeal,
                str(one.times),
                f"{one.requests:,}",
                str(one.connect),
                f"{one.broken} (may be {one.may_break})",
                str(one.timeouts),
                str(one.statuses),
                "yes" if one.is_fine else "NO",
            )
            for one in outcomes
        ],
    )
