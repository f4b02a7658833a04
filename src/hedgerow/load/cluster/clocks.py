"""How far another machine's clock is from ours, by asking it what time it is.

The quickest of a few questions is believed, and its answer is taken to be from the middle
of the way there and back (Cristian, *Probabilistic clock synchronization*, 1989): the error
is at most half of what that took.  A pure calculation; must not know who is asked.

Times are nanoseconds since 1970.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """One way there and back."""

    asked_at: int  # by our clock
    answered: int  # what the other clock said
    heard_at: int  # by our clock

    @property
    def took(self) -> int:
        """Nanoseconds there and back."""
        return self.heard_at - self.asked_at


@dataclass(frozen=True, slots=True)
class Offset:
    """The other clock is ahead of ours by ``ahead``, give or take ``error``."""

    ahead: int
    error: int
    took: int = 0  # the quickest question


def offset_of(questions: Sequence[Question]) -> Offset:
    """Estimate the offset from one question at least."""
    best = min(questions, key=lambda question: question.took)
    middle = (best.asked_at + best.heard_at) // 2
    return Offset(best.answered - middle, (best.took + 1) // 2, best.took)


def spread_of(offsets: Sequence[Offset]) -> float:
    """How far apart (seconds, at most) two machines begin that were told the same moment."""
    worst = sorted((offset.error for offset in offsets), reverse=True)[:2]
    return sum(worst) / 1e9 if len(worst) > 1 else 0.0
