"""The runs of a page, each under a name that no other has, and with a colour of its own.

Must not know what is shown of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.report.document import Document
from hedgerow.report.page.chart import Series

_COLOURS: Final = 8


@dataclass(frozen=True, slots=True)
class Run:
    """A document under the name that this page gives it."""

    name: str
    number: int
    document: Document

    @property
    def colour(self) -> str:
        """The number of its colour, from 1."""
        return str(self.number % _COLOURS + 1)

    def cell(self, runs: Sequence["Run"]) -> list[str]:
        """Its name, as the first cell of a row; nothing where there is no other run."""
        return [self.name] if len(runs) > 1 else []

    def line(self, *, pick: str = "", dashed: bool = False) -> Series:
        """The line of the run; when colours come round again they are dashed."""
        return Series(
            label=self.name,
            colour=self.colour,
            dashed=dashed or self.number >= _COLOURS,
            pick=pick,
        )


def runs_of(documents: Sequence[Document]) -> list[Run]:
    """Each document with a name that no other has."""
    names: list[str] = []
    for document in documents:
        wanted = document.name or document.target or "run"
        name, number = wanted, 2
        while name in names:
            name, number = f"{wanted} ({number})", number + 1
        names.append(name)
    return [Run(name, n, d) for n, (name, d) in enumerate(zip(names, documents, strict=True))]
