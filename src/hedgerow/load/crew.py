"""All shards of a run, wherever they are: begun together, their frames put together.

Must not know what the frames are for.  ``LocalCrew`` is one shard on this machine;
``cluster.crew`` has shards on many, and ``muster`` knows which of them is wanted.
"""

import time
from collections.abc import Callable
from typing import Protocol

from typing_extensions import override

from hedgerow.load.batch import Sample
from hedgerow.load.book import Frame
from hedgerow.load.channel import Assignment
from hedgerow.load.machine.describe import describe
from hedgerow.load.shard import Shard
from hedgerow.report.document import Machine

Tell = Callable[[Frame], None]
Heard = Callable[[Sample], None]


class Crew(Protocol):
    """The shards of one run."""

    @property
    def missing(self) -> frozenset[int]:
        """Shards that were lost, or are silent."""

    @property
    def complaint(self) -> str:
        """Why the run cannot go on; empty where it can."""

    @property
    def shards(self) -> int:
        """How many there are, the missing ones among them; known once they are ready."""

    @property
    def start_spread(self) -> float | None:
        """Seconds, at most, between the beginnings of two shards; None where there is one."""

    @property
    def losses(self) -> list[str]:
        """Which of them were lost, and why."""

    def machine(self) -> Machine:
        """Describe where the load comes from."""

    async def prepare(self) -> None:
        """Get every shard ready; raises what one of them refuses."""

    def go(self, lead_ns: int) -> None:
        """Begin together, in so many nanoseconds."""

    def stop(self) -> None:
        """Begin nothing new."""

    def cut_off(self) -> None:
        """Wait for nothing any more."""

    async def finished(self) -> None:
        """Wait until every shard has told its last."""

    async def close(self) -> None:
        """See that nothing is left."""


class LocalCrew(Crew):
    """One shard, on this machine."""

    def __init__(self, assignment: Assignment, tell: Tell, heard: Heard | None) -> None:
        self._shard = Shard(0, assignment, tell, heard)

    @property
    @override
    def missing(self) -> frozenset[int]:
        return frozenset()

    @property
    @override
    def complaint(self) -> str:
        return self._shard.complaint

    @property
    @override
    def shards(self) -> int:
        return 1

    @property
    @override
    def start_spread(self) -> float | None:
        return None

    @property
    @override
    def losses(self) -> list[str]:
        return []

    @override
    def machine(self) -> Machine:
        return describe()

    @override
    async def prepare(self) -> None:
        await self._shard.prepare()

    @override
    def go(self, lead_ns: int) -> None:
        self._shard.go(time.perf_counter_ns() + lead_ns)

    @override
    def stop(self) -> None:
        self._shard.stop()

    @override
    def cut_off(self) -> None:
        self._shard.cut_off()

    @override
    async def finished(self) -> None:
        await self._shard.finished()

    @override
    async def close(self) -> None:
        await self._shard.close()
