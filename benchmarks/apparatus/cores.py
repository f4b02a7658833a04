"""Which core each part of an experiment runs on: the gateway's is its own.

With two cores the client and the upstream share one; with three each has one.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from typing_extensions import override


@dataclass(frozen=True)
class Cores:
    """None leaves a part to the scheduler."""

    gateway: int | None = None
    client: int | None = None
    upstream: int | None = None

    @override
    def __str__(self) -> str:
        if self.gateway is None:
            return "not pinned"
        return f"gateway {self.gateway}, client {self.client}, upstream {self.upstream}"


def assigned(*, pin: bool) -> Cores:
    """Share out the usable cores; a single one cannot be shared out."""
    usable = sorted(os.sched_getaffinity(0))
    if not pin or len(usable) < 2:
        return Cores()
    third = usable[2] if len(usable) > 2 else usable[0]
    return Cores(gateway=usable[1], client=usable[0], upstream=third)


@contextlib.contextmanager
def ourselves_on(core: int | None) -> Iterator[None]:
    """Keep this process off the gateway's core while it works itself."""
    if core is None:
        yield
        return
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usable)
