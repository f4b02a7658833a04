"""Which users of a closed model exist when.

In a *closed* model a user waits for the answer before asking again, so a slow server
gets fewer requests; what is planned is the number of users.  Decides when user i comes
and goes, in closed form, in seconds from the start; must not know what users do, nor
clocks.  Users have numbers from 0; the highest ones leave first.

Without stages this is JMeter's thread group: user i of N starts at ``i * ramp_up / N``
(the tenth of ten in 100 s starts at 90 s) and stays.

With stages their number follows straight lines between whole targets, beginning at 0,
rounded as in k6: down while it rises and up while it falls.  So user i comes when the line
has climbed to i + 1 and goes when it has sunk to i, every target is met exactly at its
time, and nobody goes before the line says so.  Stages (3 s, 3), (1 s, 3), (3 s, 0)::

    second  0 1 2 3 4 5 6 7
    line    0 1 2 3 3 2 1 0
    user 0    -------------    from 1 s to 7 s
    user 1      ---------      from 2 s to 6 s
    user 2        -----        from 3 s to 5 s

(JMeter's first user is there at 0, k6's when the first whole user is due.)  A stage of 0
seconds is a jump.  After the last stage all go, unless the plan is told to last longer:
then the last number stays.
"""

import heapq
import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from hedgerow.errors import ConfigError

#: From when until when a user is there; the end is no longer part of it.
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Line:
    """One stage: from ``low`` users up to ``high``, or the other way."""

    starts_at: float
    ends_at: float
    first: int
    last: int

    def crossing(self, number: int) -> float:
        """When user ``number``, who is not there through the whole stage, comes or goes."""
        seconds, steps = self.ends_at - self.starts_at, abs(self.last - self.first)
        step = number + 1 - self.first if self.last > self.first else self.first - number
        # The last one exactly at the end, and nobody after it through rounding.
        at = self.starts_at + seconds * step / steps
        return self.ends_at if step == steps else min(at, self.ends_at)

    def presence(self, number: int) -> Span:
        """From when until when in this stage a user is there; both the same where never."""
        if number < min(self.first, self.last):
            return self.starts_at, self.ends_at
        if number >= max(self.first, self.last):
            return self.ends_at, self.ends_at
        if self.last > self.first:
            return self.crossing(number), self.ends_at
        return self.starts_at, self.crossing(number)

    def how_many(self, time: float) -> int:
        """How many are there at a time in this stage."""
        if self.last >= self.first:
            comers = range(self.first, self.last)
            return self.first + bisect_right(comers, time, key=self.crossing)
        leavers = range(self.first - 1, self.last - 1, -1)
        return self.first - bisect_right(leavers, time, key=self.crossing)


@dataclass(frozen=True, slots=True)
class UserPlan:
    """When each user comes and goes.

    ``users`` and ``ramp_up`` count where there are no stages; a stage is (seconds, users at
    its end).  ``duration`` is when all have to go; without it those of a ramp-up stay.
    """

    users: int = 1
    ramp_up: float = 0.0
    stages: tuple[tuple[float, float], ...] = ()
    duration: float | None = None

    def __post_init__(self) -> None:
        _require(self.users >= 1, "users", self.users, "at least 1", "50")
        _require(0 <= self.ramp_up < math.inf, "ramp-up", self.ramp_up, "at least 0", "30s")
        for seconds, target in self.stages:
            _require(0 <= seconds < math.inf, "stage seconds", seconds, "at least 0", "30s:100")
            whole = 0 <= target < math.inf and target == int(target)
            _require(whole, "stage target", target, "a whole number of users", "30s:100")
        if self.stages:
            _require(self.most > 0, "stages", self.most, "above 0 users somewhere", "30s:100")
        lasts = self.duration is None or self.duration > 0
        _require(lasts, "duration", self.duration, "above 0", "30s")

    @property
    def ends_at(self) -> float:
        """When all have to go; infinite where nothing says so."""
        if self.duration is not None:
            return self.duration
        return self._lines()[-1].starts_at if self.stages else math.inf

    @property
    def most(self) -> int:
        """The highest number of users that the whole plan asks for at once."""
        if not self.stages:
            return self.users
        return max(int(target) for _, target in self.stages)

    def spans(self, number: int) -> Iterator[Span]:
        """Return from when until when a user is there: several times where stages swing."""
        if not self.stages:
            return self._one_span(number)
        return self._spans_in_stages(number)

    def starts(self, index: int = 0, of: int = 1) -> Iterator[tuple[int, Span]]:
        """Return every span of share ``index`` of ``of`` with its user, in order of beginning.

        The share has the users ``index``, ``index + of``, and so on.
        """
        numbers = range(index, self.most, of)
        if not self.stages:
            return ((number, span) for number in numbers for span in self._one_span(number))
        by_user = (_numbered(number, self.spans(number)) for number in numbers)
        return heapq.merge(*by_user, key=lambda start: (start[1][0], start[0]))

    def how_many(self, time: float) -> int:
        """How many users there are at a time."""
        if not 0 <= time < self.ends_at:
            return 0
        if not self.stages:
            return bisect_right(range(self.users), time, key=self._starts_at)
        lines = self._lines()
        # Of stages that meet at this time the last one says what is.
        return lines[bisect_right(lines, time, key=lambda line: line.starts_at) - 1].how_many(time)

    def _starts_at(self, number: int) -> float:
        return number * self.ramp_up / self.users

    def _one_span(self, number: int) -> Iterator[Span]:
        if 0 <= number < self.users and self._starts_at(number) < self.ends_at:
            yield self._starts_at(number), self.ends_at

    def _spans_in_stages(self, number: int) -> Iterator[Span]:
        came: float | None = None
        gone = 0.0
        for line in self._lines():
            start, stop = line.presence(number)
            stop = min(stop, self.ends_at)
            if start >= stop:
                continue
            if came is not None and start > gone:
                yield came, gone
                came = None
            came = start if came is None else came
            gone = stop
        if came is not None:
            yield came, gone

    def _lines(self) -> list[_Line]:
        at, users = 0.0, 0
        lines = []
        for seconds, target in self.stages:
            if seconds > 0:
                lines.append(_Line(at, at + seconds, users, int(target)))
            at, users = at + seconds, int(target)
        return [*lines, _Line(at, math.inf, users, users)]


def _numbered(number: int, spans: Iterator[Span]) -> Iterator[tuple[int, Span]]:
    return ((number, span) for span in spans)


def _require(fine: bool, where: str, got: object, must: str, example: str) -> None:
    if not fine:
        raise ConfigError(where, got=got, must=must, fix=f"Write for example {example}.")
