"""Where the admin listener has its answers from: a gateway in this process, or something else.

Reads when it is asked, and must not change anything.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from hedgerow.serve.admin.families import Family
from hedgerow.serve.admin.metrics import families
from hedgerow.serve.admin.overview import overview
from hedgerow.serve.admin.stories import Story
from hedgerow.serve.gateway import Gateway


class Source(Protocol):
    """What an operator may ask."""

    @property
    def is_ready(self) -> bool:
        """Whether clients are accepted."""

    @property
    def is_alive(self) -> bool:
        """Whether there is any use in waiting for it to be ready."""

    def families(self) -> Iterable[Family]:
        """Everything that is counted."""

    def pids(self) -> Mapping[str, int] | None:
        """The processes that it is, by what they are called; None: this one alone."""

    def overview(self) -> dict[str, Any]:
        """What is known now."""

    def stories(self) -> dict[str, Any]:
        """``last``: the last requests, the newest first; ``slowest``: the slowest."""

    def slowest(self, most: int) -> list[Story]:
        """So many of the slowest."""

    def loops(self) -> list[dict[str, Any]] | None:
        """What is known of each event loop; None where there is one."""


class GatewaySource:
    """A gateway in this process: nothing is late, nothing is lost."""

    is_alive = True  # or nobody would be asked

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def is_ready(self) -> bool:
        return self._gateway.is_ready

    def families(self) -> list[Family]:
        return families(self._gateway)

    def pids(self) -> None:
        """Name nobody: it is this process alone."""
        return

    def overview(self) -> dict[str, Any]:
        return overview(self._gateway)

    def stories(self) -> dict[str, Any]:
        traces = self._gateway.traces
        if traces is None:
            return {"last": [], "slowest": []}
        return dict(traces.told(time.monotonic(), self._gateway.surroundings.engine.wall))

    def slowest(self, most: int) -> list[Story]:
        traces, wall = self._gateway.traces, self._gateway.surroundings.engine.wall
        return [] if traces is None else traces.slowest(time.monotonic(), wall, most)

    def loops(self) -> None:
        """There is one."""
        return
