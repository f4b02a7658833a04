"""Who may go to an upstream now, who waits, and who is refused: the front door.

Decides and never acts.  A shell asks :meth:`Admission.try_enter` for each client request,
before it makes an Exchange, and tells what became of it; it must then carry out what stands
in ``decided``.  (It may ask :meth:`Admission.enters` first, which is all that most need.)  It
must not know sockets, HTTP or clocks.

::

    try_enter --a place is free--------------------------------> IN FLIGHT --left--> gone
       |                                                            ^
       |--none, and there is room--> WAITING --a place is free------'
       |                                |----its time is up, or a more urgent one comes--> refused
       |                                '----client_left-------> gone
       '--no room, too often, too late, too busy---------------> refused

Admission is per client request, the limit is on attempts: who enters has a place for its
first attempt.  A hedge or a retry is never refused here (its budget bounds it) but it takes
a place while it is there, so the next request waits.  An Exchange tells of its attempts by
``copy_started``, ``settled`` and ``left``; whoever makes none after it has entered says
``left`` itself.

What concerns a client and not the upstream (how often it may ask, whether this process
keeps up) is asked before: ``rate_limit``, ``loop_lag``.

After each event the shell empties ``decided``, one by one from the left: a waiting request
with ENTER starts now, one with a refusal is answered with it.  (A queue, and not a returned
list, because starting one request may at once end it, which decides about the next.)  Then
it arms one timer for ``due_at`` and calls ``timer_fired``.

Retry-After is honest: it says how long the upstream would need for those who wait and those
who were refused in the last second, were they all to come back, plus as much by chance, or
they would all come back at once.
"""

import math
import random
from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from hedgerow.measure import BucketLayout, Histogram, WindowedCount
from hedgerow.policy.concurrency import ConcurrencyLimit
from hedgerow.policy.outcomes import Outcome
from hedgerow.policy.priorities import DEFAULT_URGENCY
from hedgerow.policy.refusals import ENTER, LONGEST_RETRY_AFTER, REFUSALS, WAIT, Entry, Reason
from hedgerow.policy.service_time import MedianTracker
from hedgerow.policy.throttle import AdaptiveThrottle
from hedgerow.policy.waiting_room import Pace, QueueRules, WaitingRoom

Owner = TypeVar("Owner", bound=Hashable)

_SUCCESS: Final = Outcome.SUCCESS
_IGNORE: Final = Outcome.IGNORE
_MICROSECONDS: Final = 1e6


@dataclass(frozen=True, slots=True)
class AdmissionStatistics:
    """What an operator would ask; ``entered`` and ``refused`` are totals since the start."""

    limit: int
    in_flight: int  # copies included
    waiting: int
    backed_up: bool
    service_time: float  # seconds, the median; 0 while unknown
    entered: int  # of those who came: started at once, or after a wait
    entered_after_wait: int
    client_left: int  # while waiting
    refused: Mapping[Reason, int] = field(default_factory=dict)  # without those that are 0


