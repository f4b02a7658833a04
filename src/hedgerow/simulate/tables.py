"""Named simulations, each of which reproduces figures that are known from elsewhere.

What they are called, and what each says; the rows are made when they are asked for, because
some of their expected figures must be computed.  Must not know how simulations are run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.simulate import tables_of_copies, tables_of_overload, tables_of_queues
from hedgerow.simulate.description import Row, Table


@dataclass(frozen=True, slots=True)
class NamedTable:
    """One of them."""

    name: str
    title: str
    make: Callable[[], tuple[Row, ...]]

    def table(self) -> Table:
        """Return its simulations."""
        return Table(name=self.name, title=self.title, rows=self.make())


TABLES: Final = {
    named.name: named
    for named in (
        NamedTable(
            "queues",
            "M/M/1, M/M/10 and M/D/1 against queueing theory",
            tables_of_queues.queues,
        ),
        NamedTable(
            "reissue",
            "The best single copy under a budget, SingleD and SingleR, on Pareto(1.1, 2 ms)",
            tables_of_copies.reissue_rows,
        ),
        NamedTable(
            "copies",
            "Rules of hedging without queues: the public benchmark of bhope/hedge",
            tables_of_copies.copies,
        ),
        NamedTable(
            "correlated",
            "The same where a copy is in part as slow as its primary",
            tables_of_copies.correlated,
        ),
        NamedTable(
            "hedging",
            "Rules of hedging before ten busy replicas, where copies cost something",
            tables_of_queues.hedging,
        ),
        NamedTable(
            "staggered",
            "The same with a third copy when the second has not helped",
            tables_of_queues.staggered,
        ),
        NamedTable(
            "cancelling",
            "What hedging does at load 0.85 with and without cancelling that works",
            tables_of_queues.cancelling,
        ),
        NamedTable(
            "fan-out",
            "The tail at scale: requests that need many leaves",
            tables_of_copies.fan_out,
        ),
        NamedTable(
            "replication",
            "Every request twice at once: it pays below a load of 1/3, or 0.272 with constant work",
            tables_of_queues.replication,
        ),
        NamedTable(
            "balancing",
            "Balancers before replicas of which some are slow for a while",
            tables_of_queues.balancing,
        ),
        NamedTable(
            "overload",
            "Half to ten times what an upstream can do, with and without a limit before it",
            tables_of_overload.overload,
        ),
    )
}


def table_named(name: str) -> Table:
    """Return a table by its name."""
    named = TABLES.get(name)
    if named is None:
        raise ConfigError(
            "simulation",
            got=name,
            must=f"a file that exists, or one of {', '.join(TABLES)}",
            fix="hedgerow simulate --list says what each is.",
        )
    return named.table()
