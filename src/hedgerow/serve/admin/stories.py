"""Stories of several gateways in one order.  Must not know how a request is told."""

import datetime
from collections.abc import Iterable
from itertools import chain
from typing import Any

Story = dict[str, Any]


def newest_first(parts: Iterable[Iterable[Story]]) -> list[Story]:
    """Return all of them, the one that ended last first."""
    return sorted(chain.from_iterable(parts), key=ended_at, reverse=True)


def slowest_first(parts: Iterable[Iterable[Story]]) -> list[Story]:
    """Return all of them, by how long they took."""
    return sorted(chain.from_iterable(parts), key=lambda story: story["ms"], reverse=True)


def ended_at(story: Story) -> datetime.datetime:
    """When a request was over."""
    began = datetime.datetime.fromisoformat(story["at"])
    return began + datetime.timedelta(milliseconds=story["ms"])
