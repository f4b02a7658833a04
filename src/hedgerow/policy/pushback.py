"""Which replicas want no further copy of one request, and until when.

Decides about replicas, never about a request: pushback is *not before* for the replica
that said so (Retry-After, RFC 9110 section 10.2.3), and says nothing of the others.  It
must not know where the number came from, nor balancers.

A negative or unreadable one means that this replica gets no more attempts of the request
(gRPC's proposal A6), and one above :data:`LONGEST` is taken as that.
"""

import math
from typing import Final

from hedgerow.policy.balance import Replica

#: Seconds.  Longer hints are mistakes or maintenance windows (Envoy stops at 300 s too).
LONGEST: Final = 300.0


class Pushback:
    """The replicas that have pushed back; one for each request that met any."""

    __slots__ = ("_until", "awaited")

    def __init__(self) -> None:
        self._until: dict[Replica, float] = {}
        self.awaited = math.inf  # the end of one that the request is waiting for

    def note(self, now: float, replica: Replica, retry_after: float) -> None:
        """A replica wants to be left alone for so many seconds; the latest end counts."""
        # Written so that NaN, too, means never.
        wait = min(retry_after, LONGEST) if retry_after >= 0 else math.inf
        self._until[replica] = max(self._until.get(replica, -math.inf), now + wait)

    def held_back(self, now: float) -> tuple[Replica, ...]:
        """Return the replicas that must not be asked now."""
        return tuple(replica for replica, until in self._until.items() if now < until)

    def next_end(self, now: float) -> float:
        """Return when the next of them may be asked again; infinite when none ever may."""
        return min((until for until in self._until.values() if now < until), default=math.inf)
