"""How long an upstream takes to answer, as laws to draw from.

Each law draws seconds from a ``random.Random`` and knows its own distribution
(``cdf``, ``mean``), so that what a run should show can be computed beforehand
instead of guessed.  It must not know who waits, nor clocks.  ``str(law)`` is the
text that :func:`hedgerow.faults.parse_law` reads back as the same law.

Words are those of statistics: *cdf* is the share of draws that are at most so long;
*shape* and *minimum* are the parameters of Pareto's law, whose tail falls as
``(minimum / t) ** shape`` (below shape 1 it has no finite mean).

Why laws and not only recorded samples: a law has a tail beyond what was recorded,
and its figures can be derived.  Samples are a law too (:class:`Replayed`).
"""

import abc
import bisect
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from typing_extensions import override

from hedgerow.faults.numerals import write_duration, write_number, write_share

#: A lognormal law narrower than this is a constant, and its deviation is lost in rounding.
NARROWEST_LOGNORMAL = 1e-6
#: A guess, far from where floats overflow: such a law is mostly nothing and rarely years.
WIDEST_LOGNORMAL = 1000.0
#: The longest draw is about ``minimum * 1e16 ** (1 / shape)``, which must fit a float.
FLATTEST_PARETO = 0.1


class Law(abc.ABC):
    """What every law can do."""

    __slots__ = ()

    @abc.abstractmethod
    def draw(self, randomness: random.Random) -> float:
        """Seconds that one answer takes."""

    @abc.abstractmethod
    def cdf(self, seconds: float) -> float:
        """Return the share of answers that take at most ``seconds``."""

    @abc.abstractmethod
    def mean(self) -> float:
        """Return the average in seconds; infinite where the tail is too heavy to have one."""

    def restarted(self) -> "Law":
        """Return the law at its beginning: itself, unless it remembers what it has drawn."""
        return self


@dataclass(frozen=True, slots=True)
class Constant(Law):
    """Always the same."""

    seconds: float

    def __post_init__(self) -> None:
        _require_duration(self.seconds)

    @override
    def draw(self, randomness: random.Random) -> float:
        return self.seconds

    @override
    def cdf(self, seconds: float) -> float:
        return 1.0 if seconds >= self.seconds else 0.0

    @override
    def mean(self) -> float:
        return self.seconds

    @override
    def __str__(self) -> str:
        return f"constant:{write_duration(self.seconds)}"


