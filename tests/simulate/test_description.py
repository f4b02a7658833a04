"""Simulation files: what is read, and what is refused."""

import tomllib
from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.simulate import read_simulation, read_table
from hedgerow.simulate.description import Simulation

FILE = """
title = "two rules"
requests = 1000
[traffic]
load = 0.7
[upstream]
replicas = 4
latency = "exponential:10ms"
[[row]]
label = "none"
[[row]]
label = "hedged"
requests = 500
route.hedge = { delay = "30ms", budget = "5%" }
traffic.rate = "100"
"""


class TestFile:
    def test_without_rows_is_one_simulation(self) -> None:
        table = read_table({"requests": 7}, name="mine")
        assert [(row.label, row.simulation.requests) for row in table.rows] == [("mine", 7)]

    def test_with_rows_says_what_differs_in_each(self) -> None:
        table = read_table(tomllib.loads(FILE), name="mine")
        none, hedged = (row.simulation for row in table.rows)
        assert (table.name, table.title) == ("mine", "two rules")
        assert (none.requests, hedged.requests) == (1000, 500)
        assert hedged.route.hedge.budget == "5%"
        assert none.upstream == hedged.upstream

    def test_with_a_rate_in_a_row_takes_away_the_load(self) -> None:
        table = read_table(tomllib.loads(FILE), name="mine")
        assert [(r.simulation.traffic.load, r.simulation.traffic.rate) for r in table.rows] == [
            (0.7, None),
            (None, "100"),
        ]


class TestMistake:
    @pytest.mark.parametrize(
        ("data", "facts"),
        [
            ({"upstream": {"replica": 3}}, ("upstream.replica", "Did you mean replicas?")),
            ({"routes": {}}, ("routes", "Did you mean route?")),
            ({"route": {"hedge": {"dely": "1s"}}}, ("route.hedge.dely", "Did you mean delay?")),
            ({"xyz": 1}, ("xyz", "There are requests, warm_up")),
            ({"upstream": {"replicas": 0}}, ("upstream.replicas = 0", ">= 1")),
            ({"upstream": {"replicas": "few"}}, ("upstream.replicas = 'few'", "`int`")),
            ({"requests": 0}, ("requests = 0", ">= 1")),
            ({"traffic": 5}, ("traffic = 5", "Begin it with [traffic].")),
            ({"route": {"hedge": {"mode": "brust"}}}, ("route.hedge.mode = 'brust'",)),
        ],
    )
    def test_is_named_with_its_place(self, data: dict[str, Any], facts: tuple[str, ...]) -> None:
        with pytest.raises(ConfigError) as caught:
            read_simulation(data)
        assert all(fact in str(caught.value) for fact in facts), str(caught.value)

    def test_in_a_row_says_which(self) -> None:
        with pytest.raises(ConfigError, match=r"row 2\.upstream\.qeue"):
            read_table({"row": [{"label": "a"}, {"upstream": {"qeue": 1}}]}, name="x")

    def test_of_a_row_that_is_no_table(self) -> None:
        with pytest.raises(ConfigError, match=r"Begin each with \[\[row\]\]"):
            read_table({"row": "a"}, name="x")


class TestDefaults:
    def test_are_a_simulation_of_their_own(self) -> None:
        assert read_simulation({}) == Simulation()
