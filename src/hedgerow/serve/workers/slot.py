"""What a crew knows of a worker, and of a place for one, and how long a place stays empty.

Must not know processes nor clocks.
"""

import math
import signal
from dataclasses import dataclass
from typing import Final

#: One that has lived so long (seconds) did not die of its start, nor of a request that
#: kills every worker that gets it.
_LONG: Final = 10.0
#: So many may die young, one after the other, before their place stays empty for a while.
_FREE: Final = 3
_FIRST_WAIT: Final = 0.25
_LONGEST_WAIT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended: with a code, or by a signal."""

    code: int | None
    signal: int | None = None

    @property
    def text(self) -> str:
        """Say it."""
        if self.signal is None:
            return f"ended with code {self.code}"
        try:
            name = signal.Signals(self.signal).name
        except ValueError:
            name = f"signal {self.signal}"
        return f"was killed by {name}"


@dataclass(slots=True)
class Worker:
    """One process."""

    pid: int
    slot: int
    generation: int
    started_at: float
    is_ready: bool = False
    is_draining: bool = False
    aborted_at: float = math.inf  # stuck: it was asked to say where
    kill_at: float = math.inf  # nobody waits for it longer than this
    is_killed: bool = False
    forgiven_until: float = -math.inf  # its silence counts from here

    @property
    def serves(self) -> bool:
        return self.is_ready and not self.is_draining and self.aborted_at == math.inf

    @property
    def name(self) -> str:
        return f"worker {self.slot + 1} (pid {self.pid})"


@dataclass(slots=True)
class Slot:
    """A place for a worker; ``old`` serves there until ``current`` can."""

    number: int
    current: int | None = None  # the pid of the newest
    old: int | None = None
    not_before: float = -math.inf  # when it may be filled
    deaths: int = 0  # of young ones, one after the other

    def died(self, now: float, worker: Worker) -> float:
        """Note that one ended that should not have; return for how long the place stays empty.

        One that has lived is replaced at once.  Those that die young are, too, three times;
        one that never served only fails again, so there the waiting begins with the first.
        """
        if worker.is_ready and now - worker.started_at >= _LONG:
            self.deaths = 0
            self.not_before = now
            return 0.0
        self.deaths += 1
        waits = self.deaths - 1 - (_FREE if worker.is_ready else 0)
        wait = 0.0
        if waits >= 0:
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(waits, 32))
        self.not_before = now + wait
        return wait
