"""What the report that this grew from told of the same spikes, on other hardware.

A FastAPI server, Apache JMeter, no ramp-up, a deadline of 1,000 ms, one round each.
Ratios to it would mean nothing; it says what kind of failure was to be cured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LABEL: Final = "the report that this grew from, on other hardware"


@dataclass(frozen=True)
class Told:
    """One spike test; times are seconds."""

    users: int
    average: float
    longest: float | None  # where it was told
    errors: float  # share


TOLD: Final = (
    Told(100, 2.179, None, 0.0),
    Told(500, 9.557, 12.839, 0.018),
    Told(1000, 15.948, 25.715, 0.028),
)


def text(users: Sequence[int]) -> str:
    """Print-ready lines for the sizes that were run; empty when it told of none."""
    lines = [
        f"  {one.users:>5} users: {one.average:.1f} s on average"
        + (f", {one.longest:.1f} s at most" if one.longest else "")
        + f", {one.errors:.1%} errors"
        for one in TOLD
        if one.users in users
    ]
    return "\n".join([f"{LABEL}:", *lines]) if lines else ""
