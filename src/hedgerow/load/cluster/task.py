"""The task that a worker is given: one shard, in the thread in which dask runs it.

It has an event loop of its own; the worker's must stay free, for orders come through it.
Generator processes are started as subprocesses, because a worker that has a nanny is a
daemon and may have no ``multiprocessing`` children.
"""

import asyncio
import uuid

import msgspec
from distributed import get_worker

from hedgerow.load.book import encode_frame
from hedgerow.load.channel import Assignment
from hedgerow.load.cluster.messages import TOPIC, Told, encode
from hedgerow.load.cluster.post import taking_orders
from hedgerow.load.cluster.remote import RemoteShard


def run_shard(run: str, number: int, assignment: bytes) -> bytes:
    """Play a share of a plan; returns the sum of all frames, encoded as one."""
    worker = get_worker()
    read = msgspec.json.decode(assignment, type=Assignment)
    token = uuid.uuid4().hex

    def tell(message: Told) -> None:
        worker.log_event(TOPIC, encode(message))

    async def play() -> bytes:
        shard = RemoteShard((run, number, token), read, tell)
        with taking_orders(run, number, shard.receive):
            return encode_frame(await shard.play())

    # Not uvloop: in a thread it could not wait for its children.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(play())
