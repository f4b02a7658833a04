"""Whether a result agrees with what was expected of it.

Says which figures differ by more than chance explains; must not know where either came from.

Two figures differ when they lie more than four standard errors apart, and besides that what
they were rounded by: 1 % for a histogram, 3 % for a printed table's two digits.  Four errors,
because a table has a hundred figures: with three one would differ by chance in every third
table.  Where the expected figure is itself measured, its chance is taken to be as large as ours.
"""

import math
from collections.abc import Mapping
from typing import Final

from hedgerow.simulate.figures import Estimate, Figures

#: Expected figures come from a formula, or from another simulation of about the same length.
FORMULA: Final = "closed form"
_ERRORS: Final = 4.0
_ROUNDING: Final = 0.01
_ROUNDING_OF_A_TABLE: Final = 0.03
_ROUNDING_OF_SHARES: Final = 0.006  # .73 may be .735


def found(figures: Figures, name: str) -> Estimate | None:
    """Return a figure by the name that expectations use."""
    if name in figures.times:
        return figures.times[name]
    if name == "extra":
        return Estimate(value=figures.extra, error=_error_of_share(figures))
    if name == "utilisation" and figures.utilisation is not None:
        return Estimate(value=figures.utilisation, error=0.005)
    return figures.slow_share if name == "slow_share" else None


def differing(figures: Figures, expected: Mapping[str, float], source: str) -> list[str]:
    """Return the names of the figures that do not agree, in the order of the expectation."""
    return [name for name, value in expected.items() if not _agrees(figures, name, value, source)]


def _agrees(figures: Figures, name: str, expected: float, source: str) -> bool:
    estimate = found(figures, name)
    if estimate is None:
        return False
    is_exact = source.startswith(FORMULA)
    both = 1.0 if is_exact else math.sqrt(2)
    part = _ROUNDING if is_exact else _ROUNDING_OF_A_TABLE
    rounding = part * expected if name in figures.times else _ROUNDING_OF_SHARES
    return abs(estimate.value - expected) <= _ERRORS * both * estimate.error + rounding


def _error_of_share(figures: Figures) -> float:
    count = figures.attempts - figures.hedges - figures.retries
    share = min(figures.extra, 1.0)
    return math.sqrt(share * (1 - share) / count) if count else 0.0
