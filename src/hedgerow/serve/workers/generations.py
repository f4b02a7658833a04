"""Readings of the settings: the one that works, and the one that is coming.

Must not know how workers take them over.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hedgerow.serve.settings import Settings
from hedgerow.serve.workers.planning import Plan, with_handed_down

ReadSettings = Callable[[], Settings]


@dataclass(frozen=True, slots=True)
class Generation:
    """One reading, and what follows from it."""

    number: int
    settings: Settings
    plan: Plan


class Generations:
    """All that some worker still has."""

    def __init__(self, settings: Settings, read: ReadSettings) -> None:
        """``read`` reads them again, for a reload."""
        self._read = read
        self._all = {0: _generation(0, settings)}

    def __getitem__(self, number: int) -> Generation:
        return self._all[number]

    @property
    def newest(self) -> Generation:
        return self._all[max(self._all)]

    def read(self) -> Generation:
        """Read the settings again; nothing changes before :meth:`add`.

        Raises ConfigError or StartError.
        """
        return _generation(self.newest.number + 1, self._read())

    def add(self, generation: Generation) -> None:
        """One is coming."""
        self._all[generation.number] = generation

    def keep(self, number: int) -> None:
        """All workers that serve are of this one."""
        self._all = {number: self._all[number]}

    def drop(self, number: int) -> None:
        """One has not come up."""
        del self._all[number]


def _generation(number: int, settings: Settings) -> Generation:
    placed = with_handed_down(settings)
    return Generation(number, placed, Plan.of(placed))
