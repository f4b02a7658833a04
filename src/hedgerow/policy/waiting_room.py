"""A bounded queue that stays useful when more comes than can be served.

Decides who waits, who is next and who leaves unserved; must not know what is waiting, nor
clocks.  The caller names each request by any hashable *owner*.

The most urgent class is always served first (``priorities``: 0 is the most urgent), and the
least urgent gives way when the room is full.  Within a class::

    HEALTHY    --the shortest wait of an interval is above the target--> BACKED UP
    BACKED UP  --empty once in an interval, nobody turned away in it---> HEALTHY

While healthy there is room for ``capacity``: a burst is what a queue is for.  Backed up, it
is no burst, and only as many may be ahead of one as are served within the target: the rest is
refused on arrival, which costs its client nothing, and not after a wait.  Whoever was let in
before stays.

The oldest is served first.  ``newest_first`` turns that round while backed up ("adaptive
LIFO", Maurer, "Fail at Scale", ACM Queue 13(8), 2015), for those who would rather have a
shorter median than a short tail: who is overtaken waits until it is dropped, so one refusal
in fifty comes late, where in a short room served in order none does.

When it stands is CoDel's rule (Nichols and Jacobson, "Controlling Queue Delay", 2012; for
requests, folly's ``Codel``).  Target and interval are floors here: a target below what one
request takes would cut queues that are fine, so the target is at least one service time, and
the interval ten (but no more than ``patience``).  One service time of waiting is, by
Little's law, as many requests as are in flight.  CoDel's 5 ms are for packets; a process that
is busy or collects garbage stands still for longer, and its clients would be turned away for
it where the upstream answers in less: the floor of the target is 20 ms.

Nobody waits for nothing: a request leaves when what is left until its deadline is shorter
than the service takes, or after ``patience``.  One that on arrival has too many before it
to be in time is not let in.

All is O(1), but for the heap of deadlines, which is O(log n).
"""

import heapq
import math
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from hedgerow.errors import ConfigError, HedgerowBug
from hedgerow.policy.priorities import LEAST_URGENT
from hedgerow.policy.refusals import Reason

Owner = TypeVar("Owner", bound=Hashable)

_INTERVAL_IN_SERVICE_TIMES: Final = 10.0
#: The heap keeps those who left until they come up: swept when it is mostly of those.
_SPARE_HEAP: Final = 64


@dataclass(frozen=True, slots=True)
class QueueRules:
    """Durations in seconds."""

    capacity: int = 100  # 0: nobody waits
    patience: float = 1.0  # nobody waits longer than this
    target: float = 0.02
    interval: float = 0.1
    newest_first: bool = False  # when backed up

    def __post_init__(self) -> None:
        if self.capacity < 0:
            fix = "It is how many requests may wait; 0 refuses what cannot start at once."
            raise ConfigError("queue", got=self.capacity, must="0 or more", fix=fix)
        if not self.patience > 0:
            fix = "It is how long a request may wait; try 1s."
            raise ConfigError("patience", got=self.patience, must="above 0", fix=fix)


@dataclass(slots=True)
class Pace:
    """How fast the room is emptied: so many places, each taken for so long."""

    places: int
    service: float = 0.0  # seconds; 0 while nobody knows

    def wait_behind(self, ahead: int) -> float:
        """Seconds until one's turn, with so many ahead."""
        return ahead * self.service / self.places


class _Waiting(Generic[Owner]):
    __slots__ = ("deadline_at", "gone", "owner", "priority", "since")

    def __init__(self, now: float, owner: Owner, deadline_at: float, priority: int) -> None:
        self.owner = owner
        self.since = now
        self.deadline_at = deadline_at
        self.priority = priority
        self.gone = False


