"""A loop's signs of life: four times a second it writes on the board how it is.

Must not know who reads.  Costs some microseconds each time, and nothing a request.  Once a
second it publishes a report, if anybody reads one: that costs 1.2 ms, and 30 us a route.
"""

import math
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from hedgerow.serve.gateway import Gateway
from hedgerow.serve.workers.board import Cell, Entry

#: Over so many sweeps, one second, the load is averaged.
_SWEEPS: Final = 4
#: More than three numbers need.
_LONGEST: Final = 128
#: Seconds between two reports, but for the sweep's own lateness.
_EVERY: Final = 0.9
#: Where there are many hundred routes a report takes long: then it comes less often, so that no
#: more than this share of the time goes into them.
_SHARE: Final = 0.01


def time_of_thread() -> Callable[[], float]:
    """Return what tells for how many seconds this thread has run, or was ready to run.

    Linux keeps both (``/proc/.../schedstat``).  Elsewhere it is the time in which it ran, and a
    loop on a crowded machine seems to have less to do than it has.
    """
    try:
        file = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        os.pread(file, _LONGEST, 0)
    except OSError:
        return time.thread_time

    def wanted() -> float:
        ran, waited, _ = os.pread(file, _LONGEST, 0).split()
        return (int(ran) + int(waited)) / 1e9

    return wanted


class Sampler:
    """Writes one entry.

    *Utilisation* is the share of time in which the loop had work to do: its thread ran, or was
    ready to and had no processor.  A loop waits in one place only, for events, and is neither
    while it waits; so the kernel knows, and asking it costs nothing while requests are served,
    where two readings of a clock a turn would.
    """

    def __init__(
        self,
        entry: Entry,
        gateway: Gateway,
        publish: Callable[[], bytes],
        used: Callable[[], float] | None = None,
    ) -> None:
        """``publish`` makes the report; ``used`` is seconds in which this thread had work."""
        self._entry = entry
        self._gateway = gateway
        self._publish = publish
        self._used = used or time_of_thread()
        self._samples: deque[tuple[float, float, float, int]] = deque(maxlen=_SWEEPS + 1)
        self._publish_at = -math.inf

    def sweep(self, now: float) -> None:
        """Write; to be called four times a second."""
        lag = self._gateway.lag
        late = lag.last if lag is not None else 0.0
        self._samples.append((now, self._used(), late, self._gateway.requests))
        first, last = self._samples[0], self._samples[-1]
        entry = self._entry
        if (passed := last[0] - first[0]) > 0:
            share = (last[1] - first[1]) / passed
            entry.write_number(Cell.UTILISATION, min(max(share, 0.0), 1.0))
            entry.write_number(Cell.RATE, (last[3] - first[3]) / passed)
        entry.write_number(Cell.LAG, max(sample[2] for sample in self._samples))
        self._count()
        entry.write_number(Cell.HEARTBEAT, now)
        if now >= self._publish_at:
            began = self._used()
            entry.publish(self._publish())
            self._publish_at = now + max(_EVERY, (self._used() - began) / _SHARE)

    def finish(self) -> None:
        """Write the last numbers."""
        self._count()
        self._entry.publish(self._publish())

    def _count(self) -> None:
        entry, gateway = self._entry, self._gateway
        entry[Cell.CLIENTS] = gateway.clients
        entry[Cell.ACCEPTED] = gateway.accepted
        entry[Cell.REQUESTS] = gateway.requests
