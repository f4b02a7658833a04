"""Does a sample follow a law?  The test of Kolmogorov and Smirnov."""

import math
from collections.abc import Callable, Sequence


def kolmogorov_smirnov_p(samples: Sequence[float], law: Callable[[float], float]) -> float:
    """How probable a sample that is at least as far from ``law`` (its distribution function) is.

    The largest distance between the two, and Kolmogorov's limit with Stephens's correction for
    finite samples (Numerical Recipes, section 14.3): good from about 40 samples on.
    """
    count = len(samples)
    distance = 0.0
    for index, value in enumerate(sorted(samples)):
        said = law(value)
        distance = max(distance, said - index / count, (index + 1) / count - said)
    root = math.sqrt(count)
    return kolmogorov_q((root + 0.12 + 0.11 / root) * distance)


def kolmogorov_q(distance: float) -> float:
    """One minus Kolmogorov's distribution function."""
    if distance < 0.2:
        return 1.0  # the series converges too slowly, and differs from 1 by less than 1e-12
    terms = ((1.0 if k % 2 else -1.0) * math.exp(-2 * (k * distance) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * sum(terms)))


def exponential(value: float) -> float:
    """The distribution function of gaps whose mean is 1."""
    return 1 - math.exp(-value) if value > 0 else 0.0
