"""What happens next: the events of a simulated world, in the order of their time.

Keeps a heap; must not know what the events are.  An event is a function, called with the
time and one object, and not a closure: one is made for every attempt.  Events of the same
moment come in the order in which they were planned, so a run can be repeated exactly.

Nothing is ever taken out: whoever no longer wants an event finds out when it comes (a
cancelled attempt, a timer that was set anew).  To look for one in a heap costs more.
"""

import heapq
from collections.abc import Callable
from typing import Any

Act = Callable[[float, Any], None]


class Agenda:
    """The events to come, and the time of the last one; time begins at 0."""

    __slots__ = ("_heap", "_planned", "now")

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Act, Any]] = []
        self._planned = 0

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, time: float, act: Act, what: Any) -> None:
        """Plan ``act(time, what)``; a time that has passed means now."""
        self._planned += 1
        heapq.heappush(self._heap, (time, self._planned, act, what))

    def advance(self, events: int) -> bool:
        """Let so many events happen, or fewer; say whether there are more."""
        heap, pop, now = self._heap, heapq.heappop, self.now
        for _ in range(events):
            if not heap:
                return False
            time, _, act, what = pop(heap)
            if time > now:
                self.now = now = time
            act(now, what)
        return bool(heap)
