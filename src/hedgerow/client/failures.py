"""How a hedged call ends when no attempt brought a good result.

Facts in, sentence out; must not know races, loops or HTTP.

Why a group and not the best single error: behind ``hedge()`` the attempts are
whatever its user wrote, so only the user can tell which of several errors matters,
and ``except*`` reads them all.  The HTTP clients do the opposite and raise the best
single error of their library, with a note for each of the others, because the code
around them already catches those.
"""

from collections.abc import Sequence
from typing import Self

from hedgerow.errors import HedgerowError
from hedgerow.units import format_duration


class AllAttemptsFailed(HedgerowError, ExceptionGroup[Exception]):
    """Every attempt failed; ``exceptions`` has one error for each, in the order they were sent."""

    def __new__(cls, errors: Sequence[Exception]) -> Self:
        return super().__new__(cls, f"no attempt of {len(errors)} succeeded", errors)


class DeadlineExceeded(HedgerowError, TimeoutError):
    """The deadline passed before a good result came; ``errors`` has what had failed until then."""

    def __init__(self, *, seconds: float, attempts: int, errors: Sequence[Exception] = ()) -> None:
        sent = f"{attempts} attempt{'' if attempts == 1 else 's'} sent, {len(errors)} failed"
        super().__init__(f"no good result within {format_duration(max(seconds, 0.0))}: {sent}")
        self.seconds = seconds
        self.attempts = attempts
        self.errors = tuple(errors)


class AttemptTimeout(HedgerowError, TimeoutError):
    """One attempt was given up because its own time (``per_try``) had passed."""

    def __init__(self, number: int, seconds: float) -> None:
        super().__init__(f"attempt {number} took longer than its own {format_duration(seconds)}")
        self.number = number


class AttemptCancelled(HedgerowError):
    """One attempt was cancelled, and not by the race that it ran in."""

    def __init__(self, number: int) -> None:
        super().__init__(f"attempt {number} was cancelled from outside")
        self.number = number


class ResultRejected(HedgerowError):
    """``accept`` said no to the ``result`` of an attempt."""

    def __init__(self, number: int, result: object) -> None:
        super().__init__(f"the result of attempt {number} was not accepted: {_shortened(result)}")
        self.number = number
        self.result = result


def _shortened(result: object) -> str:
    text = repr(result)
    return text if len(text) <= 80 else f"{text[:77]}..."
