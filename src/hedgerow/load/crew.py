"""All shards of a run, wherever they are: begun together, their frames put together.

Must not know what the frames are for.  ``LocalCrew`` is one shard on this machine;
another kind of crew has shards on many.
"""

import time
from collections.abc import Callable
from typing import Protocol

from typing_extensions import override

from hedgerow.load.batch import Sample
from hedgerow.load.book import Frame
from hedgerow.load.channel import Assignment
from hedgerow.load.order import Order
from hedgerow.load.shard import Shard

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


def crew_for(order: Order, assignment: Assignment, tell: Tell, heard: Heard | None) -> Crew:
    """Make the crew that the order asks for."""
    return LocalCrew(assignment, tell, heard)
