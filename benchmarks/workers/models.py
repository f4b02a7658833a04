"""The worker models under ab and wrk: requests a second, what failed, the longest wait."""

import json
import random
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus.rounds import interleaved
from benchmarks.apparatus.spread import spread
from benchmarks.apparatus.table import table
from benchmarks.peers.contender import program
from benchmarks.workers.site import Model, served

MODELS: Final = (
    Model("one process", ()),
    *(Model(f"{count} workers", ("-w", str(count))) for count in (2, 4, 6, 8)),
    *(Model(f"{count} threads", ("--threads", str(count))) for count in (4, 8, 20)),
    Model("4 workers, one socket", ("-w", "4", "--accept", "shared")),
    Model("4 threads, one socket", ("--threads", "4", "--accept", "shared")),
)
_SCRIPT: Final = Path(__file__).parents[1] / "gateway" / "report_as_json.lua"


@dataclass(frozen=True)
class Turn:
    """What one run of one model gave."""

    model: str
    round: int
    requests: int
    failed: int
    rate: float  # requests a second
    p99: float  # milliseconds
    longest: float  # milliseconds


def ab(model: Model, number: int, *, requests: int, connections: int) -> Turn:
    """Let ApacheBench ask so many times, a connection for each, as the seed did."""
    with served(model) as server:
        words = [program("ab"), "-q", f"-c{connections}", f"-n{requests}", server.url]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return Turn(
        model.name,
        number,
        int(_number(r"Complete requests:\s+(\d+)", said)),
        int(_number(r"Failed requests:\s+(\d+)", said))
        + int(_number(r"Non-2xx responses:\s+(\d+)", said, absent=0.0)),
        _number(r"Requests per second:\s+([\d.]+)", said),
        _number(r"\n\s+99%\s+(\d+)", said),
        _number(r"\n\s*100%\s+(\d+)", said),
    )


def wrk(model: Model, number: int, *, seconds: int, connections: int) -> Turn:
    """Let wrk ask for so long over kept connections."""
    with served(model) as server:
        words = [program("wrk"), "-t5", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
        done = subprocess.run(
            [*words, "-s", str(_SCRIPT), server.url], capture_output=True, text=True, check=True
        )
    line = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    told: dict[str, Any] = json.loads(line)
    failed = sum(told[kind] for kind in ("connect", "read", "write", "timeout", "status"))
    longest = _longest(done.stdout)
    rate = told["requests"] / told["seconds"]
    return Turn(model.name, number, told["requests"], failed, rate, told["p99"] * 1000, longest)


def order(rounds: int, seed: int) -> list[tuple[int, Model]]:
    """Return the turns: every model once a round, in another order each round."""
    known = {model.name: model for model in MODELS}
    turns = interleaved(list(known), rounds, random.Random(seed))
    return [(number, known[name]) for number, name in turns]


def report(turns: list[Turn]) -> str:
    """Return the table; failures are added up, times are the worst of all rounds."""
    header = ("model", "requests/s", "range", "requests", "failed", "p99 ms", "longest ms")
    rows = []
    for model in MODELS:
        own = [turn for turn in turns if turn.model == model.name]
        if not own:
            continue
        rates = spread([turn.rate for turn in own])
        rows.append(
            (
                model.name,
                f"{rates.median:,.0f}",
                f"{rates.low:,.0f}-{rates.high:,.0f}",
                f"{sum(turn.requests for turn in own):,}",
                str(sum(turn.failed for turn in own)),
                f"{max(turn.p99 for turn in own):.1f}",
                f"{max(turn.longest for turn in own):.0f}",
            )
        )
    return table(header, rows)


def _number(pattern: str, text: str, absent: float | None = None) -> float:
    match = re.search(pattern, text)
    if match is None:
        if absent is None:
            raise ValueError(f"no {pattern!r} in what the program said")
        return absent
    return float(match[1])


def _longest(said: str) -> float:
    """Read wrk's line of latency: mean, deviation, maximum; in milliseconds."""
    match = re.search(r"Latency\s+\S+\s+\S+\s+([\d.]+)(us|ms|s|m)", said)
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
    return float(match[1]) * units[match[2]] if match is not None else 0.0
