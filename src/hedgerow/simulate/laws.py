"""The laws of ``faults``, and the one that queueing theory is made of.

Must not know who waits.  Text is read as ``faults`` reads it, with ``exponential:MEAN``
besides: it forgets how long it has taken, which is why M/M/1 has closed formulas.
"""

import math
import random
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from hedgerow import units
from hedgerow.faults import Law, ReadSamples, parse_law
from hedgerow.faults.latency_text import no_samples
from hedgerow.faults.numerals import write_duration

_EXPONENTIAL: Final = "exponential:"


@dataclass(frozen=True, slots=True)
class Exponential(Law):
    """Whatever it has taken, the rest takes as long again on average."""

    average: float

    def __post_init__(self) -> None:
        if not 0 < self.average < math.inf:
            raise ValueError("a finite duration above 0")

    @override
    def draw(self, randomness: random.Random) -> float:
        return randomness.expovariate(1.0) * self.average

    @override
    def cdf(self, seconds: float) -> float:
        return -math.expm1(-seconds / self.average) if seconds > 0 else 0.0

    @override
    def mean(self) -> float:
        return self.average

    @override
    def __str__(self) -> str:
        return f"{_EXPONENTIAL}{write_duration(self.average)}"


def read_law(text: str, read_samples: ReadSamples = no_samples) -> Law:
    """Read a law of ``faults``, or ``exponential:10ms``; raises ValueError as ``units`` does."""
    if not text.strip().startswith(_EXPONENTIAL):
        return parse_law(text, read_samples)
    try:
        return Exponential(units.parse_duration(text.strip().removeprefix(_EXPONENTIAL)))
    except ValueError as error:
        raise ValueError(f"exponential:DURATION, with {error}") from error
