"""What a simulation gave: figures with the noise that is in them, and the result file.

Records and arithmetic; must not know how the figures came about.  Every figure with chance in
it has a standard error, from how far the batches of the run differ.  So two results can be told
apart, or not: they differ where they are more than about three errors apart.

Keys carry their unit as in the result of a load test: ``_us`` are microseconds, ``_s`` seconds.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from hedgerow.measure import Histogram, encode_hdr
from hedgerow.report.document import Distribution
from hedgerow.simulate.description import Simulation
from hedgerow.simulate.recorder import Batch

RESULT_VERSION: Final = 1
#: Twenty batches cannot tell a correlation above this one from a trend.
_MOST_ALIKE: Final = 0.8
QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the result file; unknown keys are skipped, so that newer files can be read."""


class Estimate(_Record, frozen=True):
    """A figure, and its standard error; both in seconds where it is a time."""

    value: float
    error: float = 0.0


class Figures(_Record, frozen=True):
    """One simulation's outcome."""

    requests: int = 0  # that were counted
    ok: int = 0
    failed: int = 0
    refused: int = 0  # not let in; they have no response time
    urgent: int = 0  # of all, those that matter most
    urgent_ok: int = 0
    goodput: float = 0.0  # good answers a second, of the requests that were counted
    limit: int | None = None  # where there is one: what it was in the end
    unfinished: int = 0  # still under way when nothing more could happen, or when interrupted
    simulated_s: float = 0.0
    times: Mapping[str, Estimate] = {}  # mean, p50, p90, p95, p99, p99_9
    slow_share: Estimate | None = None  # of slow_above, where that is asked for
    extra: float = 0.0  # hedges and retries, as a share of all requests
    attempts: int = 0
    hedges: int = 0
    retries: int = 0
    hedges_won: int = 0
    denied: int = 0  # copies that the budget refused
    utilisation: float | None = None  # of the workers while it was measured; None: unlimited
    wasted: float = 0.0  # of the time of all workers: on work whose answer nobody got
    answers_for_nobody: int = 0  # worked out to the end
    hedge_delay_s: float | None = None  # where it was steered: what it was in the end
    cancel_efficacy: float | None = None  # where it was watched: what it was found to be, 0 to 1
    response: Distribution = Distribution()


class RowResult(_Record, frozen=True):
    """One line of the table."""

    label: str
    seed: int
    repeats: int
    simulation: Simulation
    figures: Figures
    expected: Mapping[str, float] = {}
    source: str = ""


class SimulationDocument(_Record, frozen=True):
    """The whole result file."""

    hedgerow_simulation: int = RESULT_VERSION
    version: str = ""  # of hedgerow
    name: str = ""
    title: str = ""
    interrupted: bool = False
    rows: tuple[RowResult, ...] = ()


def times_of(batches: Sequence[Batch]) -> tuple[Mapping[str, Estimate], Distribution]:
    """Return the response times of all batches, with their errors."""
    used = [batch for batch in batches if batch.histogram.is_used]
    whole = Histogram()
    for batch in used:
        whole.merge(batch.histogram)
    if not used:
        return {}, Distribution()
    count = whole.count
    mean = math.fsum(batch.seconds for batch in used) / count
    means = [batch.seconds / batch.histogram.count for batch in used]
    times = {"mean": Estimate(value=mean, error=_standard_error(means))}
    values = whole.quantiles(QUANTILES.values())
    each = [batch.histogram.quantiles(QUANTILES.values()) for batch in used]
    for number, name in enumerate(QUANTILES):
        error = _standard_error([one[number] / 1e6 for one in each])
        times[name] = Estimate(value=values[number] / 1e6, error=error)
    return times, _distribution(whole, mean)


def share_above(batches: Sequence[Batch], seconds: float) -> Estimate:
    """Return the share of requests that took longer."""
    limit = seconds * 1e6
    used = [batch.histogram for batch in batches if batch.histogram.is_used]
    slow = [sum(b.count for b in one.buckets() if b.low > limit) for one in used]
    shares = [count / one.count for count, one in zip(slow, used, strict=True)]
    total = sum(one.count for one in used)
    return Estimate(value=sum(slow) / total if total else 0.0, error=_standard_error(shares))


def _standard_error(values: Iterable[float]) -> float:
    """Of the mean of these, from their spread; 0 where there are too few to tell.

    Batches that are short beside a queue's memory resemble their neighbours, and then say less
    than their number: the correlation of neighbours r makes the variance (1 + r) / (1 - r) fold.
    """
    known = list(values)
    count = len(known)
    if count < 2:
        return 0.0
    mean = math.fsum(known) / count
    apart = [one - mean for one in known]
    squares = math.fsum(one * one for one in apart)
    if squares == 0:
        return 0.0
    alike = math.fsum(one * other for one, other in itertools.pairwise(apart)) / squares
    alike = min(max(alike, 0.0), _MOST_ALIKE)
    return math.sqrt(squares / (count - 1) / count * (1 + alike) / (1 - alike))


def _distribution(histogram: Histogram, mean: float) -> Distribution:
    p50, p75, p90, p95, p99, p999, p9999 = histogram.quantiles(
        (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999)
    )
    return Distribution(
        count=histogram.count,
        min=histogram.min,
        mean=round(mean * 1e6, 1),
        stdev=round(histogram.stddev, 1),
        p50=p50,
        p75=p75,
        p90=p90,
        p95=p95,
        p99=p99,
        p99_9=p999,
        p99_99=p9999,
        max=histogram.max,
        histogram=encode_hdr(histogram),
    )