@dataclass(frozen=True, slots=True)
class Uniform(Law):
    """Anything between two ends, each as likely."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _require_duration(self.low)
        _require_duration(self.high)
        if self.high <= self.low:
            raise ValueError("a range whose end is above its start")

    @override
    def draw(self, randomness: random.Random) -> float:
        return randomness.uniform(self.low, self.high)

    @override
    def cdf(self, seconds: float) -> float:
        return min(1.0, max(0.0, (seconds - self.low) / (self.high - self.low)))

    @override
    def mean(self) -> float:
        return (self.low + self.high) / 2

    @override
    def __str__(self) -> str:
        return f"uniform:{write_duration(self.low)}..{write_duration(self.high)}"


@dataclass(frozen=True, slots=True)
class Lognormal(Law):
    """Mostly near the middle, now and then far above it; by its mean and standard deviation."""

    average: float
    deviation: float
    _mu: float = field(init=False, repr=False, compare=False)
    _sigma: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _require_duration(self.average, above_zero=True)
        _require_duration(self.deviation, above_zero=True)
        if not NARROWEST_LOGNORMAL <= self.deviation / self.average <= WIDEST_LOGNORMAL:
            raise ValueError(
                f"a deviation of at most {WIDEST_LOGNORMAL:g} times the mean, and at"
                f" least {NARROWEST_LOGNORMAL:g} of it"
            )
        # The moments of the law, solved for the normal law of its logarithm.
        variance = math.log1p((self.deviation / self.average) ** 2)
        object.__setattr__(self, "_mu", math.log(self.average) - variance / 2)
        object.__setattr__(self, "_sigma", math.sqrt(variance))

    @override
    def draw(self, randomness: random.Random) -> float:
        return randomness.lognormvariate(self._mu, self._sigma)

    @override
    def cdf(self, seconds: float) -> float:
        if seconds <= 0:
            return 0.0
        return math.erfc((self._mu - math.log(seconds)) / (self._sigma * math.sqrt(2))) / 2

    @override
    def mean(self) -> float:
        return self.average

    @override
    def __str__(self) -> str:
        return f"lognormal:{write_duration(self.average)},{write_duration(self.deviation)}"


@dataclass(frozen=True, slots=True)
class Pareto(Law):
    """A heavy tail: ten times as long is ``10 ** -shape`` times as likely."""

    shape: float
    minimum: float

    def __post_init__(self) -> None:
        if not FLATTEST_PARETO <= self.shape < math.inf:
            raise ValueError(f"a shape of at least {FLATTEST_PARETO:g}")
        _require_duration(self.minimum, above_zero=True)

    @override
    def draw(self, randomness: random.Random) -> float:
        return self.minimum * randomness.paretovariate(self.shape)

    @override
    def cdf(self, seconds: float) -> float:
        if seconds <= self.minimum:
            return 0.0
        # expm1: 1 - x ** y would lose digits just above the minimum.
        return -math.expm1(self.shape * (math.log(self.minimum) - math.log(seconds)))

    @override
    def mean(self) -> float:
        return self.shape * self.minimum / (self.shape - 1) if self.shape > 1 else math.inf

    @override
    def __str__(self) -> str:
        return f"pareto:{write_number(self.shape)},{write_duration(self.minimum)}"


@dataclass(frozen=True, slots=True)
class Replayed(Law):
    """Recorded latencies, drawn at random; ``source`` is the name they were read from."""

    samples: tuple[float, ...] = field(repr=False)
    source: str
    _in_order_of_size: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.samples:
            raise ValueError(f"samples, but {self.source} has none")
        for sample in self.samples:
            _require_duration(sample)
        object.__setattr__(self, "_in_order_of_size", tuple(sorted(self.samples)))

    @override
    def draw(self, randomness: random.Random) -> float:
        return randomness.choice(self.samples)

    @override
    def cdf(self, seconds: float) -> float:
        return bisect.bisect_right(self._in_order_of_size, seconds) / len(self.samples)

    @override
    def mean(self) -> float:
        return math.fsum(self.samples) / len(self.samples)

    @override
    def __str__(self) -> str:
        return f"replay:{self.source}"


@dataclass(frozen=True, slots=True)
class ReplayedInOrder(Replayed):
    """Recorded latencies as they came, from the first again after the last."""

    _coming: Iterator[float] = field(init=False, repr=False, compare=False)

    @override
    def __post_init__(self) -> None:
        Replayed.__post_init__(self)
        object.__setattr__(self, "_coming", itertools.cycle(self.samples))

    @override
    def draw(self, randomness: random.Random) -> float:
        return next(self._coming)

    @override
    def restarted(self) -> Law:
        return ReplayedInOrder(self.samples, self.source)

    @override
    def __str__(self) -> str:
        return f"replay-in-order:{self.source}"


@dataclass(frozen=True, slots=True)
class Mixture(Law):
    """Each answer follows one of several laws, chosen by weight (weights add up to 1)."""

    parts: tuple[tuple[float, Law], ...]

    def __post_init__(self) -> None:
        if any(isinstance(law, Mixture) for _, law in self.parts):
            raise ValueError("parts that are no mixtures themselves")
        total = math.fsum(weight for weight, _ in self.parts)
        if not math.isclose(total, 1.0, rel_tol=1e-9) or any(w <= 0 for w, _ in self.parts):
            raise ValueError(f"weights above 0 that add up to 100% (not to {total * 100:.6g}%)")

    @override
    def draw(self, randomness: random.Random) -> float:
        return self._choose(randomness.random()).draw(randomness)

    def _choose(self, where: float) -> Law:
        for weight, law in self.parts:
            where -= weight
            if where < 0:
                return law
        return self.parts[-1][1]  # the weights add up to a little less than 1 in binary

    @override
    def cdf(self, seconds: float) -> float:
        return math.fsum(weight * law.cdf(seconds) for weight, law in self.parts)

    @override
    def mean(self) -> float:
        return math.fsum(weight * law.mean() for weight, law in self.parts)

    @override
    def restarted(self) -> Law:
        return Mixture(tuple((weight, law.restarted()) for weight, law in self.parts))

    @override
    def __str__(self) -> str:
        return "mix:" + "+".join(f"{write_share(weight)}*{law}" for weight, law in self.parts)


def _require_duration(seconds: float, *, above_zero: bool = False) -> None:
    if not 0 <= seconds < math.inf or (above_zero and seconds == 0):
        raise ValueError(f"a finite duration {'above' if above_zero else 'of at least'} 0")
