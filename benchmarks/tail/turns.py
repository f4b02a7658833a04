"""Who takes a turn when, and what came of the turns so far."""

import argparse
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.apparatus.cores import assigned
from benchmarks.apparatus.rounds import interleaved
from benchmarks.peers.contender import Contender
from benchmarks.promise.arrivals import poisson
from benchmarks.tail import storm
from benchmarks.tail.contenders import STORMY, USUAL, beside
from benchmarks.tail.report import rows
from benchmarks.tail.situations import SITUATIONS
from benchmarks.tail.trial import Load, Trial, trial


@dataclass(frozen=True)
class Turn:
    """One contender in one situation, once."""

    round: int
    situation: str
    contender: Contender


@dataclass
class Results:
    """Everything so far: an interrupted run reports what it has."""

    trials: list[Trial] = field(default_factory=list)
    storms: list[storm.Storm] = field(default_factory=list)


def plan(options: argparse.Namespace) -> list[Turn]:
    """All turns in their order; whether each contender is installed is not asked."""
    rng = random.Random(options.seed)
    turns = []
    for number in range(1, max(options.rounds, options.storms) + 1):
        for situation in options.only or [*SITUATIONS, storm.NAME]:
            is_storm = situation == storm.NAME
            if number > (options.storms if is_storm else options.rounds):
                continue
            there = {one.name: one for one in (STORMY if is_storm else USUAL)}
            names = [name for name in there if name in (options.contenders or there)]
            if options.beside is not None:
                there |= {one.name: one for one in beside(options.beside.resolve())}
                names += [name for name in there if name not in names and name.startswith("other")]
            turns += [
                Turn(number, situation, there[name]) for _, name in interleaved(names, 1, rng)
            ]
    return turns


def take(turns: Sequence[Turn], results: Results, options: argparse.Namespace) -> None:
    """Take the turns, and say how each went."""
    costs = [_seconds(turn.situation, options) for turn in turns]
    began = time.monotonic()
    for at, turn in enumerate(turns):
        said = _take(turn, results, options)
        left = (time.monotonic() - began) * sum(costs[at + 1 :]) / sum(costs[: at + 1])
        place = f"{at + 1}/{len(turns)}"
        print(
            f"{place:>6}  round {turn.round}  {turn.situation:6} {turn.contender.name:12} {said}"
            f"  {left:.0f}s left",
            flush=True,
        )


def _take(turn: Turn, results: Results, options: argparse.Namespace) -> str:
    load = _load(turn, options)
    if turn.situation == storm.NAME:
        stormy = storm.storm(turn.contender, turn.round, load, options.phases)
        results.storms.append(stormy)
        return f"extra load over {storm.WINDOW}s at most {stormy.highest:+.1%}"
    done = trial(turn.contender, turn.situation, turn.round, load)
    results.trials.append(done)
    [row] = rows([done])
    return f"{row.success:7.2%} in time  p99 {row.p99 * 1e3:4.0f}ms"


def _seconds(situation: str, options: argparse.Namespace) -> float:
    """How long a turn takes, but for starting everything."""
    is_storm = situation == storm.NAME
    return float(options.phases.length if is_storm else options.healthy + options.seconds)


def _load(turn: Turn, options: argparse.Namespace) -> Load:
    """Arrivals and the replicas' seeds depend on the round alone: alike for everybody."""
    seed = options.seed * 1000 + turn.round
    seconds = _seconds(turn.situation, options)
    return Load(
        arrivals=poisson(options.rate, seconds, random.Random(seed)),
        healthy=options.healthy,
        seed=seed,
        cores=assigned(pin=not options.no_pin),
        keep=options.log,
    )
