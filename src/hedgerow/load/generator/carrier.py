"""Whoever carries one request at a time on a connection of its own, and notes how it went.

A base for the users of the closed model, the slots of the open one and the requests of a
scenario: it holds the moments of a request and makes a sample of them.  Must not know when
the next request is due.
"""

import time
from collections.abc import Iterable
from typing import Final, TypeVar

from hedgerow.load.batch import Sample
from hedgerow.load.generator.field import Field
from hedgerow.load.outcome import Outcome
from hedgerow.wire.lean import Broken, LeanConnection

#: What a broken connection means for its request.
OUTCOME_OF: Final = {
    Broken.RESET: Outcome.RESET,
    Broken.CLOSED: Outcome.CLOSED,
    Broken.PROTOCOL: Outcome.PROTOCOL,
}
_NEVER: Final = -1

C = TypeVar("C", bound="Carrier")


class Carrier:
    """One connection, and the moments of the request on it (perf_counter_ns)."""

    __slots__ = (
        "_connect_ns",
        "_dialled_ns",
        "_field",
        "began_ns",
        "connection",
        "is_plain",
        "label",
        "number",
        "size_out",
        "woke_ns",
    )

    def __init__(self, field: Field, number: int, label: str) -> None:
        self._field = field
        self.number = number  # of the user that it plays
        self.label = label
        self.connection: LeanConnection | None = None
        self._dialled_ns = 0
        self._connect_ns = _NEVER  # what connecting took, until a request has told of it
        # For the life of one request.
        self.began_ns = 0  # when it was due, or its user wanted to send it
        self.woke_ns = _NEVER  # when we noticed that it was due; never: nothing was due
        self.size_out = 0
        self.is_plain = False  # nothing but its time need be told

    @property
    def is_connected(self) -> bool:
        """True while the connection is open."""
        return self.connection is not None and self.connection.is_usable

    def dialling(self, now_ns: int) -> None:
        """The connection is being opened from now on."""
        self._dialled_ns = now_ns

    def note(self, outcome: Outcome, detail: str = "", *, status: int = 0) -> None:
        """Note how the request ended, now."""
        self._field.recorder.sample(self.sample(outcome, detail, status=status))

    def sample(self, outcome: Outcome, detail: str = "", *, status: int = 0) -> Sample:
        """Return how the request ended, now; the carrier is free for the next one."""
        now = time.perf_counter_ns()
        connection, began, woke = self.connection, self.began_ns, self.woke_ns
        service = ttfb = _NEVER
        sent, bytes_in = now, 0
        if self.size_out and connection is not None:  # it was sent
            sent, bytes_in = connection.sent_ns, connection.bytes_in
            service = now - sent
            if bytes_in:
                ttfb = (connection.first_ns if connection.first_ns > sent else now) - sent
        sample = Sample(
            label=self.label,
            is_warm_up=self._field.is_warm_up(began),
            began=began,
            response=now - began,
            service=service,
            ttfb=ttfb,
            connect=self._connect_ns,
            lateness=woke - began if woke >= 0 else _NEVER,
            backlog=sent - woke if woke >= 0 else _NEVER,
            outcome=outcome.value,
            status=status,
            bytes_in=bytes_in,
            bytes_out=self.size_out,
            user=self.number,
            detail=detail,
        )
        self._connect_ns = _NEVER
        self.size_out = 0
        return sample

    def _connected(self) -> None:
        self._connect_ns = time.perf_counter_ns() - self._dialled_ns


class Timeouts:
    """Finds who has waited too long for an answer.

    Everybody is looked at only when somebody can be overdue: a limit after the longest wait
    that was found, not at each tick.  With 10,000 users a look takes milliseconds.
    """

    __slots__ = ("_limit_ns", "_next_ns")

    def __init__(self, limit_ns: int) -> None:
        self._limit_ns = limit_ns
        self._next_ns = 0

    def overdue(self, carriers: Iterable[C], now_ns: int) -> list[C]:
        """Return those whose request was sent longer ago than the limit and has no answer."""
        if now_ns < self._next_ns:
            return []
        found, oldest, sent_before = [], now_ns, now_ns - self._limit_ns
        for carrier in carriers:
            connection = carrier.connection
            if connection is not None and connection.is_busy:
                if connection.sent_ns < sent_before:
                    found.append(carrier)
                else:
                    oldest = min(oldest, connection.sent_ns)
        self._next_ns = oldest + self._limit_ns
        return found
