"""When this process itself is too busy: what to turn away, the least urgent first.

Decides by the lag of the event loop, which its caller measures: how much later a timer
fired than it was due.  Must not know the loop, nor clocks.  A process that lags makes every
request in it late, those that it proxies to idle upstreams too, and no limit of an upstream
sees that.

One late timer is a hiccup (the collector of garbage, a busy neighbour), and over when it is
seen; the work that waited meanwhile makes the next turns late too, if there was much of it.
So what counts is the smaller of the last two samples: the lag that *stands* (as CoDel takes
the least delay of an interval).

The stages are a table.  A lag above ``above`` brings its stage at once; it is left, one
stage at a time, when the lag has been below half of that for ``hold`` seconds (*hysteresis*:
shedding brings the lag down, and would otherwise end itself).  A stage refuses all that is
less urgent than ``spares``, and of that class itself a ``share``, evenly and not by chance:
if all traffic has one urgency, which is usual, there is something between all and nothing.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.policy.priorities import DEFAULT_URGENCY, MOST_URGENT

_LEAVE_BELOW: Final = 0.5  # of the lag that brought the stage


@dataclass(frozen=True, slots=True)
class Stage:
    """What is shed above a lag (seconds)."""

    above: float
    spares: int  # what is less urgent than this goes
    share: float = 0.0  # of that class itself


#: Guesses, from what a lag does: 100 ms is felt by nobody who waits for an upstream; 250 ms is
#: longer than most upstreams take, and what two thousand clients at once make of a slow core;
#: after two seconds clients give up.
DEFAULT_STAGES: Final = (
    Stage(0.10, spares=DEFAULT_URGENCY),
    Stage(0.25, spares=DEFAULT_URGENCY, share=0.5),
    Stage(0.50, spares=DEFAULT_URGENCY, share=0.75),
    Stage(1.00, spares=DEFAULT_URGENCY - 1),
    Stage(2.00, spares=MOST_URGENT),
)


class LoopLagShedder:
    """Fed with samples of the loop's lag; ``stage`` is 0 while nothing is shed."""

    __slots__ = (
        "_below_since",
        "_credit",
        "_hold",
        "_previous",
        "_share",
        "_spares",
        "_stages",
        "stage",
    )  # fmt: skip

    def __init__(self, stages: Sequence[Stage] = DEFAULT_STAGES, *, hold: float = 1.0) -> None:
        rising = all(one.above < two.above for one, two in itertools.pairwise(stages))
        if not stages or not rising or stages[0].above <= 0.0:
            got = [stage.above for stage in stages]
            fix = "Each stage is for more lag than the one before."
            raise ConfigError("stages", got=got, must="lags above 0 that rise", fix=fix)
        self._stages = tuple(stages)
        self._hold = hold
        self._below_since: float | None = None
        self._credit = 0.0
        self._previous = 0.0  # the last sample
        self._enter(0)

    def sample(self, now: float, lag: float) -> None:
        """The loop was ``lag`` seconds late just now; to be told several times a second."""
        previous, self._previous = self._previous, lag
        lag = min(lag, previous)
        reached = sum(lag > stage.above for stage in self._stages)
        if reached > self.stage:
            self._enter(reached)
        if not self.stage or lag >= self._stages[self.stage - 1].above * _LEAVE_BELOW:
            self._below_since = None
        elif self._below_since is None:
            self._below_since = now
        elif now - self._below_since >= self._hold:
            self._enter(self.stage - 1)
            self._below_since = now

    def sheds(self, priority: int) -> bool:
        """Say whether to turn away a request of this urgency, and count it as asked."""
        if priority < self._spares:
            return False
        if priority > self._spares:
            return True
        self._credit += self._share
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True

    def _enter(self, stage: int) -> None:
        self.stage = stage
        # Without a stage: less urgent than anything there is.
        self._spares = self._stages[stage - 1].spares if stage else 1_000
        self._share = self._stages[stage - 1].share if stage else 0.0
