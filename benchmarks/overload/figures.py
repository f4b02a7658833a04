"""From what a sender saw to figures.

Goodput counts the answers that ended in the counted part; everything else is about the
requests that were due in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.spread import Spread, quantile, spread
from benchmarks.overload.sender import Sample
from benchmarks.overload.terms import DEADLINE, HIGH, REFUSAL_BAR, REFUSALS
from benchmarks.overload.trial import Trial

#: A sender that is late by this much, once in a hundred, has a part in the latency of refusals.
#: (To whether an answer came within the deadline, two hundred times as long, it is nothing.)
LATE_SENDER: Final = REFUSAL_BAR / 2


@dataclass(frozen=True)
class Cell:
    """All rounds of one contender under one load; shares are 0 to 1, times seconds."""

    contender: str
    factor: float
    rounds: int
    requests: int
    capacity: float  # requests a second, median
    goodput: Spread  # good answers a second that ended meanwhile, by capacity, of each round
    high: float | None  # share of the high-priority requests with a good answer; None: no requests
    high_lowest: float | None  # the same in the worst round
    low: float | None
    refused: float  # share of all requests
    refusal: dict[str, Spread]  # p50, p99 of refusals from when they were sent, by round
    accepted: dict[str, float]  # p50, p99 of good answers from when they were due, all rounds
    lost: dict[str, int]  # what was neither good nor refused, by kind
    start: float  # goodput in the warm-up, as a share of the capacity: the gateway was fresh
    core: float  # share of its core that the gateway used, median
    others: float  # share of that core that other programs used, at worst
    sender_lag: float  # p99, the median of the rounds
    sender_is_late: bool


def cells(trials: Sequence[Trial]) -> list[Cell]:
    """Give one cell for each contender and load, in order of load and of appearance."""
    names = dict.fromkeys(trial.contender for trial in trials)
    factors = sorted({trial.load.factor for trial in trials})
    found = []
    for factor in factors:
        for name in names:
            rounds = [one for one in trials if (one.contender, one.load.factor) == (name, factor)]
            if rounds:
                found.append(_cell(rounds))
    return found


def _cell(trials: Sequence[Trial]) -> Cell:
    load = trials[0].load
    counted = [sample for trial in trials for sample in _counted(trial)]
    refusals = sum(_is_refusal(one) for one in counted)
    highs = [rate for one in trials if (rate := _success(_counted(one), high=True)) is not None]
    lag = spread([_sender_lag(one) for one in trials]).median
    return Cell(
        contender=trials[0].contender,
        factor=load.factor,
        rounds=len(trials),
        requests=len(counted),
        capacity=spread([one.load.capacity for one in trials]).median,
        goodput=spread([_goodput(one, load.warm_up, load.seconds) for one in trials]),
        high=_success(counted, high=True),
        high_lowest=min(highs, default=None),
        low=_success(counted, high=False),
        refused=refusals / len(counted),
        refusal=_refusal(trials),
        accepted=_quantiles([one[2] - one[0] for one in counted if is_good(one)]),
        lost=_lost(counted),
        start=spread([_goodput(one, 0.0, load.warm_up) for one in trials]).median,
        core=spread([one.core for one in trials]).median,
        others=max(one.others for one in trials),
        sender_lag=lag,
        sender_is_late=lag > LATE_SENDER,
    )


def is_good(sample: Sample) -> bool:
    """A whole answer of status 2xx, in time."""
    due, _, ended, status, _ = sample
    return 200 <= status < 300 and ended - due <= DEADLINE


def _is_refusal(sample: Sample) -> bool:
    return sample[3] in REFUSALS


def _counted(trial: Trial) -> list[Sample]:
    return [sample for sample in trial.samples if sample[0] >= trial.load.warm_up]


def _sender_lag(trial: Trial) -> float:
    return quantile(sorted(sent - due for due, sent, *_ in _counted(trial)), 0.99)


def _goodput(trial: Trial, since: float, seconds: float) -> float:
    """Count answers when they end, as the capacity is: what began earlier takes workers too."""
    good = sum(since <= one[2] < since + seconds for one in trial.samples if is_good(one))
    return good / seconds / trial.load.capacity if seconds else 0.0


def _success(samples: Iterable[Sample], *, high: bool) -> float | None:
    good = [is_good(sample) for sample in samples if (sample[4] == HIGH) is high]
    return sum(good) / len(good) if good else None


def _refusal(trials: Sequence[Trial]) -> dict[str, Spread]:
    """By round, so that one in which the machine stood still does not decide; empty: none."""
    rounds = [
        made
        for trial in trials
        if (made := _quantiles([one[2] - one[1] for one in _counted(trial) if _is_refusal(one)]))
    ]
    return {name: spread([one[name] for one in rounds]) for name in ("p50", "p99") if rounds}


def _quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Give p50 and p99; empty where there is nothing."""
    ordered = sorted(seconds)
    shares = {"p50": 0.5, "p99": 0.99}
    return {name: quantile(ordered, share) for name, share in shares.items() if ordered}


def _lost(samples: Iterable[Sample]) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for sample in samples:
        status = sample[3]
        if is_good(sample) or _is_refusal(sample):
            continue
        kind = "no answer" if not status else "late" if 200 <= status < 300 else str(status)
        kinds[kind] = kinds.get(kind, 0) + 1
    return kinds
