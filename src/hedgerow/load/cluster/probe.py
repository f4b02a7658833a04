"""What is asked of a worker before it gets a shard; these functions run there.

Must not know what the answers are good for.
"""

import platform
import resource
import sys
import time
from typing import Any

import hedgerow
from hedgerow.load.cluster.messages import OPERATION
from hedgerow.load.cluster.placing import Facts
from hedgerow.load.cluster.post import deliver
from hedgerow.load.machine.describe import describe


def facts() -> Facts:
    """Say what this machine and its software are."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return Facts(
        version=hedgerow.__version__,
        python=".".join(platform.python_version_tuple()[:2]),
        descriptors=sys.maxsize if most == resource.RLIM_INFINITY else most,
        machine=describe(),
    )


def enlisted(dask_worker: Any) -> Facts:
    """Make the worker take orders for shards; returns its facts.

    The worker's table of operations, and not ``Client.run`` each second: that writes a line
    to the worker's log each time.
    """
    dask_worker.handlers[OPERATION] = deliver
    return facts()


def wall_clock() -> int:
    """Say what time it is here, in nanoseconds since 1970."""
    return time.time_ns()
