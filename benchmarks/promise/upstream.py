"""The misbehaving upstream: ``hedgerow flaky``, or another program that keeps to its terms.

Another program must answer ``terms.PATH`` and count at ``/__stats``: JSON with
``received``, ``cancelled`` and ``in_flight``.
"""

import json
import shlex
import urllib.request
from dataclasses import dataclass
from typing import Final

from benchmarks.peers import hedgerow
from benchmarks.promise.terms import ERRORS, LATENCY

_STATS_PATH: Final = "/__stats"


@dataclass(frozen=True)
class Stats:
    """What the upstream saw since its start."""

    received: int
    cancelled: int
    in_flight: int


def command(port: int, seed: int, other: str | None) -> list[str]:
    """``other`` is a command line in which ``{port}`` and ``{seed}`` are filled in."""
    if other is not None:
        return [word.format(port=port, seed=seed) for word in shlex.split(other)]
    parts = "+".join(
        f"{part.share * 100:g}%*uniform:{part.low * 1e3:g}ms..{part.high * 1e3:g}ms"
        for part in LATENCY
    )
    errors = ",".join(f"{status}:{share * 100:g}%" for status, share in ERRORS.items())
    words = ["-p", str(port), "--latency", f"mix:{parts}", "--errors", errors]
    return hedgerow.command("flaky", *words, "--seed", str(seed))


def stats(port: int) -> Stats:
    """Ask a running upstream."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{_STATS_PATH}", timeout=10) as answer:
        told = json.load(answer)
    return Stats(told["received"], told["cancelled"], told["in_flight"])
