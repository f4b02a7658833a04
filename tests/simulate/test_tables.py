"""The named simulations, in small: they give what is expected of them, within chance.

``agreement`` computes how far chance may move each figure of a run of this size.  Rows that
were compared with another simulation of the same kind are left to the full runs, which
docs/simulate.md tells of.
"""

import pytest
from msgspec.structs import replace

from hedgerow.errors import ConfigError
from hedgerow.simulate import Row, Run, figures_of
from hedgerow.simulate.agreement import FORMULA, differing
from hedgerow.simulate.tables import TABLES, table_named

REQUESTS = 12_000
ROWS = {f"{name}: {row.label}": row for name in TABLES for row in table_named(name).rows}
EXACT = {
    where: row
    for where, row in ROWS.items()
    if row.source == FORMULA and row.simulation.fan_out <= 100
}
REFERENCED = {where: row for where, row in ROWS.items() if row.source.startswith("another")}


def small(row: Row) -> Row:
    """Make a row short, unless its one queue remembers for thousands of requests."""
    simulation = row.simulation
    load = simulation.traffic.load or 0.0
    if simulation.upstream.replicas == 1 and load > 0.7:
        return row
    count = max(200, REQUESTS // simulation.fan_out)
    return replace(row, simulation=replace(simulation, requests=count))


def played(row: Row, *, seed: int) -> list[str]:
    run = Run(row.simulation, seed=seed)
    while run.advance():
        pass
    return differing(figures_of([run]), row.expected, row.source)


@pytest.mark.unhurried(reason="simulates thousands of requests")
class TestFigures:
    @pytest.mark.parametrize("where", EXACT)
    def test_are_those_of_the_formula(self, where: str) -> None:
        assert played(small(EXACT[where]), seed=3) == []

    @pytest.mark.parametrize("load", ["0.3", "0.5", "0.7"])
    def test_without_hedges_are_those_of_another_simulation(self, load: str) -> None:
        row = REFERENCED[f"hedging: {load}, none"]
        assert played(small(row), seed=3) == []


@pytest.mark.unhurried(reason="a row may be two thousand leaves")
class TestRow:
    @pytest.mark.parametrize("where", ROWS)
    def test_can_be_run(self, where: str) -> None:
        run = Run(replace(ROWS[where].simulation, requests=5), seed=1)
        while run.advance():
            pass
        assert run.clients.ended == 5

    def test_has_a_label_of_its_own(self) -> None:
        for name in TABLES:
            labels = [row.label for row in table_named(name).rows]
            assert len(labels) == len(set(labels))

    def test_that_expects_something_says_from_where(self) -> None:
        assert [
            where for where, row in ROWS.items() if bool(row.expected) != bool(row.source)
        ] == []


class TestName:
    def test_that_does_not_exist_lists_those_that_do(self) -> None:
        with pytest.raises(ConfigError, match="queues, reissue"):
            table_named("queue")