class Admission(Generic[Owner]):
    """The door to one upstream; the caller names each request by any hashable owner."""

    __slots__ = (
        "_client_left",
        "_entered",
        "_entered_after_wait",
        "_in_flight",
        "_limit",
        "_pace",
        "_random",
        "_refused",
        "_refused_lately",
        "_room",
        "_service",
        "_throttle",
        "_waiting",
        "decided",
        "queue_times",
    )

    def __init__(
        self,
        limit: ConcurrencyLimit,
        randomness: random.Random,
        *,
        queue: QueueRules | None = None,
        throttle: AdaptiveThrottle | None = None,
    ) -> None:
        self._limit = limit
        self._random = randomness
        self._throttle = throttle
        self._pace = Pace(limit.limit)
        self._room: WaitingRoom[Owner] = WaitingRoom(queue or QueueRules(), self._pace)
        self._waiting = self._room.waiting
        self._service = MedianTracker()
        self._in_flight = 0
        self._entered = self._entered_after_wait = self._client_left = 0
        self._refused: dict[Reason, int] = dict.fromkeys(REFUSALS, 0)
        self._refused_lately = WindowedCount(window=1.0, slots=4)
        #: For the shell to carry out, oldest first: those who waited, or had to make room.
        self.decided: deque[tuple[Owner, Entry]] = deque()
        #: Microseconds that those had waited who entered after a wait.  Read it, reset it.
        self.queue_times = Histogram(BucketLayout(digits=2))

    @property
    def due_at(self) -> float:
        """When to call :meth:`timer_fired`; infinite when there is nothing to wait for."""
        return self._room.due_at

    # --- events ---

    def enters(self, now: float, deadline_at: float) -> bool:
        """Take a place for a request if nothing is in its way; else ask ``try_enter``.

        For the many: 0.15 us.
        """
        if self._in_flight >= self._limit.limit or self._waiting or deadline_at <= now:
            return False
        throttle = self._throttle
        if throttle is not None and now < throttle.is_calm_from:
            return False  # it may refuse
        self._in_flight += 1
        self._entered += 1
        return True

    def try_enter(
        self,
        now: float,
        owner: Owner,
        *,
        deadline_at: float = math.inf,
        priority: int = DEFAULT_URGENCY,
    ) -> Entry:
        """Decide about a request that has come; it may be another one that has to go."""
        if self._throttle is not None and self._throttle.refuses(now):
            return self._refuse(now, Reason.THROTTLED)
        if deadline_at <= now:
            self._refused[Reason.EXPIRED] += 1
            return REFUSALS[Reason.EXPIRED][0]  # there is no use in coming back with it
        if self._in_flight < self._limit.limit and not self._waiting:
            self._in_flight += 1
            self._entered += 1
            return ENTER
        reason = self._room.arrive(now, owner, deadline_at=deadline_at, priority=priority)
        if self._room.dropped:
            self._refuse_the_dropped(now)
        return WAIT if reason is None else self._refuse(now, reason)

    def copy_started(self) -> None:
        """A hedge or a retry has gone out beside the first attempt of its request."""
        self._in_flight += 1

    def settled(self, now: float, outcome: Outcome, rtt: float) -> None:
        """Learn from an attempt, as soon as its outcome is known.

        ``rtt`` is the time from its dispatch to the head of its answer: bodies may be long,
        and their length would be taken for load.
        """
        if outcome is _IGNORE:
            return
        limit, pace, throttle = self._limit, self._pace, self._throttle
        good = outcome is _SUCCESS
        limit.sample(now, rtt, self._in_flight, dropped=not good)
        pace.places = limit.limit
        if good:
            pace.service = self._service.add(rtt)
        if throttle is not None:
            if good and now < throttle.fresh_until:
                throttle.fresh += 1  # what its `ended` does, in line
            else:
                throttle.ended(now, accepted=good)
        if self._waiting and self._in_flight < limit.limit:
            self._hand_out_places(now)  # the limit has grown

    def left(self, now: float) -> None:
        """An attempt is gone; its place goes to the next who waits."""
        if self._in_flight:
            self._in_flight -= 1
        if self._waiting:
            self._hand_out_places(now)

    def client_left(self, now: float, owner: Owner) -> None:
        """Nobody waits for the answer any more; who is not in the waiting room is unknown."""
        if self._room.remove(owner):
            self._client_left += 1

    def timer_fired(self, now: float) -> None:
        """Refuse those whose time is up; early and late timers are harmless."""
        self._room.expire(now)
        self._refuse_the_dropped(now)

    def statistics(self) -> AdmissionStatistics:
        return AdmissionStatistics(
            limit=self._limit.limit,
            in_flight=self._in_flight,
            waiting=len(self._room.waiting),
            backed_up=self._room.backed_up,
            service_time=self._service.value,
            entered=self._entered,
            entered_after_wait=self._entered_after_wait,
            client_left=self._client_left,
            refused={reason: count for reason, count in self._refused.items() if count},
        )

    # --- places ---

    def _hand_out_places(self, now: float) -> None:
        """All that are free: the limit may have grown."""
        while self._in_flight < self._limit.limit:
            next_one = self._room.take(now)
            if next_one is None:
                break
            owner, waited = next_one
            self._in_flight += 1
            self._entered += 1
            self._entered_after_wait += 1
            self.queue_times.record(int(waited * _MICROSECONDS))
            self.decided.append((owner, ENTER))
        self._refuse_the_dropped(now)

    # --- refusals ---

    def _refuse_the_dropped(self, now: float) -> None:
        dropped = self._room.dropped
        while dropped:
            owner, reason = dropped.popleft()
            self.decided.append((owner, self._refuse(now, reason)))

    def _refuse(self, now: float, reason: Reason) -> Entry:
        self._refused[reason] += 1
        self._refused_lately.add(now)
        return REFUSALS[reason][self._retry_after(now)]

    def _retry_after(self, now: float) -> int:
        """Whole seconds, at least 1."""
        coming_back = len(self._room.waiting) + self._refused_lately.total(now)
        seconds = self._pace.wait_behind(coming_back)
        return min(LONGEST_RETRY_AFTER, 1 + int(seconds * (1.0 + self._random.random())))
