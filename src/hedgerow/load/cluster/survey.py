"""The workers of a cluster before a run: who gets a shard, and how their clocks go.

Asks, and refuses what would make figures of different things.  Must not know what comes
after.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import StartError
from hedgerow.load.cluster.address import ClusterAddress
from hedgerow.load.cluster.clocks import Offset, Question, offset_of
from hedgerow.load.cluster.connection import Connection
from hedgerow.load.cluster.placing import Facts, check, check_descriptors, chosen
from hedgerow.load.cluster.probe import enlisted, facts, wall_clock
from hedgerow.load.plan import Closed, LoadPlan

_QUESTIONS: Final = 5
#: Descriptors that a generator process has besides its connections.
_OTHER_DESCRIPTORS: Final = 32


@dataclass(frozen=True, slots=True)
class Place:
    """A worker that gets a shard."""

    worker: str
    facts: Facts
    offset: Offset


async def survey(connection: Connection, address: ClusterAddress, plan: LoadPlan) -> list[Place]:
    """Find the places for all shards; raises StartError."""
    hosts = await connection.workers()
    workers = chosen(hosts, address.per)
    if not workers:
        raise StartError(
            f"workers of {address.host}:{address.port}",
            got="0",
            must="at least 1",
            fix=f"Start dask worker {address.host}:{address.port} on each machine that sends load.",
        )
    answers = await asyncio.gather(*(connection.ask(worker, enlisted) for worker in workers))
    known: dict[str, Facts] = dict(zip(workers, answers, strict=True))
    check(known, facts())
    check_descriptors(known, _connections(plan, len(workers)) + _OTHER_DESCRIPTORS)
    offsets = await asyncio.gather(*(_offset(connection, worker) for worker in workers))
    return [
        Place(worker, known[worker], offset)
        for worker, offset in zip(workers, offsets, strict=True)
    ]


async def _offset(connection: Connection, worker: str) -> Offset:
    questions = []
    for _ in range(_QUESTIONS):
        asked_at, began = time.time_ns(), time.perf_counter_ns()
        answered = await connection.ask(worker, wall_clock)
        # The steady clock for what it took: the other one may be set meanwhile.
        took = time.perf_counter_ns() - began
        questions.append(Question(asked_at, answered, asked_at + took))
    return offset_of(questions)


def _connections(plan: LoadPlan, shards: int) -> int:
    """How many connections one generator process may need; 0 where nobody knows."""
    model = plan.model
    most = model.users if isinstance(model, Closed) else model.max_connections or 0
    return -(-most // (shards * plan.processes))