class WaitingRoom(Generic[Owner]):
    """Who leaves unserved stands in ``dropped``, with the reason; the caller empties it."""

    __slots__ = (
        "_arrived",
        "_by_deadline",
        "_classes",
        "_interval_ends_at",
        "_is_blind",
        "_occupied",
        "_rules",
        "_shortest_wait",
        "_turned_away",
        "backed_up",
        "dropped",
        "pace",
        "waiting",
    )

    def __init__(self, rules: QueueRules, pace: Pace) -> None:
        self._rules = rules
        self.pace = pace  # the caller keeps it up to date
        self.backed_up = False
        self.dropped: deque[tuple[Owner, Reason]] = deque()
        #: Who is here, oldest first; for others to look at, not to touch.
        self.waiting: OrderedDict[Owner, _Waiting[Owner]] = OrderedDict()
        self._classes: tuple[OrderedDict[Owner, _Waiting[Owner]], ...] = tuple(
            OrderedDict() for _ in range(LEAST_URGENT + 1)
        )
        self._occupied = 0  # a bit for each class that has somebody in it
        self._by_deadline: list[tuple[float, int, _Waiting[Owner]]] = []
        self._arrived = 0
        self._shortest_wait = math.inf  # in this interval
        self._turned_away = False  # somebody, in this interval
        self._interval_ends_at = 0.0
        self._is_blind = True  # the interval began when nobody knew how long service takes

    def __len__(self) -> int:
        return len(self.waiting)

    @property
    def due_at(self) -> float:
        """When :meth:`expire` has something to do at the latest; infinite when never."""
        if not self.waiting:
            return math.inf
        oldest = next(iter(self.waiting.values()))
        impatient_at = oldest.since + self._rules.patience
        heap = self._by_deadline
        while heap and heap[0][2].gone:
            heapq.heappop(heap)
        return min(impatient_at, heap[0][0] - self.pace.service) if heap else impatient_at

    # --- events ---

    def arrive(
        self, now: float, owner: Owner, *, deadline_at: float, priority: int
    ) -> Reason | None:
        """Let a request in (None), or say why not; a less urgent one may have to leave for it."""
        waiting = self.waiting
        if owner in waiting:
            raise HedgerowBug(f"{owner!r} came twice into a waiting room")
        self._note_arrival(now)
        if self._is_hopeless(now, deadline_at, priority):
            return Reason.HOPELESS
        if not self._has_room_for(priority):
            self._turned_away = True
            is_full = len(waiting) >= self._rules.capacity
            return Reason.QUEUE_FULL if is_full else Reason.QUEUE_STANDS
        entry = _Waiting(now, owner, deadline_at, priority)
        waiting[owner] = entry
        self._classes[priority][owner] = entry
        self._occupied |= 1 << priority
        if deadline_at < math.inf:
            self._arrived += 1
            heapq.heappush(self._by_deadline, (deadline_at, self._arrived, entry))
        return None

    def take(self, now: float) -> tuple[Owner, float] | None:
        """Return who is next, and how long that one has waited; None when nobody is left."""
        while self._occupied:
            most_urgent = (self._occupied & -self._occupied).bit_length() - 1
            queue = self._classes[most_urgent]
            newest_first = self._rules.newest_first and self.backed_up
            entry = next(reversed(queue.values()) if newest_first else iter(queue.values()))
            # Of the oldest, whatever its class: the urgent ones never wait long.
            self._note_wait(now, now - next(iter(self.waiting.values())).since)
            self._forget(entry)
            if self._has_time(now, entry):
                return entry.owner, now - entry.since
        return None

    def remove(self, owner: Owner) -> bool:
        """Its client has left; a stranger changes nothing."""
        entry = self.waiting.get(owner)
        if entry is None:
            return False
        self._forget(entry)
        return True

    def expire(self, now: float) -> None:
        """Drop those whose time is up."""
        while self.due_at <= now:
            oldest = next(iter(self.waiting.values()))
            if oldest.since + self._rules.patience <= now:
                self._drop(oldest, Reason.WAITED_TOO_LONG)
            else:
                self._drop(self._by_deadline[0][2], Reason.TOO_LATE)

    # --- rules ---

    def _room(self) -> int:
        """How many may wait now."""
        capacity = self._rules.capacity
        if not self.backed_up:
            return capacity
        served = self.pace.places
        service = self.pace.service
        if 0.0 < service < self._rules.target:
            served = math.ceil(served * self._rules.target / service)
        return min(capacity, served)

    def _has_room_for(self, priority: int) -> bool:
        """Backed up, only those ahead count: who comes after does not make one wait.

        At the capacity all count, and the least urgent has to go; of those the newest,
        because it has waited least for nothing.
        """
        if self.backed_up and self._ahead_of(priority) >= self._room():
            return False
        if len(self.waiting) < self._rules.capacity:
            return True
        least_urgent = self._occupied.bit_length() - 1
        if least_urgent <= priority:
            return False
        self._drop(next(reversed(self._classes[least_urgent].values())), Reason.EVICTED)
        return True

    def _ahead_of(self, priority: int) -> int:
        if self._occupied.bit_length() - 1 <= priority:
            return len(self.waiting)  # nobody is less urgent: nearly always
        return sum(len(queue) for queue in self._classes[: priority + 1])

    def _is_hopeless(self, now: float, deadline_at: float, priority: int) -> bool:
        pace = self.pace
        left = deadline_at - now - pace.service
        if left > pace.wait_behind(len(self.waiting)):
            return False  # in time even behind all of them: nearly always
        newest_first = self._rules.newest_first and self.backed_up
        ahead = self._ahead_of(priority - 1 if newest_first else priority)
        return left <= pace.wait_behind(ahead)

    def _has_time(self, now: float, entry: _Waiting[Owner]) -> bool:
        if entry.deadline_at - self.pace.service <= now:
            self.dropped.append((entry.owner, Reason.TOO_LATE))
            return False
        if entry.since + self._rules.patience <= now:
            self.dropped.append((entry.owner, Reason.WAITED_TOO_LONG))
            return False
        return True

    # --- healthy or backed up ---

    def _interval(self) -> float:
        service = self.pace.service
        if not service:  # a first answer that takes long is no reason to refuse anybody
            return self._rules.patience
        scaled = _INTERVAL_IN_SERVICE_TIMES * service
        return max(self._rules.interval, min(scaled, self._rules.patience))

    def _start_interval(self, now: float) -> None:
        self._interval_ends_at = now + self._interval()
        self._is_blind = not self.pace.service
        self._shortest_wait = math.inf
        self._turned_away = False

    def _note_arrival(self, now: float) -> None:
        if not self._occupied:
            if self.backed_up and now >= self._interval_ends_at + self._interval():
                self.backed_up = False  # nothing has happened for a whole interval
            if not self.backed_up:
                self._start_interval(now)
                return
            self._shortest_wait = 0.0
        self._note_time(now)

    def _note_wait(self, now: float, waited: float) -> None:
        self._shortest_wait = min(self._shortest_wait, waited)
        self._note_time(now)

    def _note_time(self, now: float) -> None:
        if self._is_blind and self.pace.service:
            self._start_interval(now)  # that one was as long as patience, for want of anything
        elif now >= self._interval_ends_at:
            self._end_interval(now)

    def _end_interval(self, now: float) -> None:
        if self.backed_up:
            self.backed_up = self._turned_away or self._shortest_wait > 0.0
        # Infinite: nobody was served all through it, which is as backed up as can be.
        elif self._shortest_wait > max(self._rules.target, self.pace.service):
            self.backed_up = True
        self._start_interval(now)

    # --- leaving ---

    def _drop(self, entry: _Waiting[Owner], reason: Reason) -> None:
        self._forget(entry)
        self.dropped.append((entry.owner, reason))

    def _forget(self, entry: _Waiting[Owner]) -> None:
        entry.gone = True
        del self.waiting[entry.owner]
        queue = self._classes[entry.priority]
        del queue[entry.owner]
        if not queue:
            self._occupied &= ~(1 << entry.priority)
            if not self._occupied:
                self._shortest_wait = 0.0
                self._by_deadline.clear()
                return
        heap = self._by_deadline
        if len(heap) > 2 * len(self.waiting) + _SPARE_HEAP:
            self._by_deadline = [item for item in heap if not item[2].gone]
            heapq.heapify(self._by_deadline)
