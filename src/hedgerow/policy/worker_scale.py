"""How many workers there should be: more while they are busy, fewer when it has been calm.

Decides from what each worker says of itself once a second; must not know processes, clocks
or how a worker is started.

*Demand* is the sum of the workers' utilisation: 3.2 means that 3.2 loops' time is spent on
work.  Two rules follow it, and they are far apart on purpose (*hysteresis*):

- **up** as soon as the mean of the last few seconds is above ``grow_above`` a worker, or a
  busy loop answers late.  So many that each would have ``aim`` to do.  A saturated loop cannot
  say how much more there is to do, so the number at most doubles, and is looked at again when
  the new ones have come;
- **down** by one when even the busiest moment of the last minute would have left the others
  below ``shrink_below``, and none was added in it.

A load that wanders around one level so never has both at once: what makes it grow (0.75 a
worker) leaves 0.6 a worker, and to shrink from there a whole minute has to be below 0.5 of one
worker fewer.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from hedgerow.errors import ConfigError


@dataclass(frozen=True, slots=True)
class WorkerLoad:
    """What one worker says of its last second."""

    utilisation: float  # share of the time in which its loop had work to do, 0 to 1
    lag: float = 0.0  # seconds by which its loop was late


@dataclass(frozen=True, slots=True)
class ScaleRule:
    """When the number changes; shares are of one worker, times are seconds."""

    grow_above: float = 0.75
    aim: float = 0.60
    shrink_below: float = 0.50
    late: float = 0.05  # a lag that stands, in a worker that is at least half busy
    quick: float = 3.0  # how much is looked at to grow
    calm: float = 60.0  # how long it must have been calm to shrink
    step: float = 10.0  # from one worker fewer to the next

    def __post_init__(self) -> None:
        if not 0.0 < self.shrink_below < self.aim < self.grow_above <= 1.0:
            got = (self.shrink_below, self.aim, self.grow_above)
            must = "shrink_below < aim < grow_above, above 0 and up to 1"
            raise ConfigError("ScaleRule", got=got, must=must, fix="Else the number would flap.")


DEFAULT_RULE = ScaleRule()


class WorkerScaler:
    """Asked once a second; remembers a minute."""

    __slots__ = ("_changed_at", "_demands", "_grew_at", "_least", "_most", "_rule", "_wanted")

    def __init__(self, least: int, most: int, rule: ScaleRule = DEFAULT_RULE) -> None:
        if not 1 <= least <= most:
            got, must = f"{least}..{most}", "at least 1, and not falling"
            raise ConfigError("workers", got=got, must=must, fix='Write for example "2..8".')
        self._least = least
        self._most = most
        self._rule = rule
        self._wanted = least
        self._changed_at = -math.inf
        self._grew_at = -math.inf
        self._demands: deque[tuple[float, float, bool]] = deque()  # when, how much, is late

    @property
    def wanted(self) -> int:
        """The number that was decided last."""
        return self._wanted

    def set(self, now: float, count: int) -> int:
        """Somebody wants so many, by hand; returns the nearest number that is allowed."""
        self._change(now, min(max(count, self._least), self._most))
        return self._wanted

    def decide(self, now: float, loads: Sequence[WorkerLoad]) -> int:
        """Return how many workers there should be; ``loads`` are those that are at work now."""
        rule = self._rule
        is_late = any(load.lag > rule.late and load.utilisation > 0.5 for load in loads)
        self._demands.append((now, sum(load.utilisation for load in loads), is_late))
        while self._demands[0][0] <= now - rule.calm:
            self._demands.popleft()
        if len(loads) < self._wanted and now - self._changed_at < rule.calm:
            return self._wanted  # those that were asked for last have yet to come
        needed = self._needed(now, max(1, len(loads)))
        if needed > self._wanted:
            self._change(now, min(needed, 2 * self._wanted, self._most))
        elif self._may_shrink(now):
            self._change(now, self._wanted - 1)
        return self._wanted

    def _needed(self, now: float, count: int) -> int:
        """Return how many there would have to be for the last few seconds' work."""
        rule = self._rule
        recent = [entry for entry in self._demands if entry[0] > now - rule.quick]
        if len(recent) < 2 or recent[0][0] < self._changed_at:
            return 0  # one busy second is a hiccup; and before the last change it was another case
        demand = sum(entry[1] for entry in recent) / len(recent)
        if demand > rule.grow_above * count:
            return math.ceil(demand / rule.aim)
        if all(entry[2] for entry in recent):
            return count + 1
        return 0

    def _may_shrink(self, now: float) -> bool:
        rule = self._rule
        if self._wanted <= self._least:
            return False
        if now - self._grew_at < rule.calm or now - self._changed_at < rule.step:
            return False
        if self._demands[0][0] > now - rule.calm + rule.quick:
            return False  # not a whole minute has been seen
        busiest = max(self._means())
        was_late = any(entry[2] for entry in self._demands)
        return not was_late and busiest < rule.shrink_below * (self._wanted - 1)

    def _means(self) -> list[float]:
        """Return the mean demand around each moment: one busy second is no busy minute."""
        demands = [demand for _, demand, _ in self._demands]
        width = min(len(demands), 5)
        return [sum(demands[at : at + width]) / width for at in range(len(demands) - width + 1)]

    def _change(self, now: float, wanted: int) -> None:
        if wanted > self._wanted:
            self._grew_at = now
        if wanted != self._wanted:
            self._wanted, self._changed_at = wanted, now
