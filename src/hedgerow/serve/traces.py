"""The stories of the last requests, and of the slowest, for whoever asks later.

Keeps what is there anyway (a head, an exchange) and renders it only when it is asked for:
0.4 us a request.  What it keeps must not keep a connection alive, so it has no request.

The slowest are those of the last ten to twenty minutes: the slowest since the start would be
the first minute of the process for ever.
"""

import datetime
import heapq
import itertools
from collections import deque
from typing import Any, Final, NamedTuple

from hedgerow.policy import Attempt, Exchange
from hedgerow.serve.story import attempt_fate
from hedgerow.serve.surroundings import Finished
from hedgerow.wire.heads import RequestHead

_GENERATION: Final = 600.0  # seconds


class _Story(NamedTuple):
    took: float  # seconds; first, because stories are compared
    number: int
    finished_at: float  # monotonic seconds
    head: RequestHead
    status: int
    exchange: Exchange | None


#: The same without names, which is how it is kept: a named tuple costs four times as much.
_Kept = tuple[float, int, float, RequestHead, int, Exchange | None]


class TraceRing:
    """So many of the last, and as many of the slowest."""

    __slots__ = ("_added", "_former", "_last", "_size", "_slowest", "_threshold", "_turns_at")

    def __init__(self, size: int) -> None:
        self._size = size
        self._added = 0
        self._last: deque[_Kept] = deque(maxlen=size)
        self._slowest: list[_Kept] = []  # a heap, the least slow one first
        self._former: list[_Kept] = []  # of the generation before
        self._threshold = -1.0  # what is not slower than this does not belong there
        self._turns_at = 0.0

    def add(self, finished: Finished) -> None:
        """Keep the story of a request that is over."""
        if not self._size:
            return
        now, request = finished.finished_at, finished.request
        took = now - finished.arrived_at
        self._added = number = self._added + 1
        story = (took, number, now, request.head, request.status, finished.exchange)
        self._last.append(story)
        if took > self._threshold or now >= self._turns_at:
            self._keep_slow(now, story)

    def told(self, now: float, wall: datetime.datetime) -> dict[str, list[dict[str, Any]]]:
        """Return all that is kept as JSON can say it; ``now`` and ``wall`` are the same moment."""
        return {
            "last": self.last(now, wall, self._size),
            "slowest": self.slowest(now, wall, self._size),
        }

    def last(self, now: float, wall: datetime.datetime, most: int) -> list[dict[str, Any]]:
        """Return so many of the last, the newest first."""
        kept = itertools.islice(reversed(self._last), most)
        return [_told(_Story(*one), now, wall) for one in kept]

    def slowest(self, now: float, wall: datetime.datetime, most: int) -> list[dict[str, Any]]:
        """Return so many of the slowest: each costs 20 us to tell."""
        since = now - 2 * _GENERATION  # a quiet night forgets nothing by itself
        kept = [one for one in self._slowest + self._former if _Story(*one).finished_at > since]
        return [_told(_Story(*one), now, wall) for one in heapq.nlargest(most, kept)]

    def _keep_slow(self, now: float, story: _Kept) -> None:
        if now >= self._turns_at:
            since = now - 2 * _GENERATION
            self._former = [one for one in self._slowest if _Story(*one).finished_at > since]
            self._slowest = []
            self._turns_at = now + _GENERATION
        if len(self._slowest) < self._size:
            heapq.heappush(self._slowest, story)
        else:
            heapq.heapreplace(self._slowest, story)
        is_full = len(self._slowest) >= self._size
        self._threshold = self._slowest[0][0] if is_full else -1.0


def _told(story: _Story, now: float, wall: datetime.datetime) -> dict[str, Any]:
    exchange, arrived_at = story.exchange, story.finished_at - story.took
    began = wall - datetime.timedelta(seconds=now - arrived_at)
    told: dict[str, Any] = {
        "at": began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "method": story.head.method.decode("latin-1"),
        "target": story.head.target.decode("latin-1"),
        "status": story.status or None,
        "ms": _milliseconds(story.took),
        "attempts": [],
    }
    if exchange is not None:
        told["attempts"] = [_attempt(one, exchange, arrived_at) for one in exchange.attempts]
        if exchange.situation is not None:
            told["situation"] = exchange.situation.value
    return told


def _attempt(attempt: Attempt, exchange: Exchange, arrived_at: float) -> dict[str, Any]:
    def since(at: float | None) -> float | None:
        return None if at is None else _milliseconds(at - arrived_at)

    return {
        "number": attempt.number,
        "kind": attempt.kind.value,
        "replica": attempt.replica.name,
        "sent_ms": since(attempt.started_at),
        "answered_ms": since(attempt.answered_at),
        "ended_ms": since(attempt.ended_at),
        "fate": attempt_fate(attempt),
        "outcome": None if attempt.outcome is None else attempt.outcome.value,
        "won": attempt is exchange.winner,
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
